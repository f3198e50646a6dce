// Traps that other systems fell into, as far as the pure rule answers them; docs/traps.md has the
// whole table.
#include <gtest/gtest.h>

#include "rollout/floors.h"
#include "rollout/plan.h"
#include "rollout/step.h"

namespace fb::rollout {
namespace {

constexpr std::int64_t kFleet = 20'000;

State after(State state, const Event& event) {
  auto next = step(std::move(state), event, Instant{});
  EXPECT_TRUE(next.ok()) << next.error().detail;
  return next.ok() ? std::move(next->next) : State{};
}

State running() {
  State state = draft(defaults(Profile::production, Lane::fast, kFleet), kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"two people"});
  return after(state, Start{{{"linux", kFleet}}});
}

// Everybody who has it lived to the last horizon, and as many as may have it take it.
State grown(State state) {
  Tick tick;
  tick.counts.strata.resize(1);
  tick.counts.resolved.fill(state.dispatched());
  tick.remaining = kFleet - state.dispatched();
  state = after(std::move(state), tick);
  return state.open_places() > 0 ? after(state, Dispatched{0, Counted::inside, state.open_places()})
                                 : state;
}

// Of the devices that have it, `fresh` are in their first bin, and `failed` of these crash.
Tick failing(const State& state, std::int64_t fresh, std::int64_t failed) {
  Tick tick;
  tick.counts.strata.resize(1);
  tick.remaining = kFleet - state.dispatched();
  ChannelCounts& crashes = tick.counts.strata[0].channel[0];
  crashes.at_risk[0] = fresh;
  crashes.events[0] = failed;
  crashes.at_risk_below.fill(fresh);
  crashes.bad_below.fill(failed);
  crashes.control = crashes.control_for_bound = tick.remaining;
  return tick;
}

TEST(Traps, TheBrakeWatchesEveryWaveAndNotOnlyTheFirstDevices) {
  State state = running();
  for (int wave = 0; wave < 3; ++wave) state = grown(std::move(state));
  ASSERT_GT(state.dispatched(), 1000) << "three clean waves";
  ASSERT_EQ(state.phase, Phase::running);
  EXPECT_EQ(after(state, failing(state, 1000, 20)).phase, Phase::halted);
}

TEST(Traps, FailuresAreHeldAgainstThoseThatHaveTheReleaseAndNotAgainstTheWholeWave) {
  State state = grown(grown(running()));
  Tick tick;
  tick.counts.strata.resize(1);
  tick.counts.resolved.fill(state.dispatched());
  tick.remaining = kFleet - state.dispatched();
  state = after(std::move(state), tick);
  const std::int64_t wave = state.open_places();
  ASSERT_GT(wave, 1000);
  // Four of the first eight of a wave of thousands: far below any percentage of it.
  state = after(state, Dispatched{0, Counted::inside, 8});
  EXPECT_EQ(after(state, failing(state, 8, 4)).phase, Phase::halted) << "a wave of " << wave;
}

TEST(Traps, ALimitThatCannotBeReadIsAnErrorAndNotNoLimit) {
  const json::Value good = encode(defaults(Profile::production, Lane::fast, kFleet));
  ASSERT_TRUE(decode_parameters(good).ok());
  for (const char* key : {"alpha_ppm", "hold_at", "install_failure_limit_ppm", "toe_dip"}) {
    for (const json::Value& unreadable : {json::Value("5 %"), json::Value(), json::Value(-1)}) {
      json::Value bad = good;
      bad[key] = unreadable;
      EXPECT_FALSE(decode_parameters(bad).ok()) << key << " " << json::compact(unreadable);
    }
  }
}

}  // namespace
}  // namespace fb::rollout
