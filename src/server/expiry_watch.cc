#include "server/expiry_watch.h"

#include <algorithm>

namespace fb::server {
namespace {

// How long before the end each step is told, the widest first. Root, targets and core wait for
// people and safes; a pipeline signs content and flags within the day; the server renews the
// others itself at the latest at half of their life.
std::vector<Millis> steps(const std::string& role) {
  if (role == "timestamp") return {hours(12), hours(2)};
  if (role == "snapshot" || role == "rollouts") return {days(2), days(1)};
  if (role == "content" || role == "flags") return {days(7), days(3), days(1)};
  return {days(30), days(14), days(7), days(3), days(1)};
}

std::string sentence(const RoleExpiry& each, Instant now) {
  const bool over = now >= each.expires;
  std::string text = "the metadata of role " + each.role +
                     (over ? " EXPIRED at " : " expires at ") + to_rfc3339(each.expires) + "; ";
  const bool online =
      each.role == "timestamp" || each.role == "snapshot" || each.role == "rollouts";
  if (online) return text + "the server could not renew it: look at its log and its keys";
  return text + "devices take nothing new from it after that. Sign it anew: firebreak key renew " +
         each.role;
}

}  // namespace

void ExpiryWatch::look(const std::vector<RoleExpiry>& roles, Instant now) {
  for (const RoleExpiry& each : roles) {
    auto within = steps(each.role);
    within.push_back(milliseconds(0));  // it is over
    const auto nearest = std::find_if(within.rbegin(), within.rend(),
                                      [&](Millis step) { return now + step >= each.expires; });
    if (nearest == within.rend()) continue;
    const auto known = told_.find(each.role);
    const bool told = known != told_.end() && known->second.expires == each.expires &&
                      known->second.within <= *nearest;
    if (told) continue;
    told_[each.role] = {each.expires, *nearest};
    notices_.push_back({.event = now >= each.expires ? "expired" : "expiring",
                        .rollout = {},
                        .component = "trust." + each.role,
                        .version = "",
                        .reason = sentence(each, now),
                        .at = now});
  }
}

}  // namespace fb::server
