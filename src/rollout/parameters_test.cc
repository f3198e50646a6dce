#include "rollout/parameters.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

Parameters production(std::int64_t n, Lane lane = Lane::standard) {
  return defaults(Profile::production, lane, n);
}

std::string problem(const Parameters& p, std::int64_t n) {
  const Status status = check(p, n);
  return status.ok() ? "" : status.error().detail;
}

TEST(Parameters, TheDefaultsAreThoseOfTheSpecification) {
  const Parameters p = production(8'500'000);
  EXPECT_EQ(p.horizons,
            (std::vector<Horizon>{{minutes(15), 100}, {hours(1), 85'000}, {hours(4), 850'000}}));
  EXPECT_EQ(p.toe_dip, 10);
  EXPECT_EQ(p.holdback, 85'000);
  EXPECT_EQ(p.halt_at(), 1000);
  EXPECT_EQ(production(500).budget(), 20);
  EXPECT_EQ(production(500).beta, PerMillion{50'000});
  EXPECT_EQ(production(50).budget(), 2);
  EXPECT_EQ(production(2'000).holdback, 400);
  EXPECT_EQ(production(250'000).holdback, 2'500);
  EXPECT_EQ(production(60'000, Lane::fast).horizons,
            (std::vector<Horizon>{{minutes(15), 100}, {hours(1), 7'500}}));
}

TEST(Parameters, AllDefaultsAreLegalAndWithoutWarning) {
  for (const Profile profile : {Profile::production, Profile::lab}) {
    for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
      for (const std::int64_t n : {2, 10, 60, 500, 2'000, 10'000, 250'000, 8'500'000}) {
        const Parameters p = defaults(profile, lane, n);
        EXPECT_EQ(problem(p, n), "") << name(profile) << " " << name(lane) << " " << n;
        EXPECT_TRUE(n < 10 || warnings(p, n).empty()) << name(lane) << " " << n;
      }
    }
  }
}

TEST(Parameters, TheLabCountsInSeconds) {
  const Parameters p = with_budget(defaults(Profile::lab, Lane::standard, 60), 60, 30);
  EXPECT_EQ(p.heartbeat, seconds(1));
  EXPECT_EQ(p.silence, seconds(5));
  EXPECT_EQ(p.tick, milliseconds(100));
  EXPECT_EQ(p.horizons[0], (Horizon{seconds(6), 30}));
  EXPECT_EQ(p.horizons[1].age, seconds(8));
  EXPECT_EQ(p.toe_dip, 10);
  EXPECT_EQ(p.age_bin(), seconds(6));
  EXPECT_EQ(problem(p, 60), "");
  EXPECT_EQ(warnings(p, 60).size(), 1U);  // half of the fleet is not a small budget
}

TEST(Parameters, TheEmergencyLaneIsShorterNeverEmpty) {
  Parameters p = production(10'000, Lane::emergency);
  EXPECT_EQ(p.horizons, (std::vector<Horizon>{{minutes(15), 250}}));
  EXPECT_EQ(p.holdback, 0);
  EXPECT_EQ(p.alpha, production(10'000).alpha);
  EXPECT_EQ(p.toe_dip, production(10'000).toe_dip);
  p.horizons.push_back({hours(1), 500});
  EXPECT_NE(problem(p, 10'000).find("emergency"), std::string::npos);
}

TEST(Parameters, AHorizonTooShortForSilenceToShowIsRefusedWithTheSmallestLegalOne) {
  Parameters p = production(10'000);
  p.horizons[0].age = minutes(10);
  EXPECT_NE(problem(p, 10'000).find("smallest legal one is 900000"), std::string::npos)
      << problem(p, 10'000);
  p = production(10'000);
  p.reboot_allowance = minutes(5);
  EXPECT_NE(problem(p, 10'000).find("1200000"), std::string::npos) << problem(p, 10'000);
  p = with_times(p, {minutes(5), minutes(12), minutes(5)});
  EXPECT_EQ(p.horizons[0].age, minutes(20));
  EXPECT_EQ(problem(p, 10'000), "");
}

// In a longer one more can befall a machine than the others between two heartbeats: good releases
// would be halted.
TEST(Parameters, ARestartFitsBetweenTwoHeartbeats) {
  const auto p = [](Millis reboot) {
    return with_times(production(10'000), {minutes(5), minutes(12), reboot});
  };
  EXPECT_EQ(problem(p(minutes(5)), 10'000), "");
  EXPECT_NE(problem(p(minutes(5) + Millis{1}), 10'000)
                .find("the smallest legal heartbeat_ms for it is 300001"),
            std::string::npos);
}

TEST(Parameters, WhatWouldVoidAPromiseIsRefused) {
  struct Row {
    const char* word;
    void (*change)(Parameters&);
  };
  const std::vector<Row> rows = {
      {"alpha_ppm", [](Parameters& p) { p.alpha = {0}; }},
      {"alpha_ppm", [](Parameters& p) { p.alpha = {60'000}; }},
      {"beta_ppm", [](Parameters& p) { p.beta = {0}; }},
      {"rho0_ppm", [](Parameters& p) { p.rho0 = {999'999}; }},
      {"toe_dip", [](Parameters& p) { p.toe_dip = 100; }},
      {"toe_dip", [](Parameters& p) { p.toe_dip = 0; }},
      {"hard_factor", [](Parameters& p) { p.hard_factor = 0; }},
      {"number of horizons", [](Parameters& p) { p.horizons.clear(); }},
      {"horizons[1].age_ms", [](Parameters& p) { p.horizons[1].age = p.horizons[0].age; }},
      {"horizons[1].budget", [](Parameters& p) { p.horizons[1].budget = 1; }},
      {"silence_ms", [](Parameters& p) { p.silence = p.heartbeat; }},
      {"tick_ms", [](Parameters& p) { p.tick = hours(1); }},
      {"hold_at", [](Parameters& p) { p.hold_at = 1000; }},
      {"resume_below", [](Parameters& p) { p.resume_below = 1; }},
      {"holdback", [](Parameters& p) { p.holdback = 100; }},
  };
  for (const Row& row : rows) {
    Parameters p = production(100);
    row.change(p);
    EXPECT_NE(problem(p, 100).find(row.word), std::string::npos)
        << row.word << ": " << problem(p, 100);
  }
}

TEST(Parameters, ASlowFaultRaisesTheLastHorizonOnly) {
  const Parameters p = with_longest_fault(production(10'000), hours(9));
  EXPECT_EQ(p.horizons.back().age, hours(9));
  EXPECT_EQ(p.horizons[1].age, hours(1));
  EXPECT_EQ(with_longest_fault(production(10'000), hours(1)), production(10'000));
}

TEST(Parameters, ARetryHasHalfTheAlpha) {
  EXPECT_EQ(for_retry(production(10'000)).alpha, PerMillion{500});
  EXPECT_EQ(for_retry(production(10'000)).halt_at(), 2000);
}

TEST(Parameters, DecodingGivesBackWhatWasEncodedAndRefusesTheRest) {
  for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
    const Parameters p = production(10'000, lane);
    const auto again = decode_parameters(json::parse(json::canonical(encode(p))).value());
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(*again, p);
  }
  json::Value extra = encode(production(10'000));
  extra["alpha"] = 1;
  EXPECT_FALSE(decode_parameters(extra).ok());
  json::Value missing = encode(production(10'000));
  missing.erase("toe_dip");
  EXPECT_FALSE(decode_parameters(missing).ok());
  json::Value none = encode(production(10'000));
  none["horizons"] = json::Value::array();
  EXPECT_FALSE(decode_parameters(none).ok());
}

TEST(Parameters, LanesAreReadAsTheyAreWritten) {
  for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency})
    EXPECT_EQ(*parse_lane(name(lane)), lane);
  EXPECT_FALSE(parse_lane("express").ok());
}

}  // namespace
}  // namespace fb::rollout
