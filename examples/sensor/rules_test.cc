#include "rules.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sensor {
namespace {

const std::string kTypes =
    "channel 5\ntype a\n string one\n integer two\n string three\ntype b\n string one\n";

std::string refusal_of_text(const std::string& text) {
  const auto compiled = compile_rules(text);
  const auto* refusal = std::get_if<Refusal>(&compiled);
  return refusal == nullptr ? "accepted" : refusal->reason;
}

TEST(Rules, CompileIntoTypesAndSortedTests) {
  const auto compiled =
      compile_rules(kTypes + "rule r over a\n# why\n 2 range -5 7\n 1 like \"x+\"\n 3 any\n");
  ASSERT_TRUE(std::holds_alternative<Channel>(compiled));
  const auto& channel = std::get<Channel>(compiled);
  EXPECT_EQ(channel.version, 5U);
  ASSERT_EQ(channel.types.size(), 2U);
  EXPECT_EQ(channel.types[0].fields,
            (std::vector{FieldType::kString, FieldType::kInteger, FieldType::kString}));
  ASSERT_EQ(channel.rules.size(), 1U);
  ASSERT_EQ(channel.rules[0].tests.size(), 2U);
  EXPECT_EQ(channel.rules[0].tests[0].field, 0U);
  EXPECT_EQ(std::get<Like>(channel.rules[0].tests[0].matcher).pattern.text(), "x+");
  EXPECT_EQ(std::get<Range>(channel.rules[0].tests[1].matcher).low, -5);
}

TEST(Rules, TakeQuotedTextAsItStands) {
  const auto compiled = compile_rules(kTypes + R"(rule r over b
 1 exact "C:\new "dir" # \t"
)");
  const auto& channel = std::get<Channel>(compiled);
  EXPECT_EQ(std::get<Exact>(channel.rules[0].tests[0].matcher).text, R"(C:\new "dir" # \t)");
}

TEST(Rules, ReadsListOnlyTestedFieldsOfTypesWithRules) {
  const auto compiled =
      compile_rules(kTypes +
                    "rule r over a\n 3 exact \"x\"\n 2 any\nrule s over a\n 1 exact \"\"\n"
                    " 3 prefix \"y\"\n");
  const auto reads = reads_of(std::get<Channel>(compiled));
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].name, "a");
  EXPECT_THAT(reads[0].fields, testing::ElementsAre(1, 3));
}

TEST(Rules, RefusalsNameTheLineAndTheReason) {
  const struct {
    std::string text;
    const char* reason;
  } cases[] = {
      {"type a\n string x\n", "line 2: the text does not say 'channel'"},
      {"channel 0\n", "line 1: 'channel' wants a number above 0"},
      {"channel 1\nchannel 2\n", "line 2: 'channel' stands twice"},
      {"channel 1\nwhat\n", "line 2: expected 'channel', 'type' or 'rule'"},
      {"channel 1\ntype A\n", "line 2: 'type' wants a name"},
      {"channel 1\ntype a\n", "line 2: type a declares no inputs"},
      {"channel 1\ntype a\n float x\n", "line 3: a field is a string or an integer"},
      {kTypes + "type a\n", "line 8: type a is declared twice"},
      {kTypes + "rule r over c\n", "line 8: no type c is declared above"},
      {kTypes + "rule r of a\n", "line 8: write: rule <name> over <type>"},
      {kTypes + "rule r over a\n", "line 8: rule r tests nothing"},
      {kTypes + "rule r over a\n 1 any\nrule s over b\n", "line 10: rule r tests nothing"},
      {kTypes + "rule r over a\n 4 exact \"x\"\n",
       "line 9: expected the number of a field, 1 to 3"},
      {kTypes + "rule r over a\n 0 exact \"x\"\n",
       "line 9: expected the number of a field, 1 to 3"},
      {kTypes + "rule r over a\n 1 exact \"x\"\n 1 any\n", "line 10: field 1 is tested twice"},
      {kTypes + "rule r over a\n 1 range 1 2\n", "line 9: field 1 is declared as string"},
      {kTypes + "rule r over a\n 2 exact \"1\"\n", "line 9: field 2 is declared as integer"},
      {kTypes + "rule r over a\n 2 range 2 1\n", "line 9: not a test"},
      {kTypes + "rule r over a\n 1 exact x\n", "line 9: not a test"},
      {kTypes + "rule r over a\n 1 like \"*\"\n", "line 9: not a test"},
      {kTypes + "rule r over a\n 1 exact \"" + std::string(257, 'x') + "\"\n",
       "line 9: not a test"},
  };
  for (const auto& c : cases)
    EXPECT_THAT(refusal_of_text(c.text), testing::StartsWith(c.reason)) << c.text;
}

}  // namespace
}  // namespace sensor
