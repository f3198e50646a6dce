// Property (12) of the rollout decision: the gates by simulation. decision_bench has every row with
// all its runs; here is what must hold in each test run.
#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace fb::sim {
namespace {

constexpr std::int64_t kRollouts = 10'000;

// Small and noisy: one machine in twenty crashes by itself in an hour, one in three falls silent;
// one look per heartbeat, so that ten thousand of them take seconds.
Scenario small_and_noisy() {
  Scenario scenario = plain_scenario(240, 2, rollout::Lane::fast);
  scenario.parameters.tick = scenario.parameters.heartbeat;
  scenario.fleet.background_crash_per_hour = .05;
  scenario.fleet.background_silence_per_hour = .3;
  scenario.shocks = {Shock{rollout::Channel::explicit_failure, 6, minutes(40), minutes(80), 1, {}}};
  scenario.horizon = hours(3);
  return scenario;
}

// Ville's inequality, level by level: of good releases at most one in x ever shows evidence of
// x : 1. With three standard deviations on top, as it is measured.
TEST(Gates, P12_TheEvidenceKeepsItsBoundInTenThousandGoodRollouts) {
  constexpr std::array<double, 6> kLevels = {2, 5, 10, 20, 100, 1000};
  const Scenario scenario = small_and_noisy();
  std::array<std::int64_t, kLevels.size()> reached{};
  std::int64_t exposed = 0;
  for (std::int64_t run = 0; run < kRollouts; ++run) {
    double most = 0;
    const auto played = play(scenario, "hbp", Chance(12, static_cast<std::uint64_t>(run)),
                             [&](const Moment& at) { most = std::max(most, at.gauge.evidence); });
    ASSERT_TRUE(played.ok());
    exposed += played->exposed;
    for (std::size_t i = 0; i < kLevels.size(); ++i) reached[i] += most >= kLevels[i] ? 1 : 0;
  }
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    const double expected = static_cast<double>(kRollouts) / kLevels[i];
    EXPECT_LE(static_cast<double>(reached[i]), expected + 3 * std::sqrt(expected))
        << kLevels[i] << " : 1, seed 12";
  }
  EXPECT_GT(reached[0], kRollouts / 100) << "no rollout saw anything: this tests nothing";
  EXPECT_GT(exposed, 20 * kRollouts);
}

TEST(Gates, P12_FaultsOfEveryKindMeetAHandfulOfMachines) {
  struct Row {
    const char* what;
    Fault fault;
    std::int64_t median, most;
  };
  using rollout::Channel;
  const std::vector<Row> rows = {
      {"silent, all", {1, Channel::silence, {}, {}, 1}, 10, 10},
      {"silent, one in ten", {.1, Channel::silence, {}, {}, 1}, 30, 110},
      {"crash, all", {1, Channel::explicit_failure, {}, {}, 1}, 10, 10},
      {"crash, one in a hundred", {.01, Channel::explicit_failure, {}, {}, 1}, 15, 80},
      {"silent after 95 min", {1, Channel::silence, minutes(95), {}, 1}, 15, 50}};
  for (const Row& row : rows) {
    Scenario scenario = plain_scenario(8'500'000, 50, rollout::Lane::standard);
    scenario.fault = row.fault;
    const auto summary = simulate({scenario, "hbp", 30, 12});
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->halted, 1) << row.what;
    EXPECT_LE(summary->harmed.median, row.median) << row.what;
    EXPECT_LE(summary->harmed.max, row.most) << row.what;
  }
}

}  // namespace
}  // namespace fb::sim
