#include "json/reader.h"

#include <gtest/gtest.h>

#include <functional>

namespace fb::json {
namespace {

using Reading = std::function<void(Reader&)>;

// What the reader says of `text` after `read` asked for what it wants; "" when all is well.
std::string told(std::string_view text, const Reading& read,
                 UnknownFields unknown = UnknownFields::refuse) {
  const Value value = *parse(text);
  Reader in(value, "doc");
  read(in);
  const Status status = in.done(unknown);
  EXPECT_TRUE(status.ok() || status.error().code == ErrorCode::malformed);
  return status.ok() ? "" : status.error().detail;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Reader, ReadsEveryTypeOfField) {
  const std::string hex(64, 'a');
  const Value value{{"s", "text"},         {"i", -3},
                    {"b", true},           {"t", "2024-07-19T04:09:00Z"},
                    {"wait_ms", 250},      {"d", "sha256:" + hex},
                    {"raw64", "Zm9v"},     {"who", "acme"},
                    {"names", {"x", "y"}}, {"numbers", {1, 2}},
                    {"any", {1, "two"}}};
  Reader in(value, "doc");
  EXPECT_EQ(in.string("s"), "text");
  EXPECT_EQ(in.integer("i", -3, 3), -3);
  EXPECT_TRUE(in.boolean("b"));
  EXPECT_EQ(to_rfc3339(in.instant("t")), "2024-07-19T04:09:00Z");
  EXPECT_EQ(in.millis("wait_ms", {0}, {250}), milliseconds(250));
  EXPECT_EQ(in.digest("d").hex(), hex);
  EXPECT_EQ(in.base64("raw64", 3), "foo");
  EXPECT_EQ(in.id<TenantId>("who").text(), "acme");
  EXPECT_EQ(in.strings("names", 2), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(in.integers("numbers", 2, 1, 2), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(in.raw("any").size(), 2U);
  EXPECT_TRUE(in.done().ok());
}

TEST(Reader, RefusesEveryWrongTypeAndNamesThePlace) {
  struct Row {
    const char* value;
    Reading read;
    const char* problem;
  };
  const Reading string = [](Reader& in) { in.string("x", 4); };
  const Reading integer = [](Reader& in) { in.integer("x", 1, 9); };
  const Reading signed_integer = [](Reader& in) { in.integer("x", -5, 5); };
  const Reading boolean = [](Reader& in) { in.boolean("x"); };
  const Reading instant = [](Reader& in) { in.instant("x"); };
  const Reading base64 = [](Reader& in) { in.base64("x", 9); };
  const Reading strings = [](Reader& in) { in.strings("x", 2, 3); };
  const Reading integers = [](Reader& in) { in.integers("x", 2, -5, 9); };
  const Reading object = [](Reader& in) { in.object("x"); };
  const Reading objects = [](Reader& in) { in.objects("x", 1, [](Reader&) {}); };
  const Reading members = [](Reader& in) {
    in.members("x", 1, [](const std::string&, Reader&) {});
  };
  const char* const kRange = "doc.x: an integer from 1 to 9 is expected";
  const char* const kInts = "doc.x: a list of at most 2 integers from -5 to 9 is expected";
  const char* const kStrings = "doc.x: a list of at most 2 strings is expected";
  const Row rows[] = {
      {"1", string, "doc.x: a string is expected"},
      {"null", string, "doc.x: a string is expected"},
      {"\"12345\"", string, "doc.x: 5 bytes; at most 4"},
      {"0", integer, kRange},
      {"10", integer, kRange},
      {"1.0", integer, kRange},
      {"\"1\"", integer, kRange},
      {"true", integer, kRange},
      {"18446744073709551615", integer, kRange},
      {"18446744073709551615", signed_integer, "doc.x: an integer from -5 to 5 is expected"},
      {"0", boolean, "doc.x: true or false is expected"},
      {"\"today\"", instant, "'today' is not a time like"},
      {"5", instant, "doc.x: a string is expected"},
      {"\"Zg=\"", base64, "doc.x: not base64"},
      {"\"a\"", strings, kStrings},
      {"[\"a\",1]", strings, kStrings},
      {"[\"a\",\"b\",\"c\"]", strings, kStrings},
      {"[\"four\"]", strings, kStrings},
      {"[1,2,3]", integers, kInts},
      {"[10]", integers, kInts},
      {"[1.5]", integers, kInts},
      {"[18446744073709551615]", integers, kInts},
      {"[]", object, "doc.x: an object is expected here"},
      {"{}", objects, "doc.x: a list of at most 1 objects is expected"},
      {"[{},{}]", objects, "doc.x: a list of at most 1 objects is expected"},
      {"[1]", objects, "doc.x[0]: an object is expected here"},
      {"[]", members, "doc.x: an object of at most 1 members is expected"},
      {"{\"a\":{},\"b\":{}}", members, "doc.x: an object of at most 1 members is expected"},
      {"{\"a\":1}", members, "doc.x.a: an object is expected here"},
  };
  for (const Row& row : rows) {
    const std::string problem = told("{\"x\":" + std::string(row.value) + "}", row.read);
    EXPECT_TRUE(contains(problem, row.problem)) << row.value << " gave: " << problem;
    EXPECT_EQ(told("{}", row.read), "doc.x: is missing");
  }
}

TEST(Reader, RefusesADocumentThatIsNoObject) {
  for (const char* text : {"[]", "1", "null", "\"x\""}) {
    EXPECT_EQ(told(text, [](Reader& in) { in.string("x"); }), "doc: an object is expected here");
  }
}

TEST(Reader, RefusesUnknownFieldsAndSuggestsTheNearOne) {
  const Reading read = [](Reader& in) { in.string("reason"); };
  EXPECT_EQ(told(R"({"reason":"","reasn":1})", read),
            "doc.reasn: unknown field; did you mean 'reason'?");
  EXPECT_EQ(told(R"({"reason":"","weather":1})", read), "doc.weather: unknown field");
  EXPECT_EQ(told(R"({"reason":"","weather":1})", read, UnknownFields::keep), "");
}

TEST(Reader, SuggestsWhatMayBeMissingToo) {
  const Reading read = [](Reader& in) {
    if (in.has("reason")) in.string("reason");
  };
  EXPECT_EQ(told(R"({"reasn":1})", read), "doc.reasn: unknown field; did you mean 'reason'?");
  const Reading asked = [](Reader& in) { EXPECT_TRUE(in.has("reason")); };
  EXPECT_EQ(told(R"({"reason":1})", asked), "doc.reason: unknown field") << "asked for, not read";
}

TEST(Reader, RefusesUnknownFieldsInNestedObjects) {
  const Reading inner = [](Reader& in) { in.object("inner").string("reason"); };
  EXPECT_EQ(told(R"({"inner":{"reason":"","reasom":1}})", inner),
            "doc.inner.reasom: unknown field; did you mean 'reason'?");
  const Reading list = [](Reader& in) {
    in.objects("list", 9, [](Reader& each) { each.boolean("on"); });
  };
  EXPECT_EQ(told(R"({"list":[{"on":true},{"on":true,"onn":1}]})", list),
            "doc.list[1].onn: unknown field; did you mean 'on'?");
  const Reading map = [](Reader& in) {
    in.members("map", 9, [](const std::string&, Reader& each) { each.boolean("on"); });
  };
  EXPECT_EQ(told(R"({"map":{"k":{"on":true,"weather":1}}})", map),
            "doc.map.k.weather: unknown field");
}

TEST(Reader, KeepsTheFirstProblemAndAnswersHarmlessly) {
  const std::string problem = told(R"({"a":1,"b":"x"})", [](Reader& in) {
    EXPECT_EQ(in.string("a"), "");
    EXPECT_TRUE(in.failed());
    EXPECT_EQ(in.integer("b", 7, 9), 7);
    EXPECT_EQ(in.string("b"), "");
    EXPECT_FALSE(in.boolean("c"));
    EXPECT_EQ(in.digest("d"), Digest{});
    EXPECT_TRUE(in.id<TenantId>("e").empty());
    in.fail("f", "later");
  });
  EXPECT_EQ(problem, "doc.a: a string is expected");
}

TEST(Reader, SharesTheProblemWithItsSubReaders) {
  const std::string problem = told(R"({"inner":{"a":1},"b":"x"})", [](Reader& in) {
    Reader inner = in.object("inner");
    inner.string("a");
    EXPECT_TRUE(in.failed());
    EXPECT_EQ(in.string("b"), "");
  });
  EXPECT_EQ(problem, "doc.inner.a: a string is expected");
}

TEST(Reader, StopsAListAtItsFirstBadElement) {
  int seen = 0;
  const std::string problem = told(R"({"x":[{"n":1},{"n":-1},{"n":1}]})", [&](Reader& in) {
    in.objects("x", 9, [&](Reader& each) {
      each.integer("n", 0, 9);
      ++seen;
    });
  });
  EXPECT_EQ(problem, "doc.x[1].n: an integer from 0 to 9 is expected");
  EXPECT_EQ(seen, 2);
}

TEST(Reader, GivesMembersInKeyOrder) {
  std::string keys;
  EXPECT_EQ(told(R"({"x":{"b":{"n":2},"a":{"n":1}}})",
                 [&](Reader& in) {
                   in.members("x", 2, [&](const std::string& key, Reader& each) {
                     keys += key + std::to_string(each.integer("n", 0, 9));
                   });
                 }),
            "");
  EXPECT_EQ(keys, "a1b2");
}

TEST(Reader, KnowsOnlyTheWordsOfAClosedSet) {
  enum class Colour : std::uint8_t { red, green };
  const Reading read = [](Reader& in) {
    in.word<Colour>("x", {{"red", Colour::red}, {"green", Colour::green}});
  };
  EXPECT_EQ(told(R"({"x":"green"})", read), "");
  EXPECT_EQ(told(R"({"x":"Red"})", read), "doc.x: 'Red' is none of: red, green");
  EXPECT_EQ(told(R"({"x":""})", read), "doc.x: '' is none of: red, green");
}

TEST(Reader, HoldsALiteralAgainstItsText) {
  const Reading read = [](Reader& in) { in.literal("format", "firebreak.act/1"); };
  EXPECT_EQ(told(R"({"format":"firebreak.act/1"})", read), "");
  EXPECT_EQ(told(R"({"format":"firebreak.act/2"})", read),
            "doc.format: 'firebreak.act/2' where 'firebreak.act/1' is expected");
}

TEST(Nearest, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> words{"heartbeat_ms", "tick_ms", "on"};
  EXPECT_EQ(nearest("hearbeat_ms", words), "heartbeat_ms");
  EXPECT_EQ(nearest("tick", words), "tick_ms");
  EXPECT_EQ(nearest("xy", words), "");
  EXPECT_EQ(nearest("silence_ms", words), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace fb::json
