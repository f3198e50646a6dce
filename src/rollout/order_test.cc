#include "rollout/order.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

Salt salt(const char* hex) { return Salt::from_hex(hex).value(); }

DeviceId device(int number) {
  std::string hex = std::to_string(number);
  return DeviceId::parse(std::string(32 - hex.size(), '0') + hex).value();
}

std::vector<int> order_of(const Salt& by) {
  std::vector<int> order(50);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return rank(device(a), by) < rank(device(b), by); });
  return order;
}

TEST(Order, ChanceDecidesNotTheDateOfCreation) {
  std::vector<int> by_creation(50);
  std::iota(by_creation.begin(), by_creation.end(), 0);
  EXPECT_NE(order_of(salt("000102030405060708090a0b0c0d0e0f")), by_creation);
  EXPECT_NE(order_of(salt("000102030405060708090a0b0c0d0e0f")),
            order_of(salt("100102030405060708090a0b0c0d0e0f")));
}

TEST(Order, ARetryWithTheSameSaltHurtsNobodyNew) {
  EXPECT_EQ(order_of(salt("000102030405060708090a0b0c0d0e0f")),
            order_of(salt("000102030405060708090a0b0c0d0e0f")));
}

TEST(Order, ASaltHasThirtyTwoHexDigits) {
  EXPECT_EQ(salt("000102030405060708090a0b0c0d0e0f").hex(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_FALSE(Salt::from_hex("0001").ok());
  EXPECT_FALSE(Salt::from_hex("zz0102030405060708090a0b0c0d0e0f").ok());
}

TEST(Order, PlacesAreInProportionToWhatRemains) {
  EXPECT_EQ(apportion(10, {500, 300, 200}), (std::vector<std::int64_t>{5, 3, 2}));
  EXPECT_EQ(apportion(1, {1, 1, 1}), (std::vector<std::int64_t>{1, 0, 0}));
  EXPECT_EQ(apportion(5, {0, 3, 0}), (std::vector<std::int64_t>{0, 3, 0}));
  EXPECT_EQ(apportion(3, {}), std::vector<std::int64_t>{});
  EXPECT_EQ(apportion(-1, {4}), std::vector<std::int64_t>{0});
}

TEST(Order, PlacesSumToWhatIsWantedAndNeverExceedAStratum) {
  const std::vector<std::int64_t> remaining = {7, 0, 1, 300, 41, 8'000'000};
  for (std::int64_t want = 0; want < 500; ++want) {
    const auto places = apportion(want, remaining);
    EXPECT_EQ(std::accumulate(places.begin(), places.end(), std::int64_t{0}), want);
    for (std::size_t s = 0; s < places.size(); ++s) EXPECT_LE(places[s], remaining[s]);
  }
}

}  // namespace
}  // namespace fb::rollout
