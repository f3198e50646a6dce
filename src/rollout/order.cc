#include "rollout/order.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"

namespace fb::rollout {
namespace {

constexpr std::string_view kDomain = "firebreak/order/1\n";
constexpr std::int64_t kMostPlaces = 1'000'000'000;  // so that the products below fit 64 bits

}  // namespace

Result<Salt> Salt::from_hex(std::string_view hex) {
  FB_ASSIGN(const std::string raw, fb::from_hex(hex));
  Salt salt;
  if (raw.size() != salt.bytes.size()) {
    return Error{ErrorCode::malformed,
                 "a salt has 32 hex digits, not " + std::to_string(hex.size())};
  }
  std::copy(raw.begin(), raw.end(), salt.bytes.begin());
  return salt;
}

std::string Salt::hex() const {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::uint64_t rank(const DeviceId& device, const Salt& salt) {
  const Digest digest = crypto::sha256(std::string(kDomain) + salt.hex() + "\n" + device.text());
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8U | digest.bytes[i];
  return head;
}

std::vector<std::int64_t> apportion(std::int64_t want, const std::vector<std::int64_t>& remaining) {
  const std::int64_t all = std::accumulate(remaining.begin(), remaining.end(), std::int64_t{0});
  FB_CHECK(all <= kMostPlaces);
  std::vector<std::int64_t> places(remaining.size(), 0);
  const std::int64_t give = std::clamp<std::int64_t>(want, 0, all);
  if (give == 0) return places;
  for (std::size_t s = 0; s < places.size(); ++s) places[s] = give * remaining[s] / all;
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return give * remaining[a] % all > give * remaining[b] % all;
  });
  std::int64_t left = give - std::accumulate(places.begin(), places.end(), std::int64_t{0});
  for (std::size_t i = 0; left > 0; ++i, --left) ++places[order[i]];
  return places;
}

}  // namespace fb::rollout
