#include "publisher/log_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log_sim_test.h"
#include "publisher/desk_sim_test.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

LogCopy copy_of(const audit::LogSimulator& log) {
  return {log.entries, log.hashes(), log.checkpoint()};
}

TEST(LogVerify, PassesAWholeCopyAndNamesTheFirstBadEntryOfAnother) {
  const audit::LogSimulator log = audit::log_of(300);
  EXPECT_EQ(verify_copy(copy_of(log), log.trust()).answer, Answer::yes);
  LogCopy edited = copy_of(log);
  edited.entries[270] += ' ';
  const Outcome outcome = verify_copy(edited, log.trust());
  EXPECT_EQ(outcome.answer, Answer::no);
  EXPECT_EQ(outcome.document.at("first_bad"), 270);
  EXPECT_THAT(outcome.text, HasSubstr("NOT intact: entry 270 is not what was logged"));
}

TEST(LogVerify, RefusesACheckpointByAnotherKey) {
  const audit::LogSimulator log = audit::log_of(3);
  audit::LogSimulator thief = log;
  thief.signer = crypto::TestSigner("thief");
  EXPECT_THAT(verify_copy(copy_of(thief), log.trust()).text, HasSubstr("not signed by the log"));
}

// A home whose server serves this log, signed by the key that trust/log.json names.
struct Served : TestDesk {
  explicit Served(std::uint64_t count) {
    log.origin = cached_origin();
    log.signer = crypto::TestSigner(*home.read("server/keys/log.pem", 4096));
    for (std::uint64_t i = 0; i < count; ++i) log.append("report", {{"number", i}});
    serve();
  }
  void serve() {
    std::erase_if(server.files, [](const auto& file) { return file.first.starts_with("/log/"); });
    for (const auto& [path, bytes] : log.files()) server.files["/log/" + path] = bytes;
  }
  std::string cached_origin() {
    return statement::default_origin(
        crypto::TestSigner(*home.read("server/keys/log.pem", 4096)).key());
  }
  // The verdict's sentence.
  std::string verdict() {
    Desk at = desk();
    const auto outcome = verify_served(at);
    return outcome.ok() ? outcome->text : outcome.error().detail;
  }
  audit::LogSimulator log;
};

TEST(LogVerify, ReadsTheServedLogTileByTile) {
  Served test(600);
  EXPECT_THAT(test.verdict(), HasSubstr("the log is intact: 600 entries, root "));
  EXPECT_NE(test.server.sent("GET", "/log/tile/entries/002.p/88"), nullptr);
  EXPECT_NE(test.server.sent("GET", "/log/tile/1/000.p/2"), nullptr);
}

TEST(LogVerify, FindsWhateverIsChangedInAnyFileAndNamesIt) {
  for (const auto& [path, bytes] : Served(600).log.files()) {
    for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 2}) {
      Served test(600);
      test.server.files["/log/" + path][at] ^= 1;
      EXPECT_THAT(test.verdict(), testing::Not(HasSubstr("is intact"))) << path << " at " << at;
      if (path.starts_with("tile/0/")) {
        EXPECT_THAT(test.verdict(), HasSubstr("NOT intact: entry ")) << path << " at " << at;
      }
      if (path.starts_with("tile/1/")) {
        EXPECT_THAT(test.verdict(), HasSubstr("NOT intact: tile/1/000 ")) << path << " at " << at;
      }
    }
  }
}

TEST(LogVerify, NoticesALogThatWasCutOrRewrittenSinceItWasSeen) {
  struct Row {
    const char* what;
    audit::LogSimulator later;
    const char* sentence;
  };
  const Row rows[] = {
      {"truncated", audit::log_of(10), "entry 10 was removed; 20 were verified here before"},
      {"split view", audit::log_of(30, "forged"), "rewritten since it was last verified here"},
  };
  for (const Row& row : rows) {
    Served test(20);
    ASSERT_THAT(test.verdict(), HasSubstr("is intact"));
    const auto origin = test.log.origin;
    const auto signer = test.log.signer;
    test.log = row.later;
    test.log.origin = origin;
    test.log.signer = signer;
    test.serve();
    EXPECT_THAT(test.verdict(), HasSubstr(row.sentence)) << row.what;
  }
}

TEST(LogVerify, ReadsASavedCopyWithoutTheServer) {
  Served test(300);
  Desk desk = test.desk();
  const auto saved = save_log(desk);
  ASSERT_TRUE(saved.ok()) << saved.error().detail;
  test.server.away = true;
  EXPECT_EQ(verify_saved(desk, *saved)->answer, Answer::yes);
  std::string forged = *saved;
  forged.replace(forged.find("\\\"number\\\":257"), 14, "\\\"number\\\":752");
  EXPECT_THAT(verify_saved(desk, forged)->text, HasSubstr("entry 257 is not what was logged"));
}

TEST(LogProve, ProvesOneEntryFromAFewTiles) {
  Served test(600);
  Desk desk = test.desk();
  const auto proof = prove_entry(desk, 300);
  ASSERT_TRUE(proof.ok()) << proof.error().detail;
  EXPECT_EQ(test.server.sent("GET", "/log/tile/entries/000"), nullptr);
  test.server.away = true;
  const auto checked = verify_saved(desk, json::pretty(proof->document));
  ASSERT_TRUE(checked.ok()) << checked.error().detail;
  EXPECT_EQ(checked->answer, Answer::yes) << checked->text;
  json::Value forged = proof->document;
  forged["inclusion"][2] = crypto::sha256("forged").text();
  EXPECT_THAT(verify_saved(desk, json::pretty(forged))->text, HasSubstr("entry 300: "));
  test.server.away = false;
  EXPECT_EQ(prove_entry(desk, 600).error().code, ErrorCode::not_found);
}

TEST(LogProve, ProvesThePublicationOfARelease) {
  Served test(40);
  Desk desk = test.desk();
  const Digest release = crypto::sha256("release");
  test.server.answer("GET /api/v1/releases/" + escaped(release.text()), {{"log_entry", 7}});
  const auto proof = prove_release(desk, release);
  ASSERT_TRUE(proof.ok()) << proof.error().detail;
  EXPECT_EQ(proof->document.at("index"), 7);
}

}  // namespace
}  // namespace fb::publisher
