#include "incident/record.h"

#include <gtest/gtest.h>

namespace fb::incident {
namespace {

constexpr Instant kNow{1'721'362'140'007};  // 2024-07-19T04:09:00.007Z
const Digest kRelease = *Digest::from_hex(std::string(64, 'a'));

Incident incident() {
  return {*RolloutId::parse(7),
          *ComponentId::parse("sensor.channel"),
          "291",
          kRelease,
          kNow,
          "HALT: 10 of 10 updated machines crashed.",
          {"linux amd64", "linux arm64"},
          10,
          60,
          {}};
}

// What the entry adds to the timeline; "" for nothing.
std::string added(std::string_view kind, const json::Value& data) {
  Incident record = incident();
  add_to_timeline(record, kNow, kind, data);
  return record.timeline.empty() ? "" : record.timeline.back().what;
}

TEST(Timeline, TellsEachKindOfEntryInASentence) {
  struct Row {
    const char* kind;
    json::Value data;
    const char* sentence;
  };
  const std::string release = kRelease.text();
  const Row rows[] = {
      {"release",
       {{"release", release}, {"version", "291"}, {"component", "sensor.channel"}},
       "Release 291 of sensor.channel was submitted."},
      {"approve", {{"release", release}, {"reason", "ok"}}, "A reviewer approved the release: ok"},
      {"waive",
       {{"release", release}, {"gate", "contract"}, {"reason", "hurry"}},
       "Gate contract was waived: hurry"},
      {"start", {{"rollout", 7}, {"reason", "go"}}, "The rollout was started: go"},
      {"dispatch",
       {{"rollout", 7}, {"device", "0123456789abcdef0123456789abcdef"}},
       "A permit was given to device 01234567."},
      {"report",
       {{"rollout", 7}, {"device", "0123456789ab"}, {"event", "crashed"}, {"detail", "signal 11"}},
       "device 01234567 reported crashed: signal 11"},
      {"verdict", {{"rollout", 7}, {"sentence", "Ring canary opened."}}, "Ring canary opened."},
      {"halted", {{"rollout", 7}, {"sentence", "10 of 10"}}, "HALTED: 10 of 10"},
      {"gates", {{"release", release}}, ""},
  };
  for (const Row& row : rows) EXPECT_EQ(added(row.kind, row.data), row.sentence) << row.kind;
}

TEST(Timeline, IgnoresOtherRolloutsAndReleases) {
  const std::string other = Digest{}.text();
  EXPECT_EQ(added("verdict", {{"rollout", 8}, {"sentence", "x"}}), "");
  EXPECT_EQ(added("verdict", {{"sentence", "x"}}), "");
  EXPECT_EQ(added("approve", {{"release", other}, {"reason", "x"}}), "");
  EXPECT_EQ(added("verdict", {{"rollout", 8}, {"release", kRelease.text()}, {"sentence", "x"}}),
            "");
}

TEST(Timeline, KeepsPlaceForTheDecisionsAmongManyReports) {
  Incident record = incident();
  const json::Value report{{"rollout", 7}, {"device", "d"}, {"event", "crashed"}, {"detail", ""}};
  for (int i = 0; i < 1000; ++i) add_to_timeline(record, kNow, "report", report);
  const std::size_t reports = record.timeline.size();
  EXPECT_LT(reports, 500U);
  add_to_timeline(record, kNow, "halted", {{"rollout", 7}, {"sentence", "enough"}});
  EXPECT_EQ(record.timeline.size(), reports + 1);
  EXPECT_EQ(record.timeline.back().what, "HALTED: enough");
  EXPECT_TRUE(decode_incident(encode(record)).ok());
}

TEST(Timeline, NeverNamesAPerson) {
  Incident record = incident();
  for (const char* kind : {"approve", "waive", "start", "release", "halted", "verdict", "act"}) {
    add_to_timeline(record, kNow, kind,
                    {{"rollout", 7},
                     {"release", kRelease.text()},
                     {"person", "rita"},
                     {"author", "rita"},
                     {"envelope", "rita"},
                     {"gate", "contract"},
                     {"version", "291"},
                     {"component", "sensor.channel"},
                     {"sentence", "it fell over"},
                     {"reason", "because"}});
  }
  EXPECT_GE(record.timeline.size(), 6U);
  EXPECT_EQ(markdown(record).find("rita"), std::string::npos);
  EXPECT_EQ(encode(record).find("rita"), std::string::npos);
}

TEST(Markdown, TellsWhatHappenedAndAsksForConditions) {
  Incident record = incident();
  add_to_timeline(record, kNow, "halted", {{"rollout", 7}, {"sentence", "enough"}});
  const std::string text = markdown(record);
  for (const char* part :
       {"# Incident: sensor.channel 291, rollout 7\n", "Opened 2024-07-19T04:09:00Z",
        "> HALT: 10 of 10 updated machines crashed.\n", "exposed when it halted: 10 of 60\n",
        "hit hardest: linux amd64, linux arm64\n", "| 04:09:00.007 | HALTED: enough |\n",
        "List conditions, not people.", "owner (role)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

// A device's detail or a person's reason may hold anything; it stays inside its cell.
TEST(Markdown, KeepsEveryMomentOnOneRow) {
  Incident record = incident();
  record.sentence = "stopped\n# by hand";
  const char* reason = "one\n## Two | three\r\n<b>four";
  add_to_timeline(record, kNow, "start", {{"rollout", 7}, {"reason", reason}});
  const std::string text = markdown(record);
  const char* row = "| 04:09:00.007 | The rollout was started: one ## Two   three   b four |\n";
  EXPECT_NE(text.find(row), std::string::npos) << text;
  EXPECT_NE(text.find("> stopped # by hand\n"), std::string::npos) << text;
}

TEST(Incidents, SurviveTheRoundTrip) {
  Incident record = incident();
  add_to_timeline(record, kNow, "halted", {{"rollout", 7}, {"sentence", "enough"}});
  const auto again = decode_incident(encode(record));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(record));
  EXPECT_EQ(again->timeline.at(0).at, kNow);
}

}  // namespace
}  // namespace fb::incident
