// The exact and the fast model give the same distributions: small samples here, larger ones in
// test/bench/exact_bench.cc. Seeds are fixed, so a pass is a pass everywhere.
#include "exact/agreement.h"

#include <gtest/gtest.h>

#include "exact/rehearsal.h"

namespace fb::exact {
namespace {

constexpr std::uint64_t kFastRuns = 1000;
// A pair that agrees fails one comparison in a hundred seeds, at most.
constexpr double kLevel = .01;

struct Sample {
  std::vector<std::int64_t> harmed, exposed, t100, halt;

  void add(const Result<sim::Play>& play) {
    ASSERT_TRUE(play.ok()) << play.error().detail;
    harmed.push_back(play->harmed);
    exposed.push_back(play->exposed);
    t100.push_back(play->t100_minute);
    halt.push_back(play->halt_minute);
  }
};

void expect_agreement(const sim::Scenario& scenario, std::uint64_t runs, Depth depth) {
  Sample fast, exact;
  for (std::uint64_t run = 0; run < kFastRuns; ++run)
    fast.add(sim::play(scenario, "hbp", sim::Chance(1, run)));
  for (std::uint64_t run = 0; run < runs; ++run)
    exact.add(exact::play(scenario, sim::Chance(7, run), depth));
  const double most = allowed_distance(kFastRuns, runs, kLevel);
  EXPECT_LE(distance(fast.harmed, exact.harmed), most);
  EXPECT_LE(distance(fast.exposed, exact.exposed), most);
  EXPECT_LE(distance(fast.t100, exact.t100), most);
  EXPECT_LE(distance(fast.halt, exact.halt), most);
}

sim::Scenario good(std::int64_t devices) {
  sim::Scenario scenario = sim::plain_scenario(devices, 2, rollout::Lane::fast);
  scenario.horizon = hours(6);
  return scenario;
}

sim::Scenario bad(std::int64_t devices, double p, rollout::Channel channel) {
  sim::Scenario scenario = good(devices);
  scenario.fault = sim::Fault{p, channel, {}, {}, 1};
  return scenario;
}

TEST(Agreement, TheDistanceOfSamplesIsTheLargestBetweenTheirDistributionFunctions) {
  EXPECT_DOUBLE_EQ(distance({1, 2, 3}, {3, 2, 1}), 0);
  EXPECT_DOUBLE_EQ(distance({1, 1, 1}, {2, 2}), 1);
  EXPECT_DOUBLE_EQ(distance({1, 2, 3, 4}, {3, 4, 5, 6}), .5);
  EXPECT_NEAR(allowed_distance(100, 100, .05), .1921, 1e-4);  // 1.3581 sqrt(2 / 100)
}

// The comparison can tell scenarios apart with as few runs as the exact model is given here.
TEST(Agreement, TellsScenariosApartThatDiffer) {
  Sample one, other;
  for (std::uint64_t run = 0; run < kFastRuns; ++run)
    one.add(sim::play(bad(400, .1, rollout::Channel::silence), "hbp", sim::Chance(1, run)));
  for (std::uint64_t run = 0; run < 16; ++run)
    other.add(sim::play(bad(400, .5, rollout::Channel::silence), "hbp", sim::Chance(7, run)));
  EXPECT_GT(distance(one.harmed, other.harmed), allowed_distance(kFastRuns, 16, kLevel));
}

TEST(Agreement, OfAGoodRelease) { expect_agreement(good(200), 20, Depth::thin); }
TEST(Agreement, OfAReleaseThatSilencesEveryMachine) {
  expect_agreement(bad(400, 1, rollout::Channel::silence), 40, Depth::thin);
}
TEST(Agreement, OfAReleaseThatSilencesOneMachineInTen) {
  expect_agreement(bad(400, .1, rollout::Channel::silence), 16, Depth::thin);
}
TEST(Agreement, OfAReleaseThatCrashesOneMachineInTen) {
  expect_agreement(bad(400, .1, rollout::Channel::explicit_failure), 24, Depth::thin);
}

TEST(Agreement, OfAGoodReleaseInAShock) {
  sim::Scenario scenario = good(200);
  scenario.shocks = {
      sim::Shock{rollout::Channel::silence, 20, minutes(30), minutes(90), 1, Millis{}}};
  expect_agreement(scenario, 16, Depth::thin);
}

TEST(Agreement, OfAReleaseThatRestartsMachinesAndSilencesThemAll) {
  sim::Scenario scenario = bad(400, 1, rollout::Channel::silence);
  scenario.traits.reboot = minutes(5);
  scenario.parameters =
      with_times(scenario.parameters, {minutes(5), minutes(12), scenario.traits.reboot});
  expect_agreement(scenario, 40, Depth::thin);
}

}  // namespace
}  // namespace fb::exact
