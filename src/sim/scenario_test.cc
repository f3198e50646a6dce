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
       "line 4: rollout.horizons.age_min must be at least 15 min: silence would not have had time"},
      {"[fleet]\ndevices = 5000\n[devices]\nreboot_s = 301\n",
       "devices.reboot_s must be at most heartbeat_s = 300: a restart has to fit between two"},
      {"[fleet]\ndevices = 5000\n[rollout]\nreboot_allowance_s = 301\n",
       "rollout.reboot_allowance_s must be at most heartbeat_s = 300"},
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

TEST(Scenario, WhatWouldStrikeNothingIsRefused) {
  const std::string fleet = "[fleet]\ndevices = 5000\n";
  for (const auto& [text, told] : std::map<std::string, std::string>{
           {"[[shock]]\nfrom_min = 60\nto_min = 60\n",
            "line 5: shock.to_min must be after from_min"},
           {"[devices]\ndeferred = { share = 0.5 }\n",
            "line 4: devices.deferred.by_min must say when their window opens"},
           {"[devices]\ndeferred = { share = 0.5, by_min = 0 }\n", "devices.deferred.by_min must"},
           {"[[rollout.horizons]]\nage_min = 30\n",
            "line 3: rollout.horizons.budget is missing"}}) {
    const auto refused = parse_scenario(fleet + text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.error().detail.find(told), std::string::npos) << refused.error().detail;
  }
  EXPECT_TRUE(parse_scenario(fleet + "[devices]\ndeferred = { share = 0.0 }\n").ok());
}

TEST(Scenario, NanAndInfinityAreNoNumbers) {
  for (const std::string value : {"nan", "-nan", "inf", "-inf"}) {
    for (const std::string key :
         {"[[fleet.stratum]]\nshare", "[[shock]]\nfactor", "[[shock]]\nto_min", "[fault]\np",
          "[devices]\ninstall_error", "[rollout]\nalpha", "[rollout]\nholdback_bake_min",
          "[rollout]\nbudget", "[[rollout.horizons]]\nage_min", "[run]\nhorizon_h"}) {
      const auto refused = parse_scenario("[fleet]\ndevices = 5000\n" + key + " = " + value + "\n");
      ASSERT_FALSE(refused.ok()) << key << value;
      EXPECT_NE(refused.error().detail.find("line 4: "), std::string::npos)
          << refused.error().detail;
    }
  }
}

// A key of a scenario with the last values that are right, and the first ones that are wrong.
struct Range {
  const char* key;
  const char* least;
  const char* most;
  const char* too_little;
  const char* too_much;
};

TEST(Scenario, AValueOutOfRangeIsAnsweredWithTheKeyAndTheUnitThatWereWritten) {
  const std::string start = "[fleet]\ndevices = 100000\n";
  const auto parsed = [&start](const std::string& key, const std::string& value) {
    const bool of_fleet = key == "heartbeat_s";
    return parse_scenario(start + (of_fleet ? "" : "[rollout]\n") + key + " = " + value + "\n");
  };
  for (const Range& range :
       std::vector<Range>{{"heartbeat_s", "60", "172800", "0", "1296060"},
                          {"silence_s", "600", "86400", "599", "2592001"},
                          {"reboot_allowance_s", "0", "300", "-1", "301"},
                          {"alpha", "0.000001", "0.049", "0", "0.0501"},
                          {"beta", "0.000001", "0.1", "0", "0.101"},
                          {"delta", "0", "0.05", "-0.1", "0.051"},
                          {"rho0", "1", "2", "0.99", "2.01"},
                          {"hard_factor", "1", "10", "0", "11"},
                          {"probe_growth", "0.01", "1", "0.009", "1.01"},
                          {"min_wave", "0", "1", "-0.1", "1.1"},
                          {"toe_dip", "1", "1000", "0", "1001"},
                          {"hold_at", "10", "999", "9", "1000"},
                          {"resume_below", "2", "20", "1", "1000001"},
                          {"holdback", "0", "99999", "-1", "100000001"},
                          {"holdback_bake_min", "0", "43200", "-1", "43201"},
                          {"budget", "1", "100000000", "0", "100000001"},
                          {"longest_fault_delay_min", "0", "43200", "-1", "43201"},
                          {"install_failure_limit", "0", "1", "-0.1", "1.1"},
                          {"install_attempts", "1", "100000000", "0", "100000001"}}) {
    for (const char* right : {range.least, range.most}) {
      const auto scenario = parsed(range.key, right);
      EXPECT_TRUE(scenario.ok()) << range.key << " = " << right << ": " << scenario.error().detail;
    }
    for (const char* wrong : {range.too_little, range.too_much}) {
      const auto refused = parsed(range.key, wrong);
      ASSERT_FALSE(refused.ok()) << range.key << " = " << wrong;
      EXPECT_NE(refused.error().detail.find("." + std::string(range.key) + " "), std::string::npos)
          << refused.error().detail;
      EXPECT_EQ(refused.error().detail.find("line "), 0U) << refused.error().detail;
    }
  }
}

TEST(Scenario, NoAnswerSpeaksOfTheEnginesParameters) {
  const std::string start = "[fleet]\ndevices = 1000\n";
  for (const auto& [text, told] : std::map<std::string, std::string>{
           {"heartbeat_s = 1296000\n", "rollout.horizons are raised to 180 days for heartbeat_s"},
           {"[rollout]\nsilence_s = 2592000\n", "rollout.horizons are raised to "},
           {"[rollout]\nalpha = 0.05\n",
            "hold_at = 20 must be at least resume_below = 10 and below"},
           {"[rollout]\nresume_below = 30\n", "hold_at = 20 must be at least resume_below = 30"},
           {"[[rollout.horizons]]\nage_min = 15\nbudget = 9\n[[rollout.horizons]]\nage_min = 15\n"
            "budget = 10\n",
            "line 7: rollout.horizons.age_min must be more than 15 min, the one before"},
           {"[[rollout.horizons]]\nage_min = 15\nbudget = 9\n[[rollout.horizons]]\nage_min = 30\n"
            "budget = 8\n",
            "line 8: rollout.horizons.budget must be a whole number, 9 to"},
           {"[rollout]\nprofile = \"emergency\"\n[[rollout.horizons]]\nage_min = 15\nbudget = 9\n"
            "[[rollout.horizons]]\nage_min = 30\nbudget = 9\n",
            "rollout.horizons must be a list of tables, at most 1"}}) {
    const auto refused = parse_scenario(start + text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_NE(refused.error().detail.find(told), std::string::npos) << refused.error().detail;
    EXPECT_EQ(refused.error().detail.find("_ms"), std::string::npos) << refused.error().detail;
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
            "line 5: rollout.horizons must end with an age_min of at least 8 h for core in the "
            "standard "
            "lane"},
           {"kind = \"content\"\nsilence_s = 600\n[[rollout.horizons]]\nage_min = 14\nbudget = "
            "100\n",
            "must begin with an age_min of at least 15 min for content in the standard lane"}}) {
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
