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
  }
  FB_CHECK(false);
}

double State::bound(std::size_t horizon) const {
  return engine_hold ? pacing[horizon].bound : pacing[horizon].lowest;
}

bool State::permits_open() const {
  if (install_hold) return false;
  if (phase == Phase::running || phase == Phase::completed) return true;
  return phase == Phase::held && (held_by == HeldBy::engine || held_by == HeldBy::exhausted);
}

std::int64_t State::open_places() const {
  return permits_open() ? std::max<std::int64_t>(0, limit_dispatched - dispatched) : 0;
}

View view(const State& state) {
  const std::size_t binding = state.last_decision.binding;
  const bool started = !state.pacing.empty();
  return {.phase = state.phase,
          .held_by = state.held_by,
          .fleet_size = state.fleet_size,
          .exposed = state.dispatched,
          .limit = state.limit_dispatched,
          .healthy = state.tally.healthy,
          .harmed = state.tally.harmed,
          .harmed_explicit = state.tally.failed_explicit,
          .harmed_silent = state.tally.failed_silent,
          .remaining = state.remaining,
          .budget = state.parameters.budget(),
          .bound = started ? state.bound(binding) : 1.0,
          .cap = state.last_decision.soft_cap,
          .evidence = state.evidence.global(),
          .halt_at = state.parameters.halt_at(),
          .sentence = sentence(state)};
}

}  // namespace fb::rollout
