#include "exact/device.h"

namespace fb::exact {

policy::Policy closed_until(Instant window) {
  policy::Policy policy;
  policy.tenant = Vendor::tenant();
  policy.version = 1;
  policy::Rule rule;
  rule.id = "window";
  rule.component = "*";
  rule.freeze = policy::Freeze{parse_rfc3339("2020-01-01T00:00:00Z").value(), window};
  policy.rules.push_back(std::move(rule));
  return policy;
}

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
