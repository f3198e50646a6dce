// The exact and the fast model give the same distributions: small samples here, larger ones in
// test/bench/exact_bench.cc. Seeds are fixed, so a pass is a pass everywhere.
#include "exact/agreement.h"

#include <gtest/gtest.h>

#include "exact/rehearsal.h"

namespace fb::exact {
namespace {

constexpr std::uint64_t kFastRuns = 1000;
// A pair that agrees fails one comparison in a thousand seeds.
constexpr double kLevel = .001;

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

// The test itself can tell a fleet of one budget from that of another.
TEST(Agreement, TellsScenariosApartThatDiffer) {
  Sample one, other;
  for (std::uint64_t run = 0; run < 100; ++run) {
    one.add(sim::play(bad(400, .1, rollout::Channel::silence), "hbp", sim::Chance(1, run)));
    other.add(sim::play(bad(400, .2, rollout::Channel::silence), "hbp", sim::Chance(7, run)));
  }
  EXPECT_GT(distance(one.halt, other.halt), allowed_distance(100, 100, kLevel));
}

TEST(Agreement, OfAGoodRelease) { expect_agreement(good(200), 6, Depth::thin); }
TEST(Agreement, OfAReleaseThatSilencesEveryMachine) {
  expect_agreement(bad(400, 1, rollout::Channel::silence), 16, Depth::thin);
}
TEST(Agreement, OfAReleaseThatSilencesOneMachineInTen) {
  expect_agreement(bad(400, .1, rollout::Channel::silence), 6, Depth::thin);
}
TEST(Agreement, OfAReleaseThatCrashesOneMachineInTen) {
  expect_agreement(bad(400, .1, rollout::Channel::explicit_failure), 6, Depth::thin);
}

}  // namespace
}  // namespace fb::exact
