// The models of other rules do what their documentation says they do, on the fleet of July 2024.
#include "sim/rivals.h"

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace fb::sim {
namespace {

Summary under(const std::string& rule, double p, rollout::Channel channel) {
  Scenario scenario = plain_scenario(8'500'000, 50, rollout::Lane::fast);
  if (p > 0) scenario.fault = Fault{p, channel, {}, {}, 1};
  auto summary = simulate({scenario, rule, 3, 1});
  EXPECT_TRUE(summary.ok()) << rule;
  return summary.ok() ? *summary : Summary{};
}

struct Row {
  const char* rule;
  std::int64_t least;
  std::int64_t most;
};

TEST(Rivals, ASilentFaultOfEverybodyGetsAsFarAsTheRuleLetsIt) {
  for (const Row& row : {Row{"bigbang", 8'400'000, 8'500'000}, Row{"argo", 3'000'000, 3'500'000},
                         Row{"flagger", 800'000, 850'000}, Row{"hawkbit10", 800'000, 850'000},
                         Row{"hawkbit", 8'400, 8'500}, Row{"kayenta", 84'000, 85'000},
                         Row{"ladder", 90, 100}, Row{"sprt", 7'000'000, 8'500'000}}) {
    const Summary summary = under(row.rule, 1, rollout::Channel::silence);
    EXPECT_GE(summary.harmed.median, row.least) << row.rule;
    EXPECT_LE(summary.harmed.median, row.most) << row.rule;
  }
}

// Trap: a device that never reports stays "proceeding" for ever and never counts as an error.
TEST(Rivals, HawkBitGroupsOfSilentDevicesRaiseNoAlarm) {
  const Summary summary = under("hawkbit10", 1, rollout::Channel::silence);
  EXPECT_EQ(summary.halted, 0);
  EXPECT_EQ(summary.exhausted, 1);
}

TEST(Rivals, ReportedFailuresOfEverybodyAreSeenByAllButBigBang) {
  for (const Rival& rival : rivals()) {
    if (rival.name == "bigbang") continue;
    const Summary summary = under(std::string(rival.name), 1, rollout::Channel::explicit_failure);
    EXPECT_EQ(summary.halted, 1) << rival.name;
  }
}

TEST(Rivals, AGoodReleaseInAQuietNightGetsThrough) {
  for (const Rival& rival : rivals()) {
    const Summary summary = under(std::string(rival.name), 0, rollout::Channel::silence);
    EXPECT_EQ(summary.exhausted, 0) << rival.name;
    EXPECT_LE(summary.t100.median, 300) << rival.name;
  }
}

}  // namespace
}  // namespace fb::sim
