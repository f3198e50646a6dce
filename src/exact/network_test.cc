// A rollout over lines that lose requests and answers.
//
// A device that got no answer tells the same again. Those who have the release have more to tell
// than the others: whatever repetition costs, it must not look like harm.
#include <gtest/gtest.h>

#include "exact/rehearsal.h"

namespace fb::exact {
namespace {

struct Network {
  const char* name;
  Losses losses;
  Telling telling;
};

sim::Scenario good(std::int64_t devices) {
  sim::Scenario scenario = sim::plain_scenario(devices, 2, rollout::Lane::fast);
  scenario.horizon = hours(6);
  return scenario;
}

std::unique_ptr<Rehearsal> prepared(const sim::Scenario& scenario, const sim::Chance& chance,
                                    const Network& network) {
  auto run = Rehearsal::prepare(scenario, chance, depth_for(scenario));
  EXPECT_TRUE(run.ok()) << run.error().detail;
  if (!run.ok()) return nullptr;
  (*run)->lose(network.losses);
  (*run)->tell(network.telling);
  return std::move(*run);
}

void expect_everybody_has_it(const sim::Scenario& scenario, const sim::Chance& chance,
                             const Network& network) {
  const auto run = prepared(scenario, chance, network);
  ASSERT_TRUE(run);
  while (run->step()) {
  }
  const sim::Play play = run->result();
  EXPECT_FALSE(play.halted) << play.sentence;
  EXPECT_GT(play.t100_minute, 0) << play.sentence;
}

class LostWords : public ::testing::TestWithParam<Network> {};
INSTANTIATE_TEST_SUITE_P(
    Networks, LostWords,
    ::testing::Values(Network{"RepliesToHastyDevices", {0, .05}, Telling::at_once},
                      Network{"RequestsOfHastyDevices", {.05, 0}, Telling::at_once},
                      // Who waits for the heartbeat to tell again is missed most easily.
                      Network{"RepliesToQuietDevices", {0, .2}, Telling::with_heartbeats}),
    [](const auto& network) { return network.param.name; });

TEST_P(LostWords, HaltNoGoodRelease) {
  for (std::uint64_t run = 0; run < 3; ++run) {
    SCOPED_TRACE(run);
    expect_everybody_has_it(good(1000), sim::Chance(1, run), GetParam());
  }
}

TEST(WholeAgents, GetAGoodReleaseOverLinesThatLoseThings) {
  sim::Scenario scenario = good(60);
  scenario.horizon = hours(12);
  expect_everybody_has_it(scenario, sim::Chance(1, 0),
                          {"both", {.05, .05}, Telling::with_heartbeats});
}

// Whether the server has heard of its devices is what tells the two apart.
TEST(Lines, LoseARequestBeforeTheServerHearsItAndAReplyAfterwards) {
  for (const bool heard : {false, true}) {
    const Losses losses = heard ? Losses{0, 1} : Losses{1, 0};
    sim::Scenario scenario = good(600);
    scenario.horizon = minutes(40);
    const auto run =
        prepared(scenario, sim::Chance(1, 0), {"everything", losses, Telling::with_heartbeats});
    ASSERT_TRUE(run);
    while (run->step()) {
    }
    EXPECT_EQ(run->result().exposed, 0);
    EXPECT_EQ(run->state().held_by == rollout::HeldBy::freeze, !heard) << run->result().sentence;
  }
}

}  // namespace
}  // namespace fb::exact
