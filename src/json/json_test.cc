#include "json/json.h"

#include <gtest/gtest.h>

namespace fb::json {
namespace {

std::string problem(std::string_view text, Bounds bounds = {}) {
  const auto value = parse(text, bounds);
  return value.ok() ? "accepted" : value.error().detail;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

TEST(Parse, AcceptsEveryKindOfValue) {
  for (const char* text : {"null", "true", "0", "-1", "1.5", "\"\"", "[]", "{}", " {\"a\":[1]} \n",
                           "18446744073709551615", "\"\\u00e9\"", "\"\xc3\xa9\""}) {
    EXPECT_TRUE(parse(text).ok()) << text;
  }
}

TEST(Parse, RefusesADuplicateKeyAtEveryDepth) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"b":{"a":1,"a":2}})", R"([{"a":1,"a":2}])",
                           R"({"a":1,"\u0061":2})", R"({"a":{"a":1},"a":2})"}) {
    EXPECT_TRUE(contains(problem(text), "'a' stands twice")) << problem(text);
  }
}

TEST(Parse, AcceptsOneKeyInTwoObjects) { EXPECT_TRUE(parse(R"([{"a":1},{"a":{"a":2}}])").ok()); }

TEST(Parse, RefusesWhatIsNestedTooDeep) {
  EXPECT_EQ(problem(nested(32, '[', ']')), "accepted");
  EXPECT_EQ(problem(nested(33, '[', ']')), "nested deeper than 32");
  EXPECT_EQ(problem(R"({"a":{"b":1}})", {.depth = 2}), "accepted");
  EXPECT_EQ(problem(R"({"a":{"b":[]}})", {.depth = 2}), "nested deeper than 2");
  EXPECT_EQ(problem(nested(200'000, '[', ']')), "nested deeper than 32");
}

TEST(Parse, RefusesWhatIsTooLargeBeforeReadingIt) {
  EXPECT_TRUE(parse("[123]", {.bytes = 5}).ok());
  const auto large = parse("[1234", {.bytes = 4});
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, ErrorCode::too_large);
  EXPECT_EQ(large.error().detail, "5 bytes of JSON; at most 4 are accepted here");
}

TEST(Parse, RefusesTrailingBytes) {
  for (const char* text : {"{} {}", "{}x", "1 2", "[],", "null//", "{}\x1a"}) {
    EXPECT_NE(problem(text), "accepted") << text;
  }
}

TEST(Parse, RefusesAZeroByteAndWhatHidesBehindIt) {
  for (const std::string& text : {std::string("{}\0", 3), std::string("{}\0{\"a\":1}", 10),
                                  std::string("\0{}", 3), std::string("\"a\0b\"", 5)}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error().code, ErrorCode::malformed);
  }
  EXPECT_EQ(problem(std::string("{}\0{}", 5)), "not JSON at byte 3 (zero)");
}

TEST(Parse, RefusesAByteOrderMark) {
  EXPECT_TRUE(contains(problem("\xef\xbb\xbf{}"), "byte order mark"));
}

TEST(Parse, RefusesInvalidUtf8) {
  for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"", "\"\\ud800\"", "{\"\xff\":1}"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::malformed);
  }
  EXPECT_TRUE(contains(problem("\"\xff\""), "UTF-8"));
}

TEST(Parse, RefusesWhatIsNoJson) {
  for (const char* text :
       {"",       " ",  "NaN", "Infinity", "-Infinity", "nan",   "1e999",    "01",
        "+1",     ".5", "1.",  "0x10",     "'a'",       "{a:1}", "[1,]",     "{\"a\":1,}",
        "/**/{}", "{",  "[",   "\"",       "\"\n\"",    "True",  "undefined"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::malformed);
  }
}

TEST(Parse, NamesTheByteWhereItEndedBadly) {
  EXPECT_TRUE(contains(problem("{\"a\":x}"), "at byte 6")) << problem("{\"a\":x}");
  EXPECT_TRUE(contains(problem("{\"a\":1"), "at byte 7")) << problem("{\"a\":1");
}

TEST(Canonical, SortsKeysAndLeavesNoWhiteSpace) {
  EXPECT_EQ(canonical(*parse(R"( {"b": [1, null, true], "a": {"d": -2, "c": "x"}} )")),
            R"({"a":{"c":"x","d":-2},"b":[1,null,true]})");
}

TEST(Canonical, EscapesOnlyQuotesAndBackslashes) {
  EXPECT_EQ(canonical(*parse(R"("a\"b\\c\n\u00e9\/")")), "\"a\\\"b\\\\c\n\xc3\xa9/\"");
  EXPECT_EQ(canonical(*parse(R"({"a\"b":1})")), R"({"a\"b":1})");
}

TEST(Canonical, HasNoFormForAFraction) {
  for (const char* text : {"1.0", "[1e2]", R"({"a":[{"b":0.5}]})"}) {
    EXPECT_FALSE(has_canonical_form(*parse(text))) << text;
  }
  EXPECT_TRUE(has_canonical_form(*parse(R"({"a":[1,"1.5",null,{}]})")));
  EXPECT_DEATH(static_cast<void>(canonical(*parse("[1.5]"))), "is_number_float");
}

TEST(Printing, GivesTextThatParsesToTheSame) {
  const Value value = *parse(R"({"z":[1,{"y":"\u0001\n\ud83d\ude00"}],"a":1.5})");
  EXPECT_EQ(*parse(compact(value)), value);
  EXPECT_EQ(*parse(pretty(value)), value);
  EXPECT_EQ(compact(value).find('\n'), std::string::npos);
  EXPECT_TRUE(pretty(value).ends_with("}\n"));
}

TEST(Printing, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(compact(Value("cut\xc3")), "\"cut\xef\xbf\xbd\"");
  EXPECT_EQ(pretty(Value("\xff!")), "\"\xef\xbf\xbd!\"\n");
}

}  // namespace
}  // namespace fb::json
