#include "base/time.h"

#include <gtest/gtest.h>

namespace fb {
namespace {

struct Moment {
  const char* text;
  std::int64_t ms;
};

const Moment kMoments[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:01Z", 1000},
    {"1999-12-31T23:59:59Z", 946'684'799'000},
    {"2000-02-29T12:00:00Z", 951'825'600'000},
    {"2024-02-29T00:00:00Z", 1'709'164'800'000},
    {"2024-07-19T04:09:00Z", 1'721'362'140'000},
    {"2038-01-19T03:14:08Z", 2'147'483'648'000},
    {"9999-12-31T23:59:59Z", 253'402'300'799'000},
};

TEST(Rfc3339, ReadsRealMoments) {
  for (const auto& [text, ms] : kMoments) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().detail;
    EXPECT_EQ(parsed->ms, ms) << text;
  }
}

TEST(Rfc3339, PrintsWhatItReads) {
  for (const auto& [text, ms] : kMoments) EXPECT_EQ(to_rfc3339({ms}), text);
}

TEST(Rfc3339, RoundsDownToWholeSeconds) {
  EXPECT_EQ(to_rfc3339({1999}), "1970-01-01T00:00:01Z");
  EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59Z");
}

TEST(Rfc3339, RefusesDaysThatTheCalendarLacks) {
  for (const char* text :
       {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z", "2024-04-31T00:00:00Z", "2024-00-10T00:00:00Z",
        "2024-13-10T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
}

TEST(Rfc3339, RefusesHoursMinutesAndSecondsThatClocksLack) {
  for (const char* text :
       {"2024-07-19T24:00:00Z", "2024-07-19T23:60:00Z", "2024-07-19T23:59:60Z",
        "2024-07-19T-1:00:00Z", "2024-07-19T00:+1:00Z", "2024-07-19T00: 1:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
}

TEST(Rfc3339, RefusesYearsBefore1970) {
  for (const char* text :
       {"1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "-001-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
  }
}

TEST(Rfc3339, RefusesOtherFormsOfTheSameMoment) {
  for (const char* text : {"", "2024-07-19", "2024-07-19T04:09Z", "2024-07-19t04:09:00Z",
                           "2024-07-19T04:09:00z", "2024-07-19 04:09:00Z", "2024-07-19T04:09:00",
                           "2024-07-19T04:09:00+00:00", "2024-07-19T04:09:00.0Z",
                           " 2024-07-19T04:09:00Z", "2024-07-19T04:09:00Z ", "2024-7-019T04:09:00Z",
                           "20240719T040900Z", "2O24-07-19T04:09:00Z", "+2024-07-19T04:09:0Z"}) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::malformed);
    EXPECT_NE(parsed.error().detail.find("2024-07-19T04:09:00Z"), std::string::npos);
  }
}

TEST(InWords, TakesTheLargestUnitThatIsExact) {
  struct Row {
    Millis duration;
    const char* words;
  };
  const Row rows[] = {
      {{0}, "0 ms"},           {{1}, "1 ms"},          {{250}, "250 ms"},
      {{1001}, "1001 ms"},     {seconds(1), "1 s"},    {seconds(12), "12 s"},
      {seconds(90), "90 s"},   {seconds(60), "1 min"}, {minutes(15), "15 min"},
      {minutes(61), "61 min"}, {hours(1), "1 h"},      {hours(25), "25 h"},
      {hours(24), "1 day"},    {days(30), "30 days"},  {days(1) + milliseconds(1), "86400001 ms"}};
  for (const auto& [duration, words] : rows) EXPECT_EQ(in_words(duration), words);
}

TEST(Durations, AddUpFromTheirUnits) {
  EXPECT_EQ(days(1), hours(24));
  EXPECT_EQ(hours(1), minutes(60));
  EXPECT_EQ(minutes(1), seconds(60));
  EXPECT_EQ(seconds(1), milliseconds(1000));
  EXPECT_EQ(Instant{5000} - Instant{2000}, seconds(3));
  EXPECT_EQ(Uptime{5000} - seconds(3), Uptime{2000});
  EXPECT_LT(seconds(59), minutes(1));
}

}  // namespace
}  // namespace fb
