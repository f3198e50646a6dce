// One run of the exact model: the known stories end as known, in both depths.
#include "exact/rehearsal.h"

#include <gtest/gtest.h>

namespace fb::exact {
namespace {

sim::Scenario small(std::int64_t devices) {
  sim::Scenario scenario = sim::plain_scenario(devices, 2, rollout::Lane::fast);
  scenario.horizon = hours(6);
  return scenario;
}

sim::Scenario broken(std::int64_t devices, rollout::Channel channel) {
  sim::Scenario scenario = small(devices);
  scenario.fault = sim::Fault{1.0, channel, {}, {}, 1};
  return scenario;
}

sim::Play played(const sim::Scenario& scenario, Depth depth, std::uint64_t run = 0) {
  const auto play = exact::play(scenario, sim::Chance(1, run), depth);
  EXPECT_TRUE(play.ok()) << play.error().detail;
  return play.ok() ? *play : sim::Play{};
}

class EveryDepth : public ::testing::TestWithParam<Depth> {};
INSTANTIATE_TEST_SUITE_P(Exact, EveryDepth, ::testing::Values(Depth::agents, Depth::thin),
                         [](const auto& depth) {
                           return depth.param == Depth::agents ? "Agents" : "Thin";
                         });

TEST_P(EveryDepth, AReleaseThatSilencesEveryMachineHarmsTheToeDipAndNobodyElse) {
  const sim::Play play = played(broken(400, rollout::Channel::silence), GetParam());
  EXPECT_TRUE(play.halted);
  EXPECT_EQ(play.harmed, play.exposed);
  EXPECT_LE(play.harmed, 8);
}

TEST_P(EveryDepth, AGoodReleaseReachesEverybodyAndHarmsNobody) {
  const sim::Play play = played(small(60), GetParam());
  EXPECT_FALSE(play.halted) << play.sentence;
  EXPECT_EQ(play.harmed, 0);
  EXPECT_GT(play.t100_minute, 0);
}

TEST_P(EveryDepth, MachinesThatRestartForItAreNotTakenForSilentOnes) {
  sim::Scenario scenario = small(60);
  scenario.horizon = hours(10);
  scenario.traits.reboot = minutes(5);
  scenario.parameters =
      with_times(scenario.parameters, {minutes(5), minutes(12), scenario.traits.reboot});
  const sim::Play good = played(scenario, GetParam());
  EXPECT_FALSE(good.halted) << good.sentence;
  EXPECT_GT(good.t100_minute, 0);
  scenario.fault = sim::Fault{1.0, rollout::Channel::silence, {}, {}, 1};
  EXPECT_LE(played(scenario, GetParam()).harmed, 6);
}

}  // namespace
}  // namespace fb::exact
