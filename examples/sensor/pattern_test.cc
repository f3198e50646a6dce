#include "pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace sensor {
namespace {

struct Case {
  const char* pattern;
  const char* subject;
  bool matches;
};

TEST(Pattern, MatchesWhatItsTextSays) {
  const Case cases[] = {
      {"abc", "xxabcxx", true},  {"abc", "ab", false},     {"^abc", "xabc", false},
      {"^abc", "abcx", true},    {"abc$", "xabc", true},   {"abc$", "abcx", false},
      {"^abc$", "abc", true},    {"a.c", "abc", true},     {"a.c", "ac", false},
      {"ab*c", "ac", true},      {"ab*c", "abbbc", true},  {"ab+c", "ac", false},
      {"ab+c", "abbc", true},    {"ab?c", "ac", true},     {"ab?c", "abbc", false},
      {"[a-c]x", "bx", true},    {"[a-c]x", "dx", false},  {"[^a-c]x", "dx", true},
      {"[^a-c]x", "ax", false},  {"[a-]x", "-x", true},    {R"([\]]x)", "]x", true},
      {R"(a\.c)", "abc", false}, {R"(a\.c)", "a.c", true}, {R"(a\\$)", R"(a\)", true},
      {R"(a\$)", "a$b", true},   {"^a*$", "", true},       {"^a*$", "aab", false},
      {"x*", "", true},          {"b", "", false},         {"^.*\xff$", "a\xff", true},
  };
  for (const Case& c : cases) {
    const auto pattern = Pattern::compile(c.pattern);
    ASSERT_TRUE(pattern) << c.pattern;
    EXPECT_EQ(pattern->matches(c.subject), c.matches) << c.pattern << " on " << c.subject;
  }
}

TEST(Pattern, RefusesTextThatIsNoPattern) {
  for (const char* text : {"", "^", "$", "^$", "*a", "+", "a**", "a+?", "[", "[]", "[a", "[c-a]",
                           "\\", "a\\", "[a\\"}) {
    EXPECT_FALSE(Pattern::compile(text)) << text;
  }
}

TEST(Pattern, HoldsUpToSixtyThreeItems) {
  EXPECT_TRUE(Pattern::compile(std::string(63, 'a'))->matches(std::string(63, 'a')));
  EXPECT_FALSE(Pattern::compile(std::string(64, 'a')));
  EXPECT_FALSE(Pattern::compile(std::string(62, 'a') + "b+"));
}

// A backtracking matcher would not finish this within the age of the universe.
TEST(Pattern, DoesNotBlowUpOnNestedRepetition) {
  std::string text = "^";
  for (int i = 0; i < 30; ++i) text += "a*";
  const auto pattern = Pattern::compile(text + "b$");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches(std::string(10'000, 'a')));
}

}  // namespace
}  // namespace sensor
