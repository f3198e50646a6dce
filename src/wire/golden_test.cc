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
