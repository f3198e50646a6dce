// What tests of step() share: a rollout of 1,000 devices in two strata, and ticks for it.
#pragma once

#include <gtest/gtest.h>

#include "rollout/step.h"

namespace fb::rollout {

inline constexpr std::int64_t kFleet = 1'000;
inline constexpr Instant kNow{1'700'000'000'000};

inline Parameters parameters() {
  return with_budget(defaults(Profile::production, Lane::standard, kFleet), kFleet, 30);
}

inline State after(State state, const Event& event) {
  auto next = step(std::move(state), event, kNow);
  EXPECT_TRUE(next.ok()) << next.error().detail;
  return next.ok() ? std::move(next->next) : State{};
}

inline State running() {
  State state = draft(parameters(), kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada and grace"});
  return after(state, Start{{{"linux", 600}, {"windows", 400}}});
}

inline Tick quiet(const State& state) {
  Tick tick;
  tick.counts.strata.resize(2);
  tick.counts.resolved.fill(0);
  tick.counts.tally.exposed = state.dispatched();
  tick.counts.tally.control = kFleet - state.dispatched();
  tick.remaining = kFleet - state.dispatched();
  return tick;
}

inline Tick resolved(const State& state) {
  Tick tick = quiet(state);
  tick.counts.resolved.fill(state.dispatched());
  return tick;
}

inline Tick harmful(const State& state, std::int64_t events) {
  Tick tick = quiet(state);
  ChannelCounts& silence = tick.counts.strata[0].channel[1];
  silence.at_risk[0] = std::max<std::int64_t>(events, state.dispatched());
  silence.events[0] = events;
  silence.at_risk_below.fill(silence.at_risk[0]);
  silence.bad_below.fill(events);
  silence.control = silence.control_for_bound = 500;
  tick.counts.tally.failed_silent = tick.counts.tally.harmed = events;
  return tick;
}

inline Tick frozen(const State& state) {
  Tick tick = quiet(state);
  tick.counts.frozen = true;
  return tick;
}

inline State dispatched(State state, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) state = after(std::move(state), Dispatched{0});
  return state;
}

inline State toe_dip() {
  const State state = running();
  return dispatched(after(state, quiet(state)), 10);
}

template <class E>
int count(const std::vector<Effect>& effects) {
  int found = 0;
  for (const Effect& effect : effects) found += std::holds_alternative<E>(effect.what) ? 1 : 0;
  return found;
}

}  // namespace fb::rollout
