#include "agent/mirrors.h"

#include <algorithm>

#include "crypto/sha256.h"

namespace fb::agent {
namespace {

constexpr Millis kFirstPause = minutes(10);
constexpr int kDoublings = 4;  // 160 minutes

// From half of it to all of it.
Millis spread(Millis pause, const std::string& seed) {
  const Digest hash = crypto::sha256("firebreak/mirror/1\n" + seed);
  const std::int64_t roll = hash.bytes[0] * 256 + hash.bytes[1];
  return {pause.ms / 2 + pause.ms / 2 * roll / 65536};
}

}  // namespace

Mirrors::Mirrors(const std::vector<std::string>& bases, std::string who) : who_(std::move(who)) {
  for (const std::string& base : bases) mirrors_.push_back({base, 0, {}});
}

std::vector<std::string> Mirrors::in_order(Uptime now) const {
  std::vector<std::string> out;
  for (const bool paused : {false, true}) {
    for (const Mirror& each : mirrors_) {
      if ((now < each.paused_until) == paused) out.push_back(each.base);
    }
  }
  return out;
}

void Mirrors::served(const std::string& base) {
  if (Mirror* mirror = find(base)) *mirror = {base, 0, {}};
}

void Mirrors::failed(const std::string& base, Uptime now) {
  Mirror* mirror = find(base);
  if (mirror == nullptr) return;
  const int doublings = std::min(mirror->failures, kDoublings);
  ++mirror->failures;
  const Millis pause = kFirstPause * (std::int64_t{1} << doublings);
  mirror->paused_until =
      now + spread(pause, who_ + "\n" + base + "\n" + std::to_string(mirror->failures));
}

void Mirrors::failed(const std::vector<MirrorFailure>& failures, Uptime now) {
  for (const MirrorFailure& each : failures) failed(each.base, now);
}

Mirrors::Mirror* Mirrors::find(const std::string& base) {
  const auto found = std::find_if(mirrors_.begin(), mirrors_.end(),
                                  [&](const Mirror& each) { return each.base == base; });
  return found == mirrors_.end() ? nullptr : &*found;
}

}  // namespace fb::agent
