#include "sim/scenario.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace fb::sim {
namespace {

constexpr const char* kWhole = R"(
[fleet]
devices = 8500000
strata = 50
heartbeat_s = 300
background_crash_per_hour = 0.0005
background_silence_per_hour = 0.02
[[shock]]
channel = "silent"
factor = 5.0
from_min = 60
to_min = 120
[fault]
p = 1.0
channel = "explicit"
onset_min = 95
stratum = 7
[rollout]
profile = "fast"
[devices]
install_error = 0.005
deferred = { share = 0.5, by_min = 300 }
reboot_s = 300
[run]
horizon_h = 13
)";

TEST(Scenario, EveryKeyOfTheFormatIsRead) {
  const auto scenario = parse_scenario(kWhole);
  ASSERT_TRUE(scenario.ok()) << scenario.error().detail;
  EXPECT_EQ(scenario->fleet.devices, 8'500'000);
  EXPECT_EQ(scenario->fleet.strata.size(), 50U);
  EXPECT_EQ(scenario->fleet.strata[7].devices, 170'000);
  ASSERT_EQ(scenario->shocks.size(), 1U);
  EXPECT_EQ(scenario->shocks[0].channel, rollout::Channel::silence);
  EXPECT_EQ(scenario->shocks[0].to, minutes(120));
  ASSERT_TRUE(scenario->fault.has_value());
  EXPECT_EQ(scenario->fault->channel, rollout::Channel::explicit_failure);
  EXPECT_EQ(scenario->fault->onset, minutes(95));
  EXPECT_EQ(scenario->fault->stratum, 7U);
  EXPECT_EQ(scenario->parameters.lane, rollout::Lane::fast);
  EXPECT_EQ(scenario->traits.deferred_until, minutes(300));
  EXPECT_EQ(scenario->horizon, hours(13));
}

TEST(Scenario, ARebootIsAllowedForAndRaisesTheFirstHorizon) {
  const auto scenario = parse_scenario(kWhole);
  ASSERT_TRUE(scenario.ok());
  EXPECT_EQ(scenario->parameters.reboot_allowance, minutes(5));
  EXPECT_EQ(scenario->parameters.horizons.front().age, minutes(20));
}

TEST(Scenario, ASlowHeartbeatMovesTheSilenceDeadlineWithIt) {
  const auto scenario = parse_scenario("[fleet]\ndevices = 1000\nheartbeat_s = 900\n");
  ASSERT_TRUE(scenario.ok()) << scenario.error().detail;
  EXPECT_EQ(scenario->parameters.silence, minutes(36));
  EXPECT_EQ(scenario->parameters.horizons.front().age, minutes(45));
}

struct Mistake {
  const char* toml;
  const char* said;
};

TEST(Scenario, AMistakeIsNamedWithItsLineAndTheNearWord) {
  const std::vector<Mistake> mistakes = {
      {"[fleet]\ndevice = 5\n", "did you mean 'devices'?"},
      {"[fleet]\ndevices = 5000\n[fault]\nonset = 5\n", "line 4: fault.onset is not a known key"},
      {"[fleet]\ndevices = 5000\n[fault]\nchannel = \"silence\"\n", "did you mean 'silent'?"},
      {"[fleet]\ndevices = 5000\n[fault]\np = 1.5\n", "fault.p must be 0 to 1"},
      {"[fleet]\ndevices = 5000\n[fault]\nstratum = 1\n", "fault.stratum must be a whole number"},
      {"[flet]\ndevices = 5000\n", "did you mean 'fleet'?"},
      {"[run]\nhorizon_h = 5\n", "fleet.devices is missing"},
      {"[fleet]\ndevices = 5000\n[rolout]\n", "did you mean 'rollout'?"},
      {"[fleet]\ndevices = 5000\n[rollout]\ntoe_dipp = 3\n", "did you mean 'toe_dip'?"},
      {"[fleet]\ndevices = 5000\n[rollout]\ntoe_dip = 1000\nbudget = \"x\"\n",
       "must be a whole number"},
      {"[fleet]\ndevices = 5000\nheartbeat_s = 90\n", "multiple of 1 min"},
      {"[fleet]\ndevices = 5000\n[[rollout.horizons]]\nage_min = 5\nbudget = 20\n",
       "the smallest legal one is 900000"},
      {"[fleet]\ndevices = 5000\n[devices]\nreboot_s = 600\n[rollout]\nreboot_allowance_s = 0\n",
       "must be as long"},
      {"[fleet\n", "line 1"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto scenario = parse_scenario(mistake.toml);
    ASSERT_FALSE(scenario.ok()) << mistake.toml;
    EXPECT_NE(scenario.error().detail.find(mistake.said), std::string::npos)
        << scenario.error().detail;
    EXPECT_EQ(scenario.error().code, ErrorCode::bad_usage);
  }
}

TEST(Scenario, AKindThatIsNamedBringsItsFloors) {
  const std::string fleet = "[fleet]\ndevices = 60000\n[rollout]\n";
  const auto core = parse_scenario(fleet + "kind = \"core\"\n");
  ASSERT_TRUE(core.ok()) << core.error().detail;
  EXPECT_EQ(core->kind, release::Kind::core);
  EXPECT_EQ(core->parameters.horizons.back().age, hours(8));
  EXPECT_EQ(parse_scenario(fleet)->parameters.horizons.back().age, hours(4));
  EXPECT_TRUE(parse_scenario(fleet + "budget = 3000\n").ok()) << "no kind, no floor";
  for (const auto& [text, told] : std::map<std::string, std::string>{
           {"kind = \"core\"\nprofile = \"fast\"\n", "core goes by standard or emergency"},
           {"kind = \"content\"\nbudget = 3000\n",
            "the largest legal one for 60000 devices is 1000"},
           {"kind = \"flags\"\ntoe_dip = 50\n", "toe_dip = 50 is not allowed for flags"},
           {"kind = \"core\"\n[[rollout.horizons]]\nage_min = 60\nbudget = 100\n",
            "the smallest legal one is 28800000 (8 h)"}}) {
    const auto refused = parse_scenario(fleet + text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.error().detail.find(told), std::string::npos) << refused.error().detail;
  }
}

TEST(Scenario, NamedStrataShareTheFleet) {
  const auto scenario = parse_scenario(
      "[fleet]\ndevices = 1000\n[[fleet.stratum]]\nname = \"win\"\nshare = 3\nos = \"windows\"\n"
      "[[fleet.stratum]]\nname = \"mac\"\nshare = 1\n");
  ASSERT_TRUE(scenario.ok()) << scenario.error().detail;
  ASSERT_EQ(scenario->fleet.strata.size(), 2U);
  EXPECT_EQ(scenario->fleet.strata[0].name, "win");
  EXPECT_EQ(scenario->fleet.strata[0].devices, 750);
  EXPECT_EQ(scenario->fleet.strata[1].devices, 250);
}

}  // namespace
}  // namespace fb::sim
