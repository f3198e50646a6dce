#include "rollout/plan.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

Plan planned(Profile profile, Lane lane, std::int64_t size) {
  auto plan = make_plan({defaults(profile, lane, size), {{{"linux", size}}}});
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().detail);
  return plan.ok() ? *plan : Plan{};
}

TEST(Plan, OfTwentyThousandMachinesFinishesInTimeWhenNothingGoesWrong) {
  const Plan fast = planned(Profile::production, Lane::fast, 20'000);
  ASSERT_TRUE(fast.everybody && fast.finish);
  EXPECT_EQ(fast.waves.front().devices, 10);
  EXPECT_EQ(fast.waves.back().total, 20'000);
  EXPECT_LE(*fast.everybody, minutes(150));
  const Plan standard = planned(Profile::production, Lane::standard, 20'000);
  ASSERT_TRUE(standard.everybody);
  EXPECT_LE(*standard.everybody, minutes(345));
  EXPECT_GT(*standard.everybody, *fast.everybody);
}

TEST(Plan, AFaultAtOnceReachesTheToeDipAndALateOneEverybody) {
  const Plan plan = planned(Profile::production, Lane::standard, 20'000);
  ASSERT_EQ(plan.worst.size(), 5U);
  EXPECT_EQ(plan.worst[0].devices, 10);
  ASSERT_TRUE(plan.worst[0].halted);
  EXPECT_LE(*plan.worst[0].halted, minutes(16));
  for (std::size_t i = 1; i < plan.worst.size(); ++i)
    EXPECT_GE(plan.worst[i].devices, plan.worst[i - 1].devices);
  EXPECT_EQ(plan.worst[4].devices, 20'000) << "a day later everybody has it";
  EXPECT_FALSE(plan.worst[4].halted);
}

TEST(Plan, StandardReachesFourHoursAndFastMoreThanOne) {
  EXPECT_GE(planned(Profile::production, Lane::standard, 20'000).reach, hours(4));
  const Plan fast = planned(Profile::production, Lane::fast, 20'000);
  EXPECT_GE(fast.reach, minutes(60));
  EXPECT_LE(fast.reach, minutes(150));
}

Plan in_ten_strata(std::int64_t size) {
  Start start;
  for (int i = 0; i < 10; ++i) start.strata.push_back({"s" + std::to_string(i), size / 10});
  auto plan = make_plan({defaults(Profile::production, Lane::standard, size), start});
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().detail);
  return plan.ok() ? *plan : Plan{};
}

// Twelve minutes until silence is known, and a lot: of a minute, or of a heartbeat.
TEST(Plan, AFaultIsFoundWhenItsLotEnds) {
  const Plan large = in_ten_strata(5'000);
  const Plan small = in_ten_strata(4'990);
  ASSERT_TRUE(large.worst[0].halted && small.worst[0].halted);
  EXPECT_EQ(*small.worst[0].halted - *large.worst[0].halted, minutes(4));
  ASSERT_TRUE(large.reach && small.reach);
  EXPECT_LT(*small.reach, *large.reach);
}

// The first horizon passes before the lot ends: the next wave does not go out into it.
TEST(Plan, HarmThatWaitsForItsLotHoldsTheNextWave) {
  const Plan small = in_ten_strata(4'990);
  ASSERT_TRUE(small.worst[0].halted);
  EXPECT_GT(*small.worst[0].halted, minutes(15));
  EXPECT_EQ(small.worst[0].devices, small.waves.front().devices);
}

// What it says of its reach is what its table says.
TEST(Plan, TheReachOfASmallFleetIsNotOverstated) {
  for (std::int64_t size = 2; size <= 60; ++size) {
    for (const Lane lane : {Lane::standard, Lane::fast}) {
      const Plan plan = planned(Profile::production, lane, size);
      for (const Exposed& each : plan.worst) {
        const bool within_reach = plan.reach && each.fault_shows <= *plan.reach;
        EXPECT_TRUE(!within_reach || (each.halted && each.devices < size)) << size;
        if (each.fault_shows.ms == 0) {
          EXPECT_EQ(plan.reach.has_value(), each.halted.has_value()) << size;
          EXPECT_LT(each.devices, size) << "somebody is always spared";
        }
      }
    }
  }
}

TEST(Plan, CountsRingsOneAfterAnother) {
  Parameters small = defaults(Profile::lab, Lane::standard, 100);
  small.holdback = 0;
  const Parameters large = defaults(Profile::lab, Lane::standard, 1'000);
  const Scope scope{
      large,
      {{{"linux", 100, 0}, {"linux", 1'000, 1}}, {{"canary", small, {}}, {"broad", large, {}}}}};
  const auto read = decode_scope(encode(scope));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  const auto plan = make_plan(*read);
  ASSERT_TRUE(plan.ok()) << plan.error().detail;
  bool broad = false;
  for (const Wave& wave : plan->waves) {
    if (wave.population == "broad" && !broad) {
      EXPECT_EQ(wave.total - wave.devices, 100);
    }
    broad = broad || wave.population == "broad";
    EXPECT_EQ(wave.population, broad ? "broad" : "canary");
  }
  EXPECT_TRUE(plan->finish);
}

TEST(Traps, EverythingAtOnceIsAnsweredWithTheFastestLawfulPlan) {
  const Plan plan = planned(Profile::production, Lane::emergency, 20'000);
  ASSERT_TRUE(plan.everybody);
  EXPECT_EQ(fastest(plan), "all 20,000 in " + in_words(*plan.everybody) +
                               " by the emergency lane; needs 2 approvals");
}

TEST(Plan, TheJsonHasEveryNumber) {
  const json::Value value = encode(planned(Profile::lab, Lane::fast, 60));
  EXPECT_EQ(value["devices"], 60);
  EXPECT_EQ(value["waves"].back()["total"], 60);
  EXPECT_EQ(value["worst"].size(), 5U);
  EXPECT_EQ(value["strata"][0]["name"], "linux");
}

}  // namespace
}  // namespace fb::rollout
