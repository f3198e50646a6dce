#include "release/mark.h"

#include <gtest/gtest.h>

namespace fb::release {
namespace {

TEST(ReleasedMark, IsReadAsItWasWritten) {
  const ReleasedMark mark{*parse_rfc3339("2026-11-25T12:00:00Z")};
  const auto found = find_mark(encode(mark));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, mark);
}

TEST(ReleasedMark, IsAbsentWhereNothingSaysReleased) {
  for (const json::Value& custom :
       {json::Value(), json::Value::object(), json::Value(true), json::Value{{"n", 1}}}) {
    const auto found = find_mark(custom);
    ASSERT_TRUE(found.ok()) << json::compact(custom);
    EXPECT_EQ(*found, std::nullopt) << json::compact(custom);
  }
}

TEST(ReleasedMark, ThatIsNoTimeOrNotAloneIsRefused) {
  const json::Value time = "2026-11-25T12:00:00Z";
  for (const json::Value& custom :
       {json::Value{{"released", true}}, json::Value{{"released", nullptr}},
        json::Value{{"released", "today"}}, json::Value{{"released", time}, {"until", time}}}) {
    EXPECT_FALSE(find_mark(custom).ok()) << json::compact(custom);
  }
}

}  // namespace
}  // namespace fb::release
