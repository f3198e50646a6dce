#include "audit/chain.h"

#include <gtest/gtest.h>

#include <functional>

namespace fb::audit {
namespace {

using Log = std::vector<std::string>;

Log five_entries() {
  Log log;
  Tip tip;
  for (int i = 0; i < 5; ++i) {
    log.push_back(encode(following(tip, Instant{1000 + i}, "report", {{"number", i}})));
    tip = extend(tip, log.back());
  }
  return log;
}

// "" for a whole log, else what verify() says of the first entry that does not follow.
std::string problem(const Log& log) {
  Tip tip;
  for (const std::string& entry : log) {
    const auto next = verify(tip, entry);
    if (!next.ok()) return std::string(name(next.error().code)) + ": " + next.error().detail;
    tip = *next;
  }
  return "";
}

TEST(Chain, HoldsWhenNothingWasTouched) {
  EXPECT_EQ(problem(five_entries()), "");
  EXPECT_EQ(problem({}), "");
}

TEST(Chain, NamesTheFirstEntryThatDoesNotFollow) {
  struct Row {
    const char* what;
    std::function<void(Log&)> change;
    const char* problem;
  };
  const Row rows[] = {
      {"edited", [](Log& log) { log[2].replace(log[2].find("\"number\":2"), 10, "\"number\":7"); },
       "mismatch: log entry 3: the entry before it was changed"},
      {"edited by a blank", [](Log& log) { log[2] += ' '; },
       "mismatch: log entry 3: the entry before it was changed"},
      {"edited twice",
       [](Log& log) {
         log[1] += ' ';
         log[3] += ' ';
       },
       "mismatch: log entry 2: the entry before it was changed"},
      {"first removed", [](Log& log) { log.erase(log.begin()); },
       "mismatch: log entry 0: says it is entry 1"},
      {"one removed", [](Log& log) { log.erase(log.begin() + 2); },
       "mismatch: log entry 2: says it is entry 3"},
      {"reordered", [](Log& log) { std::swap(log[1], log[2]); },
       "mismatch: log entry 1: says it is entry 2"},
      {"repeated", [](Log& log) { log.insert(log.begin() + 1, log[0]); },
       "mismatch: log entry 1: says it is entry 0"},
      {"another log's entry",
       [](Log& log) {
         log[2] = encode(Entry{2, Digest{}, Instant{1}, "report", {{"n", 1}}});
       },
       "mismatch: log entry 2: the entry before it was changed, or this one was moved here"},
      {"a first entry that follows something",
       [](Log& log) {
         const Digest some = *Digest::from_hex(std::string(64, 'a'));
         log[0] = encode(Entry{0, some, Instant{1}, "report", json::Value::object()});
       },
       "mismatch: log entry 0: the entry before it"},
      {"torn", [](Log& log) { log[4].resize(log[4].size() / 2); }, "malformed: log entry 4: "},
  };
  for (const Row& row : rows) {
    Log log = five_entries();
    row.change(log);
    EXPECT_EQ(problem(log).substr(0, std::string(row.problem).size()), row.problem) << row.what;
  }
}

// Only the head, which the log's key signs, tells that the newest entries are gone.
TEST(Chain, OfACutLogEndsInAnotherHash) {
  Tip whole, cut;
  Log log = five_entries();
  for (const std::string& entry : log) whole = *verify(whole, entry);
  log.pop_back();
  for (const std::string& entry : log) cut = *verify(cut, entry);
  EXPECT_EQ(whole.size, 5U);
  EXPECT_EQ(cut.size, 4U);
  EXPECT_NE(whole.hash, cut.hash);
}

TEST(Entries, SurviveTheRoundTrip) {
  const Entry entry{41, Digest{}, Instant{1'721'362'140'123}, "dispatch", {{"rollout", 7}}};
  const auto again = decode_entry(encode(entry));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->at.ms, entry.at.ms);
  EXPECT_EQ(encode(*again), encode(entry));
}

TEST(Entries, CarryAnObject) {
  json::Value value = *json::parse(encode(Entry{0, {}, {}, "x", json::Value::object()}));
  ASSERT_TRUE(decode_entry(json::compact(value)).ok());
  for (const char* data : {"[]", "1", "null", "\"text\""}) {
    value["data"] = *json::parse(data);
    EXPECT_FALSE(decode_entry(json::compact(value)).ok()) << data;
  }
}

}  // namespace
}  // namespace fb::audit
