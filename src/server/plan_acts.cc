#include "server/plan_acts.h"

#include <map>
#include <tuple>

#include "base/check.h"

namespace fb::server {
namespace {

using statement::Act;
using statement::ActKind;

bool for_devices(const Act& act, const std::set<RolloutId>& lifted) {
  switch (act.kind) {
    case ActKind::approve:
    case ActKind::waive: return true;
    case ActKind::resume: return act.rollout && lifted.contains(*act.rollout);
    case ActKind::start:
    case ActKind::hold:
    case ActKind::go_on:
    case ActKind::accept:
    case ActKind::halt:
    case ActKind::revert: return false;
  }
  FB_CHECK(false);
}

}  // namespace

std::vector<statement::Envelope> acts_for_devices(const std::vector<statement::SignedAct>& acts,
                                                  const std::set<RolloutId>& lifted, Instant now) {
  using Said = std::tuple<ActKind, std::string, std::int32_t, PersonId>;
  std::map<Said, const statement::SignedAct*> longest;
  for (const auto& each : acts) {
    const Act& act = each.act;
    if (act.expires < now || !for_devices(act, lifted)) continue;
    const std::int32_t rollout = act.rollout ? act.rollout->number() : 0;
    auto& known = longest[{act.kind, act.gate, rollout, act.person}];
    if (known == nullptr || known->act.expires < act.expires) known = &each;
  }
  std::vector<statement::Envelope> out;
  for (const auto& [said, act] : longest) out.push_back(act->envelope);
  return out;
}

}  // namespace fb::server
