#include "statement/speed.h"

#include <gtest/gtest.h>

namespace fb::statement {
namespace {

const DeviceId kDevice = *DeviceId::parse("0123456789abcdef0123456789abcdef");

// Computed with another program: sha256sum and a calculator.
TEST(Cohorts, AreFixedByDigestAndDevice) {
  EXPECT_EQ(cohort(Digest{}, kDevice), 703'797);
  EXPECT_EQ(cohort(*Digest::from_hex(std::string(64, 'a')), kDevice), 984'779);
  EXPECT_EQ(cohort(Digest{}, *DeviceId::parse(std::string(32, '0'))), 185'792);
}

TEST(Cohorts, SpreadEvenlyOverTheMillion) {
  int tenths[10] = {};
  for (int i = 0; i < 10'000; ++i) {
    const std::string digits = std::to_string(100'000 + i);
    const auto place = cohort(Digest{}, *DeviceId::parse(std::string(26, 'a') + digits));
    ASSERT_GE(place, 0);
    ASSERT_LT(place, 1'000'000);
    ++tenths[place / 100'000];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

SpeedRule rule() { return {{}, {}, {{{0}, 10'000}, {minutes(15), 500'000}, {hours(4), 900'000}}}; }

TEST(Wait, IsTheFirstStepThatTakesTheCohort) {
  struct Row {
    std::int64_t cohort;
    std::optional<Millis> wait;
  };
  const Row rows[] = {{0, Millis{0}},          {9'999, Millis{0}},     {10'000, minutes(15)},
                      {499'999, minutes(15)},  {500'000, hours(4)},    {899'999, hours(4)},
                      {900'000, std::nullopt}, {999'999, std::nullopt}};
  for (const Row& row : rows) EXPECT_EQ(wait(rule(), row.cohort), row.wait) << row.cohort;
}

TEST(Wait, IsForeverWithoutSteps) { EXPECT_EQ(wait(SpeedRule{}, 0), std::nullopt); }

TEST(SpeedLimits, AreFoundByKindAndClass) {
  const SpeedLimits limits{{{release::Kind::core, release::Class::fix, {}}}};
  EXPECT_NE(limits.find(release::Kind::core, release::Class::fix), nullptr);
  EXPECT_EQ(limits.find(release::Kind::core, release::Class::feature), nullptr);
  EXPECT_EQ(limits.find(release::Kind::content, release::Class::fix), nullptr);
}

std::string problem(const SpeedLimits& limits) {
  const auto decoded = decode_limits(encode(limits));
  return decoded.ok() ? "" : decoded.error().detail;
}

TEST(SpeedLimits, SurviveTheRoundTrip) {
  const SpeedLimits limits{{rule(), {release::Kind::core, release::Class::emergency, {}}}};
  const auto again = decode_limits(encode(limits));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(limits));
}

TEST(SpeedLimits, GrowInBothTimeAndShare) {
  const auto with = [](std::vector<SpeedStep> steps) {
    return problem({{{release::Kind::content, release::Class::feature, std::move(steps)}}});
  };
  EXPECT_EQ(with({{{0}, 1}, {{1}, 2}}), "");
  const std::string refused = "limits.speed[0].steps: must grow in after_ms and per_million";
  EXPECT_EQ(with({{{1}, 1}, {{0}, 2}}), refused);
  EXPECT_EQ(with({{{0}, 2}, {{1}, 1}}), refused);
  EXPECT_EQ(with({{{0}, 1}, {{0}, 1}}), refused);
  EXPECT_EQ(with({{{0}, 1}, {{9}, 3}, {{5}, 4}}), refused);
}

TEST(SpeedLimits, AreNoneOnlyWhenEveryKindAndClassMayHaveEverybodyAtOnce) {
  SpeedLimits limits;
  for (const auto& [kind_word, kind] : release::kind_words()) {
    for (const auto& [class_word, cls] : release::class_words())
      limits.rules.push_back({kind, cls, {{{0}, 1'000'000}}});
  }
  EXPECT_TRUE(limits.unlimited());
  for (std::size_t i = 0; i < limits.rules.size(); ++i) {
    SpeedLimits one_less = limits;
    one_less.rules[i].steps = {{{0}, 999'999}, {{1}, 1'000'000}};
    EXPECT_FALSE(one_less.unlimited()) << i;
    one_less.rules.erase(one_less.rules.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(one_less.unlimited()) << i;
  }
  EXPECT_FALSE(SpeedLimits{}.unlimited());
}

TEST(SpeedLimits, RefuseMoreThanEverybodyAndLessThanNobody) {
  for (const std::int64_t share : {std::int64_t{-1}, std::int64_t{1'000'001}}) {
    EXPECT_NE(problem({{{{}, {}, {{{0}, share}}}}}), "") << share;
  }
  EXPECT_NE(problem({{{{}, {}, {{milliseconds(-1), 1}}}}}), "");
  EXPECT_NE(problem({{{{}, {}, {{days(366), 1}}}}}), "");
}

TEST(SpeedLimits, RefuseTwoRulesForOneKindAndClass) {
  EXPECT_EQ(problem({{rule(), rule()}}), "limits.speed[1].class: this kind and class stand twice");
}

}  // namespace
}  // namespace fb::statement
