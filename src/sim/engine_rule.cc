#include "sim/engine_rule.h"

#include <algorithm>

#include "base/check.h"

namespace fb::sim {

using rollout::Counted;

Result<std::unique_ptr<EngineRule>> EngineRule::start(const Scenario& scenario) {
  FB_ASSIGN(rollout::State state, rollout::draft(scenario.parameters, scenario.fleet.devices));
  std::unique_ptr<EngineRule> rule(new EngineRule(
      std::move(state),
      rollout::Lot(scenario.fleet.strata.size(), scenario.parameters.heartbeat, Instant{})));
  rule->apply(rollout::GateVerdict{rollout::GateVerdict::Verdict::open, {}});
  rule->apply(rollout::ApprovalsMet{"the scenario"});
  rollout::Start start;
  for (const FleetStratum& each : scenario.fleet.strata)
    start.strata.push_back({each.name, each.devices});
  rule->apply(start);
  return rule;
}

void EngineRule::took(const Permits& permits) {
  for (std::size_t s = 0; s < permits.inside.size(); ++s) {
    if (permits.inside[s] > 0) apply(rollout::Dispatched{s, Counted::inside, permits.inside[s]});
    if (permits.handed_back[s] > 0)
      apply(rollout::HandedBack{s, Counted::inside, permits.handed_back[s]});
  }
  if (permits.outside > 0) apply(rollout::Dispatched{0, Counted::outside, permits.outside});
}

void EngineRule::see(const Sight& sight) {
  now_ = Instant{} + sight.now;
  rollout::TickCounts counts = sight.counts;
  lot_.take(counts.strata);
  lot_.close(counts.strata, now_, counts.tally.control + counts.tally.exposed);
  counts.awaited = lot_.events();
  apply(rollout::Tick{std::move(counts), sight.remaining, sight.installs});
}

bool EngineRule::stuck() const { return state_.phase == rollout::Phase::held; }

Gauge EngineRule::gauge() const {
  const rollout::Population& served = state_.served();
  Gauge gauge{state_.evidence.global(), state_.bound(served.last_decision.binding), 1};
  for (const rollout::Pacing& pacing : served.pacing)
    gauge.lowest = std::min(gauge.lowest, pacing.lowest);
  return gauge;
}

// The simulation asks for nothing that the engine refuses; if it does, its figures mean nothing.
void EngineRule::apply(const rollout::Event& event) {
  auto next = rollout::step(std::move(state_), event, now_);
  FB_CHECK(next.ok());
  state_ = std::move(next->next);
}

}  // namespace fb::sim
