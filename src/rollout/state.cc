#include "rollout/state.h"

#include <algorithm>

#include "base/check.h"

namespace fb::rollout {

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::draft: return "draft";
    case Phase::gated: return "gated";
    case Phase::approved: return "approved";
    case Phase::running: return "running";
    case Phase::held: return "held";
    case Phase::halted: return "halted";
    case Phase::reverting: return "reverting";
    case Phase::reverted: return "reverted";
    case Phase::completed: return "completed";
    case Phase::superseded: return "superseded";
  }
  FB_CHECK(false);
}

std::string_view name(HeldBy cause) {
  switch (cause) {
    case HeldBy::engine: return "engine";
    case HeldBy::person: return "operator";
    case HeldBy::freeze: return "freeze";
    case HeldBy::exhausted: return "exhausted";
    case HeldBy::tenant: return "tenant";
  }
  FB_CHECK(false);
}

bool Population::resolved() const {
  if (dispatched == 0 || remaining > 0) return false;
  return std::all_of(pacing.begin(), pacing.end(), [this](const Pacing& each) {
    return each.outcomes.resolved + outside >= dispatched;
  });
}

bool Population::broke_all() const {
  const std::int64_t early = pacing.front().outcomes.bad;
  return dispatched > 0 && early >= dispatched && (!accepted || early > accepted->bad);
}

bool Population::deserted(Millis active) const {
  return deserted_since && active - *deserted_since >= parameters.horizons.back().age;
}

bool State::welcomes_latecomers(std::size_t population) const {
  if (population >= open || !permits_open() || engine_hold) return false;
  return populations[population].dispatched > 0 || phase == Phase::completed;
}

std::int64_t State::dispatched() const {
  std::int64_t sum = 0;
  for (const Population& each : populations) sum += each.dispatched;
  return sum;
}

std::int64_t State::limit_dispatched() const {
  std::int64_t sum = 0;
  for (const Population& each : populations) sum += each.limit_dispatched;
  return sum;
}

std::int64_t State::remaining() const {
  if (!started()) return fleet_size;
  std::int64_t sum = 0;
  for (const Population& each : populations) sum += each.remaining;
  return sum;
}

double State::bound(std::size_t horizon) const {
  const Pacing& pacing = served().pacing[horizon];
  return engine_hold ? pacing.bound : std::min(pacing.lowest, pacing.with_loan);
}

bool State::permits_open() const {
  if (install_hold) return false;
  if (phase == Phase::running || phase == Phase::completed) return true;
  return phase == Phase::held && (held_by == HeldBy::engine || held_by == HeldBy::exhausted);
}

std::int64_t State::open_places() const {
  if (!started() || !permits_open()) return 0;
  return std::max<std::int64_t>(0, served().limit_dispatched - served().dispatched);
}

View view(const State& state) {
  View view{.phase = state.phase,
            .held_by = state.held_by,
            .population = {},
            .fleet_size = state.fleet_size,
            .exposed = state.dispatched(),
            .limit = state.limit_dispatched(),
            .healthy = state.tally.healthy,
            .harmed = state.tally.harmed,
            .harmed_explicit = state.tally.failed_explicit,
            .harmed_silent = state.tally.failed_silent,
            .remaining = state.remaining(),
            .budget = state.parameters.budget(),
            .bound = 1.0,
            .cap = 0,
            .evidence = state.evidence.global(),
            .halt_at = state.parameters.halt_at(),
            .sentence = sentence(state)};
  if (!state.started()) return view;
  const Population& served = state.served();
  view.population = served.name;
  view.budget = served.parameters.budget();
  view.bound = state.bound(served.last_decision.binding);
  view.cap = served.last_decision.soft_cap;
  return view;
}

}  // namespace fb::rollout
