#include "rollout/order.h"

#include <algorithm>
#include <map>
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

std::map<std::uint32_t, int> heard_of(const std::vector<int>& sizes) {
  std::vector<Speaker> speakers;
  const Salt by = salt("000102030405060708090a0b0c0d0e0f");
  for (std::size_t tenant = 0; tenant < sizes.size(); ++tenant) {
    for (int i = 0; i < sizes[tenant]; ++i) {
      const int number = static_cast<int>(speakers.size());
      speakers.push_back({static_cast<std::uint32_t>(tenant), voice_lot(device(number), by)});
    }
  }
  const auto spoken = voices(speakers);
  std::map<std::uint32_t, int> heard;
  for (std::size_t i = 0; i < speakers.size(); ++i)
    heard[speakers[i].tenant] += spoken[i] == Voice::full ? 1 : 0;
  return heard;
}

TEST(Traps, OneTenantsForgedHealthCannotOutvoteTheOthers) {
  std::vector<int> sizes(19, 50);
  sizes.push_back(5'000);
  const auto heard = heard_of(sizes);
  int all = 0;
  for (const auto& [tenant, devices] : heard) all += devices;
  EXPECT_GE(heard.at(19), 60) << "the cap of a hundredth";
  EXPECT_LE(10 * heard.at(19), all) << "at most a tenth of the voices";
  for (std::uint32_t tenant = 0; tenant < 19; ++tenant) EXPECT_EQ(heard.at(tenant), 50);
}

TEST(Traps, AStratumThatNobodyHasHeardOfIsServedBeforeTheFleetIs) {
  const std::vector<Share> strata{{400, 5'000, 1'500, 9'000}, {5, 100, 0, 900}, {0, 40, 0, 90}};
  const auto places = unheard_first(405, 10, strata);
  EXPECT_EQ(places, (std::vector<std::int64_t>{395, 10, 0})) << "a toe-dip; the third is too small";
  std::vector<Share> early = strata;
  early[0].dispatched = 999;
  EXPECT_EQ(unheard_first(405, 10, early), (std::vector<std::int64_t>{400, 5, 0}));
  std::vector<Share> heard = strata;
  heard[1].dispatched = 1;
  EXPECT_EQ(unheard_first(405, 10, heard), (std::vector<std::int64_t>{400, 5, 0}));
  std::vector<Share> closed = strata;
  closed[1] = {0, 100, 0, 0};
  EXPECT_EQ(unheard_first(400, 10, closed), (std::vector<std::int64_t>{400, 0, 0}));
}

TEST(Voices, OfFewTenantsAreAllHeard) {
  EXPECT_EQ(heard_of({5, 500, 5, 5, 5, 5, 5, 5, 5}).at(1), 500) << "nine tenants";
  EXPECT_LT(heard_of({5, 500, 5, 5, 5, 5, 5, 5, 5, 5}).at(1), 500) << "ten";
}

TEST(Voices, OfTinyTenantsDoNotMuteALargeFleet) {
  std::vector<int> sizes(9, 1);
  sizes.push_back(991);
  EXPECT_EQ(heard_of(sizes).at(9), 10);
}

}  // namespace
}  // namespace fb::rollout
