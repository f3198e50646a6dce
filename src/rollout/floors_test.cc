#include "rollout/floors.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rollout/plan.h"

namespace fb::rollout {
namespace {

using release::Kind;

std::vector<Road> every_road(Profile profile) {
  std::vector<Road> roads;
  for (const auto& [word, kind] : release::kind_words()) {
    for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
      if (check_lane(kind, lane).ok()) roads.push_back({kind, lane, profile});
    }
  }
  return roads;
}

std::string told(const Road& road, std::int64_t size) {
  return std::string(release::word(road.kind)) + " " + std::string(name(road.lane)) + " " +
         std::string(name(road.profile)) + " " + std::to_string(size);
}

std::string problem(const Road& road, const Parameters& p, std::int64_t size) {
  const Status status = check(road, p, size);
  return status.ok() ? "" : status.error().detail;
}

// As much at once as numbers allow: no control kept, no wait, every budget the whole fleet.
Parameters greedy(const Road& road, std::int64_t size) {
  Parameters p = defaults(road, size);
  p.toe_dip = std::max<std::int64_t>(1, size - 1);
  p.holdback = 0;
  p.min_wave = {};
  p.delta = {50'000};
  p.hard_factor = 10;
  for (Horizon& horizon : p.horizons) horizon.budget = 1'000'000'000;
  return p;
}

Plan planned(const Parameters& p, std::int64_t size) {
  auto plan = make_plan({p, {{{"all", size}}}});
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().detail);
  return plan.ok() ? *plan : Plan{};
}

TEST(Floors, AreAboveNobodysDefaults) {
  for (const Profile profile : {Profile::production, Profile::lab}) {
    for (const Road& road : every_road(profile)) {
      for (const std::int64_t size : {1, 2, 3, 10, 60, 500, 2'000, 60'000, 8'500'000})
        EXPECT_EQ(problem(road, defaults(road, size), size), "") << told(road, size);
    }
  }
}

TEST(Floors, RaiseTheDefaultsOfCoreToAWorkingDayAndOfNothingElse) {
  for (const Road& road : every_road(Profile::production)) {
    Parameters usual = defaults(road.profile, road.lane, 20'000);
    const Parameters raised = defaults(road, 20'000);
    if (road.kind == Kind::core && road.lane == Lane::standard) {
      EXPECT_EQ(raised.horizons.back().age, hours(8));
      usual.horizons.back().age = hours(8);
    }
    EXPECT_EQ(raised, usual) << told(road, 20'000);
  }
  const Road lab{Kind::core, Lane::standard, Profile::lab};
  EXPECT_EQ(defaults(lab, 60), defaults(Profile::lab, Lane::standard, 60));
}

TEST(Floors, TheFastLaneDoesNotCarryCore) {
  const Status refused = check_lane(Kind::core, Lane::fast);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  const Road lab{Kind::core, Lane::fast, Profile::lab};
  EXPECT_EQ(problem(lab, defaults(Profile::lab, Lane::fast, 60), 60), refused.error().detail);
}

TEST(Floors, RefuseWhatLiesBelowThemAndNameTheNearestLegalValue) {
  struct Row {
    Road road;
    std::int64_t size;
    void (*change)(Parameters&);
    const char* said;
  };
  const Road core{Kind::core, Lane::standard, Profile::production};
  const Road rules{Kind::content, Lane::standard, Profile::production};
  const Road quick{Kind::config, Lane::fast, Profile::production};
  const Road switches{Kind::flags, Lane::emergency, Profile::production};
  const Row rows[] = {
      {core, 60'000, [](Parameters& p) { p.horizons.back().age = hours(8) - milliseconds(1); },
       "horizons[2].age_ms = 28799999 is not allowed for core in the standard lane: the smallest "
       "legal one is 28800000 (8 h)"},
      {rules, 60'000, [](Parameters& p) { p.horizons.resize(2); },
       "horizons[1].age_ms = 3600000 is not allowed for content in the standard lane: the smallest "
       "legal one is 14400000 (4 h)"},
      {quick, 60'000, [](Parameters& p) { p.horizons.resize(1); },
       "horizons[0].age_ms = 900000 is not allowed for config in the fast lane: the smallest legal "
       "one is 3600000 (1 h)"},
      {switches, 60'000,
       [](Parameters& p) {
         p.heartbeat = seconds(1);
         p.silence = seconds(5);
         p.tick = seconds(1);
         p.horizons[0].age = seconds(6);
       },
       "horizons[0].age_ms = 6000 is not allowed for flags in the emergency lane: the smallest "
       "legal one is 900000 (15 min)"},
      {core, 60'000, [](Parameters& p) { p.toe_dip = 11; },
       "toe_dip = 11 is not allowed for core in the standard lane: the largest legal one for 60000 "
       "devices is 10"},
      {core, 60'000, [](Parameters& p) { p = with_budget(std::move(p), 60'000, 101); },
       "budget = 101 is not allowed for core in the standard lane: the largest legal one for 60000 "
       "devices is 100"},
      {rules, 5'000, [](Parameters& p) { p = with_budget(std::move(p), 5'000, 501); },
       "budget = 501 is not allowed for content in the standard lane: the largest legal one for "
       "5000 devices is 500"},
      {switches, 60'000, [](Parameters& p) { p = with_budget(std::move(p), 60'000, 1'001); },
       "budget = 5005 is not allowed for flags in the emergency lane: the largest legal one for "
       "60000 devices is 5000"},
      {rules, 2, [](Parameters& p) { p.toe_dip = 2; },
       "a rollout has at least two waves; the largest legal one for 2 devices is 1"},
  };
  for (const Row& row : rows) {
    Parameters p = defaults(row.road, row.size);
    row.change(p);
    EXPECT_NE(problem(row.road, p, row.size).find(row.said), std::string::npos)
        << problem(row.road, p, row.size);
  }
}

TEST(Floors, TakeWhatIsMoreCareful) {
  for (const Road& road : every_road(Profile::production)) {
    Parameters p = with_budget(defaults(road, 60'000), 60'000, 5);
    for (Horizon& horizon : p.horizons) horizon.age = horizon.age * 3;
    EXPECT_EQ(problem(road, p, 60'000), "") << told(road, 60'000);
  }
}

// The lab's door leads past times and budgets only.
TEST(Floors, OfTheLabAreTwoWavesTheToeDipAndTheLanes) {
  for (const Road& road : every_road(Profile::lab)) {
    Parameters p = defaults(road, 60);
    p.horizons.front().budget = p.horizons.back().budget = 60;
    EXPECT_EQ(problem(road, p, 60), "") << told(road, 60);
    p.toe_dip = 11;
    EXPECT_NE(problem(road, p, 60).find("toe_dip = 11"), std::string::npos) << told(road, 60);
    EXPECT_FALSE(check({road.kind, road.lane, Profile::production}, defaults(road, 60), 60).ok());
  }
}

TEST(Traps, NoPlanHasASingleWaveForAnyKindAndLane) {
  std::map<std::pair<std::int64_t, std::string>, Plan> plans;
  for (const Profile profile : {Profile::production, Profile::lab}) {
    for (const Road& road : every_road(profile)) {
      for (const std::int64_t size : {2, 3, 10, 50, 500}) {
        if (profile == Profile::lab && size > 10) continue;  // a tick of 100 ms, again and again
        for (const Parameters& p : {defaults(road, size), greedy(road, size)}) {
          auto& plan = plans[{size, json::compact(encode(p))}];  // kinds alike are planned once
          if (plan.waves.empty()) plan = planned(p, size);
          EXPECT_GE(std::ssize(plan.waves), kLeastWaves) << told(road, size);
          ASSERT_FALSE(plan.waves.empty());
          EXPECT_LT(plan.waves.front().devices, size) << told(road, size);
        }
        Parameters all = greedy(road, size);
        all.toe_dip = size;
        EXPECT_FALSE(check(road, all, size).ok()) << told(road, size);
        EXPECT_FALSE(draft(all, size).ok()) << told(road, size);
      }
    }
  }
}

TEST(Traps, NeverThreeOfFourMachinesAtOnce) {
  for (const Profile profile : {Profile::production, Profile::lab}) {
    for (const Road& road : every_road(profile)) {
      for (std::int64_t size = 2; size <= 20; ++size) {
        Parameters p = defaults(road, size);
        EXPECT_LE(2 * p.toe_dip, size) << told(road, size);
        p.toe_dip = size / 2 + 1;
        EXPECT_FALSE(check(road, p, size).ok()) << told(road, size);
      }
    }
  }
  for (const Wave& wave : planned(defaults(Road{}, 4), 4).waves) EXPECT_LE(wave.devices, 2);
}

// So it is the one to offer to somebody who wants everything at once.
TEST(Floors, NoLaneIsFasterThanTheEmergencyLane) {
  for (const std::int64_t size : {2, 3, 10, 60, 500, 20'000}) {
    const auto everybody = [&](const Road& road) {
      return planned(defaults(road, size), size).everybody;
    };
    const auto emergency = everybody({Kind::content, Lane::emergency, Profile::production});
    ASSERT_TRUE(emergency) << size;
    for (const Lane lane : {Lane::standard, Lane::fast}) {
      const auto other = everybody({Kind::content, lane, Profile::production});
      EXPECT_TRUE(!other || *emergency <= *other) << name(lane) << " " << size;
    }
  }
}

// It cannot be divided, and somebody must be able to update it: gates, approvals, trial and
// probation hold, and its one wave is what every rollout begins with.
TEST(Floors, AFleetOfOneDeviceHasOneLawfulWave) {
  for (const Road& road : every_road(Profile::production)) {
    const Plan plan = planned(defaults(road, 1), 1);
    ASSERT_EQ(plan.waves.size(), 1U) << told(road, 1);
    EXPECT_EQ(plan.waves.front().devices, 1);
  }
}

}  // namespace
}  // namespace fb::rollout
