#include "publisher/log_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "statement/plan.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

statement::Envelope head_over(const audit::Tip& tip, const crypto::Signer& signer) {
  return *statement::seal(
      statement::kHeadType,
      statement::encode(statement::Head{tip.size, tip.hash, Instant{1'900'000'000'000}}), signer);
}

LogCopy log_of(int count, const crypto::Signer& signer) {
  LogCopy log;
  audit::Tip tip;
  for (int i = 0; i < count; ++i) {
    log.entries.push_back(audit::encode(audit::following(tip, Instant{i}, "act", {{"number", i}})));
    tip = audit::extend(tip, log.entries.back());
  }
  log.head = head_over(tip, signer);
  return log;
}

audit::Tip tip_of(const LogCopy& log) {
  audit::Tip tip;
  for (const std::string& entry : log.entries) tip = audit::extend(tip, entry);
  return tip;
}

class LogVerify : public testing::Test {
 protected:
  [[nodiscard]] Outcome verify(const LogCopy& copy,
                               const std::optional<audit::Tip>& seen = {}) const {
    return verify_log(copy, {{signer.key().id(), signer.key()}}, seen);
  }
  tuf::TestSigner signer{"log"};
  LogCopy log = log_of(6, signer);
};

TEST_F(LogVerify, passes_a_whole_log) {
  EXPECT_EQ(verify(log).answer, Answer::yes);
  EXPECT_EQ(verify(log_of(0, signer)).answer, Answer::yes);
}

struct Damage {
  const char* name;
  void (*apply)(LogCopy&);
  int first_bad;
};

TEST_F(LogVerify, names_the_first_entry_that_does_not_fit) {
  const Damage damages[] = {
      // An edited entry still says the right index and predecessor: the one after it no longer
      // fits.
      {"edited",
       [](LogCopy& l) {
         l.entries[2].replace(l.entries[2].find("\"number\":2"), 10, "\"number\":9");
       },
       3},
      {"removed", [](LogCopy& l) { l.entries.erase(l.entries.begin() + 2); }, 2},
      {"reordered", [](LogCopy& l) { std::swap(l.entries[2], l.entries[3]); }, 2},
      {"not JSON", [](LogCopy& l) { l.entries[4] = "oops"; }, 4},
      {"last edited",
       [](LogCopy& l) {
         l.entries[5].replace(l.entries[5].find("\"number\":5"), 10, "\"number\":7");
       },
       5},
      {"last removed", [](LogCopy& l) { l.entries.pop_back(); }, 5},
      {"appended",
       [](LogCopy& l) {
         l.entries.push_back(
             audit::encode(audit::following(tip_of(l), Instant{9}, "act", json::Value::object())));
       },
       6},
  };
  for (const Damage& damage : damages) {
    LogCopy copy = log;
    damage.apply(copy);
    const Outcome outcome = verify(copy);
    EXPECT_EQ(outcome.answer, Answer::no) << damage.name;
    EXPECT_EQ(outcome.document.value("first_bad", -1), damage.first_bad)
        << damage.name << ": " << outcome.text;
    EXPECT_THAT(outcome.text, HasSubstr("entry " + std::to_string(damage.first_bad)))
        << damage.name;
  }
}

TEST_F(LogVerify, refuses_a_head_by_another_key) {
  log.head = head_over(tip_of(log), tuf::TestSigner("thief"));
  EXPECT_THAT(verify(log).text, HasSubstr("not signed by the log's key"));
}

TEST_F(LogVerify, notices_that_a_whole_shorter_log_was_longer_before) {
  const Outcome outcome = verify(log_of(4, signer), tip_of(log));
  EXPECT_EQ(outcome.answer, Answer::no);
  EXPECT_THAT(outcome.text, HasSubstr("entry 4 was removed; 6 were verified here before"));
}

TEST_F(LogVerify, notices_that_a_whole_log_is_not_the_one_verified_before) {
  audit::Tip other = tip_of(log);
  other.hash = crypto::sha256("something else");
  EXPECT_THAT(verify(log, other).text, HasSubstr("rewritten since"));
}

TEST(LogCheck, fetches_page_after_page_and_remembers_what_it_saw) {
  TestDesk test;
  Desk desk = test.desk();
  const auto signer = test.signer("log");
  const LogCopy log = log_of(1200, *signer);
  LogCopy first{{log.entries.begin(), log.entries.begin() + 1000}, log.head};
  LogCopy second{{log.entries.begin() + 1000, log.entries.end()}, log.head};
  test.server.answer("GET /api/v1/log?from=0&limit=1000", encode(first));
  test.server.answer("GET /api/v1/log?from=1000&limit=1000", encode(second));
  const auto outcome = check_log(desk, {});
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::yes) << outcome->text;

  test.server.answer("GET /api/v1/log?from=0&limit=1000", encode(log_of(10, *signer)));
  EXPECT_EQ(check_log(desk, {})->answer, Answer::no);
}

TEST(LogCheck, verifies_a_saved_log_without_the_server) {
  TestDesk test;
  Desk desk = test.desk();
  const LogCopy log = log_of(3, *test.signer("log"));
  test.server.answer("GET /api/v1/log?from=0&limit=1000", encode(log));
  ASSERT_TRUE(check_log(desk, {}).ok());
  test.server.away = true;
  const auto outcome = check_log(desk, json::pretty(encode(log)));
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::yes);
}

}  // namespace
}  // namespace fb::publisher
