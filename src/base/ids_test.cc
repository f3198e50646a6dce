#include "base/ids.h"

#include <gtest/gtest.h>

#include <limits>

namespace fb {
namespace {

template <class Id>
void expect_accepted(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const auto id = Id::parse(text);
    ASSERT_TRUE(id.ok()) << id.error().detail;
    EXPECT_EQ(id->text(), text);
  }
}

template <class Id>
void expect_refused(const std::vector<std::string>& texts, std::string_view kind) {
  for (const std::string& text : texts) {
    const auto id = Id::parse(text);
    ASSERT_FALSE(id.ok()) << "'" << text << "'";
    EXPECT_EQ(id.error().code, ErrorCode::malformed);
    EXPECT_NE(id.error().detail.find(kind), std::string::npos) << id.error().detail;
  }
}

TEST(DeviceIds, AreThirtyTwoLowerCaseHexDigits) {
  expect_accepted<DeviceId>({std::string(32, '0'), "0123456789abcdef0123456789abcdef"});
  expect_refused<DeviceId>({"", std::string(31, '0'), std::string(33, '0'), std::string(32, 'g'),
                            std::string(32, 'A'), std::string(31, '0') + "/"},
                           "device id");
}

TEST(Tenants, AreShortLowerCaseWords) {
  expect_accepted<TenantId>({"a", "acme", "acme-2", std::string(40, 'a')});
  expect_refused<TenantId>({"", "2acme", "-acme", "Acme", "ac_me", "ac.me", "ac me", "../x",
                            std::string(41, 'a'), "acm\xc3\xa9", std::string("a\0b", 3)},
                           "tenant");
}

TEST(People, AreShortLowerCaseWords) {
  expect_accepted<PersonId>({"rita", "rita_k", "rita-2", std::string(40, 'r')});
  expect_refused<PersonId>({"", "Rita", "_rita", "rita.k", "rita/", std::string(41, 'r')},
                           "person");
}

TEST(Components, AreAProductAndAComponent) {
  expect_accepted<ComponentId>({"sensor.channel", "a.b", "a-1.b_2", std::string(40, 'p') + ".c"});
  expect_refused<ComponentId>({"", "sensor", "sensor.", ".channel", "sensor..channel", "a.b.c",
                               "Sensor.channel", "1sensor.channel", "sensor.*", "sensor/x.channel",
                               std::string(41, 'p') + ".c", "c." + std::string(41, 'p')},
                              "component");
}

TEST(RefusedIds, AreQuotedCutShort) {
  const auto id = TenantId::parse(std::string(5000, 'x'));
  ASSERT_FALSE(id.ok());
  EXPECT_LT(id.error().detail.size(), 200U);
}

TEST(RolloutIds, AreNeverDivisibleByTen) {
  for (const std::int64_t number : {1, 9, 11, 99, 2'147'483'647}) {
    const auto id = RolloutId::parse(number);
    ASSERT_TRUE(id.ok()) << id.error().detail;
    EXPECT_EQ(id->number(), number);
    EXPECT_EQ(id->text(), std::to_string(number));
  }
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{10}, std::int64_t{100},
        std::int64_t{2'147'483'640}, std::int64_t{2'147'483'648}, (std::int64_t{1} << 32U) + 1,
        std::numeric_limits<std::int64_t>::min()}) {
    const auto id = RolloutId::parse(number);
    ASSERT_FALSE(id.ok()) << number;
    EXPECT_NE(id.error().detail.find(std::to_string(number)), std::string::npos);
  }
}

TEST(RolloutIds, GrowByOneAndSkipTheTens) {
  EXPECT_EQ(RolloutId().next().number(), 1);
  EXPECT_EQ(RolloutId::parse(1)->next().number(), 2);
  EXPECT_EQ(RolloutId::parse(9)->next().number(), 11);
  EXPECT_EQ(RolloutId::parse(2'147'483'639)->next().number(), 2'147'483'641);
}

TEST(RolloutIds, EveryFollowingIdIsLegal) {
  RolloutId id;
  for (int i = 0; i < 1000; ++i) {
    id = id.next();
    ASSERT_TRUE(RolloutId::parse(id.number()).ok()) << id.number();
  }
  EXPECT_EQ(id.number(), 1111);
}

}  // namespace
}  // namespace fb
