// What the simulation as a whole promises: reproducible, conserving, and the known stories end as
// known.
#include "sim/simulation.h"

#include <gtest/gtest.h>

namespace fb::sim {
namespace {

Summary result(const Scenario& scenario, const char* rule, std::int64_t runs,
               std::uint64_t seed = 1) {
  auto summary = simulate({scenario, rule, runs, seed});
  EXPECT_TRUE(summary.ok());
  return summary.ok() ? *summary : Summary{};
}

Scenario july() {
  Scenario scenario = plain_scenario(8'500'000, 50, rollout::Lane::fast);
  scenario.fault = Fault{1.0, rollout::Channel::silence, {}, {}, 1};
  return scenario;
}

TEST(Simulation, TheReplayOfJuly2024HarmsTheToeDipAndNobodyElse) {
  const Summary summary = result(july(), "hbp", 20);
  EXPECT_EQ(summary.harmed.median, 10);
  EXPECT_EQ(summary.harmed.max, 10);
  EXPECT_EQ(summary.halted, 1);
  EXPECT_LE(summary.halt_minute.p99, 16);
}

TEST(Simulation, EverybodyAtOnceHarmsEverybody) {
  const Summary summary = result(july(), "bigbang", 2);
  EXPECT_GT(summary.harmed.median, 8'450'000);  // the others died by themselves before they beat
  EXPECT_LE(summary.harmed.max, 8'500'000);
  EXPECT_EQ(summary.halted, 0);
}

TEST(Simulation, AGoodReleaseReachesEverybodyAndHarmsNobody) {
  const Summary summary = result(plain_scenario(60'000, 50, rollout::Lane::fast), "hbp", 5);
  EXPECT_EQ(summary.harmed.max, 0);
  EXPECT_EQ(summary.halted, 0);
  EXPECT_EQ(summary.exhausted, 0);
  EXPECT_GT(summary.t100.median, 60);
}

TEST(Simulation, EqualSeedsGiveEqualResultsAndOthersDoNot) {
  Scenario scenario = plain_scenario(60'000, 50, rollout::Lane::fast);
  scenario.fault = Fault{.01, rollout::Channel::silence, {}, {}, 1};
  const auto once = encode(result(scenario, "hbp", 10, 5));
  EXPECT_EQ(once, encode(result(scenario, "hbp", 10, 5)));
  EXPECT_NE(once, encode(result(scenario, "hbp", 10, 6)));
}

// The clock starts at the permit: who waits behind a closed window has not "survived" anything.
TEST(Simulation, DevicesBehindAClosedWindowAreNeitherClockedNorHarmed) {
  Scenario scenario = july();
  scenario.traits.deferred_share = .5;
  scenario.traits.deferred_until = hours(5);
  const Summary summary = result(scenario, "hbp", 10);
  EXPECT_EQ(summary.harmed.max, 10);
  EXPECT_EQ(summary.halted, 1);
}

TEST(Simulation, FailedInstallationsAreNotHarm) {
  Scenario scenario = plain_scenario(60'000, 50, rollout::Lane::fast);
  scenario.traits.install_error = .005;
  const Summary summary = result(scenario, "hbp", 10);
  EXPECT_EQ(summary.halted, 0);
  EXPECT_EQ(summary.exhausted, 0);
}

TEST(Simulation, ADeadFleetMovesNoCountBelowZero) {
  Scenario scenario = plain_scenario(500, 3, rollout::Lane::standard);
  scenario.fleet.background_silence_per_hour = .9;
  scenario.fleet.background_crash_per_hour = .5;
  const auto order = Order{scenario, "hbp", 20, 3};
  const auto summary = simulate(order, [](const Play& play) {
    EXPECT_GE(play.exposed, 0);
    EXPECT_LE(play.exposed, 500);
    EXPECT_EQ(play.harmed, 0);
  });
  EXPECT_TRUE(summary.ok());
}

TEST(Simulation, AnUnknownRuleIsRefusedWithTheNearOne) {
  const auto summary = simulate({july(), "bigbag", 1, 1});
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.error().detail.find("did you mean 'bigbang'?"), std::string::npos);
}

// The pacing promise, measured: the true excess is above the lowest bound in at most a share beta
// of the runs; with 200 runs, six are three standard deviations more than .01.
TEST(Simulation, TheBoundIsBelowTheTruthAtMostAsOftenAsPromised) {
  Scenario scenario = plain_scenario(60'000, 50, rollout::Lane::fast);
  scenario.fault = Fault{.03, rollout::Channel::silence, {}, {}, 1};
  int missed = 0;
  const auto summary = simulate({scenario, "hbp", 200, 11},
                                [&](const Play& play) { missed += play.lowest_bound < .03; });
  EXPECT_TRUE(summary.ok());
  EXPECT_LE(missed, 6);
}

TEST(Simulation, GoodReleasesInAnEveningShutdownAreNotHaltedAndNeedNobody) {
  for (const std::int64_t devices : {2'000, 60'000, 8'500'000}) {
    Scenario scenario = plain_scenario(devices, 50, rollout::Lane::fast);
    scenario.shocks = {Shock{rollout::Channel::silence, 5, minutes(60), minutes(120), 1, {}}};
    const Summary summary = result(scenario, "hbp", 10);
    EXPECT_EQ(summary.halted, 0) << devices;
    EXPECT_EQ(summary.exhausted, 0) << devices;
  }
}

// Both were halted at minute 74 when every device that lived was at risk of a crash: a wave tells
// of its crashes in step with its age, and the rate rose between its first and its last word in a
// bin.
TEST(Simulation, CrashesThatBecomeTwentyTimesAsFrequentHaltNoGoodRelease) {
  Scenario scenario = plain_scenario(8'500'000, 50, rollout::Lane::fast);
  scenario.shocks = {
      Shock{rollout::Channel::explicit_failure, 20, minutes(60), minutes(120), 1, {}}};
  for (const std::uint64_t run : {3U, 27U}) {
    const auto played = play(scenario, "hbp", Chance(1, run));
    ASSERT_TRUE(played.ok());
    EXPECT_FALSE(played->halted) << "run " << run << " at minute " << played->halt_minute;
  }
}

TEST(Simulation, QuantilesAreValuesThatWereSeen) {
  EXPECT_EQ(quantile({1, 2, 3, 4}, .5), 2);
  EXPECT_EQ(quantile({1, 2, 3, 4}, .99), 4);
  EXPECT_EQ(quantile({7}, .5), 7);
}

}  // namespace
}  // namespace fb::sim
