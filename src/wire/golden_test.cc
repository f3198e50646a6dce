#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "wire/golden_samples_test.h"

namespace fb::golden {
namespace {

std::string file_text(const std::string& name) {
  std::ifstream in(std::string(FB_SOURCE_DIR) + "/test/data/golden/" + name, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class GoldenFile : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenFile, IsWhatOurEncoderSays) { EXPECT_EQ(GetParam().text, file_text(GetParam().file)); }

TEST_P(GoldenFile, SurvivesDecodingAndEncoding) {
  const std::string text = file_text(GetParam().file);
  const auto again = GetParam().again(text);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(*again, text);
}

// How late faults show is a number of milliseconds from 1 to 30 days, or is not said.
TEST(GoldenManifest, SaysClearlyWhatIsWrongWithItsLongestFaultDelay) {
  const std::string good = file_text("manifest-late.json");
  const std::string key = "\"longest_fault_delay_ms\"";
  const std::string line = key + ": 93600000";
  ASSERT_NE(good.find(line), std::string::npos);
  ASSERT_EQ(release::decode_manifest(good)->health.longest_fault_delay, hours(26));
  const std::string range =
      "manifest.health.longest_fault_delay_ms: an integer from 1 to 2592000000 is expected";
  const auto near = [](const std::string& name) {
    return "manifest.health." + name + ": unknown field; did you mean 'longest_fault_delay_ms'?";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {key + ": 93600000.5", range},
      {key + ": 93600000.0", range},
      {key + ": 9.36e7", range},
      {key + ": -93600000", range},
      {key + ": 0", range},
      {key + ": 2592000001", range},
      {key + ": 18446744073709551616", range},
      {key + ": \"93600000\"", range},
      {key + ": null", range},
      {"\"longest_fault_delay\": 93600000", near("longest_fault_delay")},
      {"\"longest_fault_delay_min\": 1560", near("longest_fault_delay_min")},
      {"\"longest_faults_delay_ms\": 93600000", near("longest_faults_delay_ms")},
  };
  for (const auto& [instead, told] : cases) {
    std::string bad = good;
    bad.replace(bad.find(line), line.size(), instead);
    const auto read = release::decode_manifest(bad);
    ASSERT_FALSE(read.ok()) << instead;
    EXPECT_EQ(read.error().detail, told) << instead;
  }
  std::string longest = good;
  longest.replace(longest.find(line), line.size(), key + ": 2592000000");
  EXPECT_EQ(release::decode_manifest(longest)->health.longest_fault_delay, days(30));
}

// Unknown fields are refused in our formats (problem documents are RFC 9457's, which may carry
// more).
TEST_P(GoldenFile, RefusesAnUnknownField) {
  if (GetParam().file == "problem.json") return;
  auto value = json::parse(file_text(GetParam().file));
  ASSERT_TRUE(value.ok());
  (*value)["surprise"] = 1;
  const auto again = GetParam().again(json::compact(*value));
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().detail.find("surprise: unknown field"), std::string::npos)
      << again.error().detail;
}

TEST_P(GoldenFile, RefusesEveryMissingField) {
  if (GetParam().file == "problem.json") return;
  const std::set<std::string> optional{"needs",  "reader", "contract", "definition",
                                       "permit", "denied", "borrow",   "halted_tenants"};
  const auto value = json::parse(file_text(GetParam().file));
  ASSERT_TRUE(value.ok());
  for (auto it = value->begin(); it != value->end(); ++it) {
    if (optional.contains(it.key())) continue;
    auto without = *value;
    without.erase(it.key());
    EXPECT_FALSE(GetParam().again(json::compact(without)).ok()) << "without " << it.key();
  }
}

std::string test_name(const ::testing::TestParamInfo<Golden>& tested) {
  std::string name = tested.param.file.substr(0, tested.param.file.find('.'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Formats, GoldenFile, ::testing::ValuesIn(all()), test_name);

}  // namespace
}  // namespace fb::golden
