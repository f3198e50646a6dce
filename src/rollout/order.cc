#include "rollout/order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"

namespace fb::rollout {
namespace {

constexpr std::string_view kDomain = "firebreak/order/1\n";
constexpr std::string_view kVoiceDomain = "firebreak/voice/1\n";
constexpr std::int64_t kChanceHadItsTurn = 1000;
constexpr std::int64_t kMostPlaces = 1'000'000'000;  // so that the products below fit 64 bits

std::uint64_t lot(std::string_view domain, const DeviceId& device, const Salt& salt) {
  const Digest digest = crypto::sha256(std::string(domain) + salt.hex() + "\n" + device.text());
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8U | digest.bytes[i];
  return head;
}

// The largest c with which nobody has more than a tenth when everybody has at most c.
std::size_t tenth(const std::vector<std::size_t>& sizes) {
  std::size_t all = 0;
  for (const std::size_t size : sizes) all += size;
  std::size_t fits = 0;
  std::size_t too_many = all / 10 + 1;
  while (too_many - fits > 1) {
    const std::size_t c = fits + (too_many - fits) / 2;
    std::size_t voices = 0;
    for (const std::size_t size : sizes) voices += std::min(size, c);
    (10 * c <= voices ? fits : too_many) = c;
  }
  return std::max(fits, (all + 99) / 100);
}

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

std::uint64_t rank(const DeviceId& device, const Salt& salt) { return lot(kDomain, device, salt); }

std::vector<std::int64_t> unheard_first(std::int64_t want, std::int64_t most,
                                        const std::vector<Share>& strata) {
  std::int64_t dispatched = 0;
  std::int64_t eligible = 0;
  std::vector<std::int64_t> places;
  for (const Share& each : strata) {
    if (each.eligible > 0) dispatched += each.dispatched;
    eligible += each.eligible;
    places.push_back(each.places);
  }
  if (dispatched < kChanceHadItsTurn) return places;
  std::int64_t left = want;
  std::vector<std::int64_t> rest = places;
  std::vector<std::int64_t> first(strata.size());
  for (std::size_t s = 0; s < strata.size(); ++s) {
    if (strata[s].dispatched > 0 || 100 * strata[s].eligible <= eligible) continue;
    first[s] = std::min({left, strata[s].ready, most});
    left -= first[s];
    rest[s] = std::max<std::int64_t>(0, places[s] - first[s]);
  }
  const auto others = apportion(left, rest);
  for (std::size_t s = 0; s < strata.size(); ++s) places[s] = first[s] + others[s];
  return places;
}

std::uint64_t voice_lot(const DeviceId& device, const Salt& salt) {
  return lot(kVoiceDomain, device, salt);
}

std::vector<Voice> voices(const std::vector<Speaker>& speakers) {
  std::vector<Voice> out(speakers.size(), Voice::full);
  std::map<std::uint32_t, std::vector<std::size_t>> by_tenant;
  for (std::size_t i = 0; i < speakers.size(); ++i) by_tenant[speakers[i].tenant].push_back(i);
  if (by_tenant.size() < kManyTenants) return out;
  std::vector<std::size_t> sizes;
  for (const auto& [tenant, members] : by_tenant) sizes.push_back(members.size());
  const std::size_t most = tenth(sizes);
  for (auto& [tenant, members] : by_tenant) {
    if (members.size() <= most) continue;
    std::sort(members.begin(), members.end(), [&speakers](std::size_t a, std::size_t b) {
      return speakers[a].lot < speakers[b].lot;
    });
    for (std::size_t i = most; i < members.size(); ++i) out[members[i]] = Voice::muted;
  }
  return out;
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
