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

}  // namespace fb::rollout
