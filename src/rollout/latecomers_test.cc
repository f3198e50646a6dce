#include "rollout/latecomers.h"

#include "rollout/stepping_test.h"

namespace fb::rollout {
namespace {

Parameters fast() { return defaults(Profile::production, Lane::fast, 10'000); }

// Fast: devices are old from one hour, bin 4.
std::vector<StratumCounts> tick(std::int64_t young_events, std::int64_t old_events) {
  std::vector<StratumCounts> counts(1);
  ChannelCounts& silence = counts[0].channel[1];
  silence.at_risk[3] = 20;
  silence.events[3] = young_events;
  silence.at_risk[4] = 400;
  silence.events[4] = old_events;
  silence.at_risk[kAgeBins - 1] = 600;
  return counts;
}

TEST(Latecomers, AreHeldAgainstDevicesThatHavePassedTheLastHorizon) {
  Latecomers late{.evidence = Evidence(1)};
  late.add(tick(0, 5), fast());
  EXPECT_EQ(late.bad, 0);
  EXPECT_DOUBLE_EQ(late.expected, 20 * 5.0 / 1'000);
  EXPECT_LT(late.evidence.global(), 1);
  for (int i = 0; i < 3; ++i) late.add(tick(3, 0), fast());
  EXPECT_EQ(late.bad, 9);
  EXPECT_GT(late.evidence.global(), 1'000);
}

TEST(Latecomers, AreComparedWithNobodyWhereNobodyIsOld) {
  Latecomers late{.evidence = Evidence(1)};
  auto counts = tick(3, 0);
  counts[0].channel[1].at_risk[4] = counts[0].channel[1].at_risk[kAgeBins - 1] = 0;
  late.add(counts, fast());
  EXPECT_EQ(late.bad, 0);
  EXPECT_DOUBLE_EQ(late.evidence.global(), 1);
}

TEST(Latecomers, BeyondTheLastBinAgesAreOne) {
  Parameters core = defaults(Profile::production, Lane::standard, 10'000);
  core.horizons.back().age = hours(8);
  Latecomers late{.evidence = Evidence(1)};
  auto counts = tick(0, 4);
  late.add(counts, core);
  EXPECT_DOUBLE_EQ(late.expected, 0) << "its events are of bin 4, which is young here";
  EXPECT_EQ(late.bad, 4);
}

// All but one machine, which was silent.
State completed_but_for_one(State state = toe_dip()) {
  for (int i = 0; i < 200 && state.phase != Phase::completed; ++i) {
    Tick tick = resolved(state);
    --tick.remaining;
    state = after(std::move(state), tick);
    state = dispatched(state, state.open_places());
    state.served().holdback_baked = true;
  }
  EXPECT_EQ(state.phase, Phase::completed);
  return state;
}

// Years of ordinary deaths are not held against what the others lost in four hours.
TEST(Completion, TheSentenceCountsHarmAndWhatIsExpectedOverTheSameAges) {
  Tick tick = resolved(toe_dip());
  tick.counts.strata[0].channel[0].bad_below = {0, 0, 2};
  State state = completed_but_for_one(after(toe_dip(), tick));
  tick = resolved(state);
  tick.counts.strata[0].channel[0].bad_below = {0, 0, 5};
  tick.counts.tally.harmed = tick.counts.tally.failed_explicit = 40;
  state = after(state, tick);
  EXPECT_NE(sentence(state).find("; 2 bad within 4 h against 0 expected from those that waited"),
            std::string::npos)
      << sentence(state);
  State old = state;
  old.populations[0].bad = {0, old.served().pacing.back().outcomes.bad};
  json::Value stored = encode(state);
  stored["populations"][0].erase("bad");
  EXPECT_TRUE(decode_state(stored).value() == old) << "of a server that did not tell them apart";
}

// A tick of a completed rollout: machines younger than the last horizon came late, and 1,000 have
// had it for long.
Tick with_latecomers(const State& state, std::int64_t bad) {
  Tick tick = resolved(state);
  ChannelCounts& silence = tick.counts.strata[0].channel[1];
  silence.at_risk[0] = 20;
  silence.events[0] = bad;
  silence.at_risk[kAgeBins - 1] = 1'000;
  return tick;
}

TEST(Latecomers, AreToldOfOnceAndNeverHold) {
  State state = completed_but_for_one();
  ASSERT_TRUE(state.latecomers);
  state = after(state, resolved(state));
  EXPECT_EQ(sentence(state).find("came later"), std::string::npos) << "nobody did";
  state = dispatched(std::move(state), 1);
  state = after(state, with_latecomers(state, 0));
  EXPECT_NE(sentence(state).find("of 1 machine that came later, 0 went bad against 0 expected from "
                                 "those that have had it for longer"),
            std::string::npos)
      << sentence(state);
  int told = 0;
  for (int i = 0; i < 5; ++i) {
    const auto next = step(state, with_latecomers(state, 3), kNow);
    ASSERT_TRUE(next.ok());
    for (const Effect& effect : next->effects) {
      const auto* notice = std::get_if<Notify>(&effect.what);
      if (notice != nullptr && notice->occasion == Occasion::latecomers) {
        ++told;
        EXPECT_EQ(notice->urgency, Notify::Urgency::tell);
      }
    }
    state = next->next;
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(state.phase, Phase::completed);
  EXPECT_LT(state.evidence.global(), 20) << "it is no evidence of the halt test";
  EXPECT_TRUE(decode_state(json::parse(json::compact(encode(state))).value()).value() == state);
}

}  // namespace
}  // namespace fb::rollout
