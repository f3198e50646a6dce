#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "json/json.h"
#include "publisher/request.h"

namespace fb::publisher {
namespace {

// A core key is lost: a real request with one of its signatures.
std::string golden() {
  std::ifstream in(FB_SOURCE_DIR "/test/data/golden/request.json", std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(RequestGolden, SurvivesDecodingAndEncoding) {
  const auto request = decode_request(golden());
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_EQ(encode(*request), golden());
}

TEST(RequestGolden, CanBeExaminedYearsLaterForWhatItWas) {
  const auto request = decode_request(golden());
  ASSERT_TRUE(request.ok());
  const auto examined = examine(*request, "", *parse_rfc3339("2026-11-26T00:00:00Z"));
  ASSERT_TRUE(examined.ok()) << examined.error().detail;
  ASSERT_EQ(examined->roles.size(), 2U);
  EXPECT_EQ(examined->roles[0].role, "targets");
  EXPECT_EQ(examined->roles[0].demands.at(0).signed_by.size(), 1U);
  EXPECT_EQ(examined->roles[1].role, "core");
  EXPECT_TRUE(examined->roles[1].demands.at(0).signed_by.empty());
}

TEST(RequestGolden, RefusesUnknownAndMissingFields) {
  const auto whole = json::parse(golden());
  ASSERT_TRUE(whole.ok());
  json::Value more = *whole;
  more["surprise"] = 1;
  EXPECT_FALSE(decode_request(json::compact(more)).ok());
  for (auto it = whole->begin(); it != whole->end(); ++it) {
    json::Value without = *whole;
    without.erase(it.key());
    EXPECT_FALSE(decode_request(json::compact(without)).ok()) << it.key();
  }
}

}  // namespace
}  // namespace fb::publisher
