// Order: who comes first. Lots drawn by a hash, so that nobody chose them and everybody can check
// them.
//
// The salt is drawn once, after the list of eligible devices is frozen, and then logged; a retry
// keeps it, so that it hurts nobody new.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "rollout/exposure.h"

namespace fb::rollout {

// 128 random bits as 32 hex digits.
struct Salt {
  std::array<std::uint8_t, 16> bytes{};

  static Result<Salt> from_hex(std::string_view hex);
  [[nodiscard]] std::string hex() const;
  friend bool operator==(const Salt&, const Salt&) = default;
};

// The first 8 bytes, big-endian, of SHA-256("firebreak/order/1\n" + salt hex + "\n" + device id).
// Lowest goes first.
std::uint64_t rank(const DeviceId& device, const Salt& salt);

// `want` places over strata in proportion to what remains in each (largest remainder; ties to the
// lower index). Never more than remains; sums to min(want, sum of remaining).
std::vector<std::int64_t> apportion(std::int64_t want, const std::vector<std::int64_t>& remaining);

// Shares of one wave with the strata first from which nobody was heard yet: each that is larger
// than a hundredth of the devices gets up to `most` (a toe-dip), the others share what is left.
// Beyond a thousand exposed devices only; before, chance has not had its turn.
struct Share {
  std::int64_t places = 0;  // as apportioned
  std::int64_t ready = 0;
  std::int64_t dispatched = 0;
  std::int64_t eligible = 0;  // 0: none of the population that is served
};
std::vector<std::int64_t> unheard_first(std::int64_t want, std::int64_t most,
                                        const std::vector<Share>& strata);

// Who is compared between arms. With ten tenants or more none has more than a tenth of the voices:
// its devices beyond that are muted by a hash that says nothing about when they are served, so that
// forged health of one customer cannot outvote the others. Muted devices still count in n and X.
// The cap never falls below one device in a hundred of the fleet: tiny tenants cannot mute
// everybody.
inline constexpr std::size_t kManyTenants = 10;
struct Speaker {
  std::uint32_t tenant = 0;  // dense
  std::uint64_t lot = 0;     // voice_lot()
};
std::uint64_t voice_lot(const DeviceId& device, const Salt& salt);
std::vector<Voice> voices(const std::vector<Speaker>& speakers);

}  // namespace fb::rollout
