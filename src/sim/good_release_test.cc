// Property (12) of the rollout decision, the other half of its gates: what must not happen to good
// releases, what devices that cannot take one yet are spared, and how often the bound may be wrong.
// decision_bench has every cell with all its runs.
#include <cmath>

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace fb::sim {
namespace {

using rollout::Channel;
using rollout::Lane;

struct Background {
  const char* what;
  std::vector<Shock> shocks;
};

std::vector<Background> backgrounds() {
  return {
      {"quiet", {}},
      {"an evening", {{Channel::silence, 5, minutes(60), minutes(120), 1, {}}}},
      {"a bad start", {{Channel::silence, 10, {}, minutes(60), 1, {}}}},
      {"a third of the strata", {{Channel::silence, 10, minutes(60), minutes(120), .3, {}}}},
      {"a broken backend", {{Channel::explicit_failure, 20, minutes(60), minutes(120), 1, {}}}}};
}

TEST(Gates, P12_GoodReleasesAreNeitherHaltedNorStuckAndReachEverybodyInTime) {
  struct Row {
    std::int64_t devices;
    Lane lane;
    std::int64_t minutes;  // until everybody has it when all is quiet
  };
  for (const Row& row : {Row{2'000, Lane::fast, 160}, Row{60'000, Lane::fast, 150},
                         Row{60'000, Lane::standard, 345}, Row{8'500'000, Lane::fast, 150}}) {
    for (const Background& around : backgrounds()) {
      Scenario scenario = plain_scenario(row.devices, 20, row.lane);
      scenario.shocks = around.shocks;
      const auto summary = simulate({scenario, "hbp", 6, 12});
      ASSERT_TRUE(summary.ok());
      EXPECT_EQ(summary->halted, 0) << row.devices << ", " << around.what;
      EXPECT_EQ(summary->exhausted, 0) << row.devices << ", " << around.what;
      if (around.shocks.empty()) {
        EXPECT_LE(summary->t100.median, row.minutes) << row.devices;
      }
    }
  }
}

TEST(Gates, P12_FailedInstallationsHaltNoGoodRelease) {
  Scenario scenario = plain_scenario(60'000, 20, Lane::fast);
  scenario.traits.install_error = .005;
  const auto summary = simulate({scenario, "hbp", 20, 12});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->halted, 0);
  EXPECT_EQ(summary->exhausted, 0);
}

// Clocks begin at the permit: devices that wait for their window have survived nothing.
TEST(Gates, P12_DevicesBehindAMaintenanceWindowAreNotHarmed) {
  Scenario scenario = plain_scenario(60'000, 20, Lane::fast);
  scenario.fault = Fault{1, Channel::silence, {}, {}, 1};
  scenario.traits.deferred_share = .5;
  scenario.traits.deferred_until = hours(5);
  const auto summary = simulate({scenario, "hbp", 20, 12});
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->halted, 1);
  EXPECT_LE(summary->harmed.max, 10);
}

// P(the bound is ever below the truth) <= beta for each horizon; with three standard deviations.
TEST(Gates, P12_TheBoundIsWrongNoMoreOftenThanItSays) {
  constexpr std::int64_t kRuns = 200;
  for (const double p : {.1, .01}) {
    Scenario scenario = plain_scenario(60'000, 20, Lane::fast);
    scenario.fault = Fault{p, Channel::explicit_failure, {}, {}, 1};
    std::int64_t wrong = 0;
    const auto summary = simulate({scenario, "hbp", kRuns, 12},
                                  [&](const Play& run) { wrong += run.lowest_bound < p ? 1 : 0; });
    ASSERT_TRUE(summary.ok());
    const double expected = scenario.parameters.beta.fraction() * 2 * kRuns;
    EXPECT_LE(static_cast<double>(wrong), expected + 3 * std::sqrt(expected)) << p;
  }
}

}  // namespace
}  // namespace fb::sim
