#include "exact/device.h"

namespace fb::exact {

std::optional<Instant> Device::strike() const {
  if (!fate_.doomed || !activated_) return std::nullopt;
  return *activated_ + fate_.onset;
}

bool Device::harmed_by(Instant then) const {
  const auto at = strike();
  if (!at || *at > then || *at >= died()) return false;
  return !left_ || *left_ >= *at;
}

bool Device::struck() const { return harmed_by(now()); }

bool Device::dead() const {
  return now() >= died() || (fate_.channel == rollout::Channel::silence && struck());
}

}  // namespace fb::exact
