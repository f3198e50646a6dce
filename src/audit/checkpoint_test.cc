#include "audit/checkpoint.h"

#include <gtest/gtest.h>

#include "audit/log_sim_test.h"
#include "audit/note.h"
#include "audit/proved.h"
#include "base/bytes.h"
#include "base/limits.h"

namespace fb::audit {
namespace {

std::string signed_text(const std::string& text, const LogSimulator& log) {
  return encode(Note{text, {*sign_note(text, log.origin, log.signer)}});
}

std::string refused(const std::string& note, const statement::LogTrust& trust) {
  const auto opened = open_checkpoint(note, trust);
  return opened.ok() ? "" : std::string(name(opened.error().code));
}

TEST(Checkpoints, SayWhatWasSigned) {
  const LogSimulator log = log_of(300);
  const auto opened = open_checkpoint(log.checkpoint(), log.trust());
  ASSERT_TRUE(opened.ok()) << opened.error().detail;
  EXPECT_EQ(opened->tip, log.tip());
  EXPECT_EQ(opened->note, log.checkpoint());
  EXPECT_EQ(opened->note.substr(0, 26), "log.example/firebreak\n300\n");
}

TEST(Checkpoints, AreBelievedOnlyFromThisLogAndItsKeys) {
  const LogSimulator log = log_of(5);
  const std::string root = "fsVEwyuCqEkMNGeGAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string text = "log.example/firebreak\n5\n" + root + "\n";
  LogSimulator thief = log_of(5);
  thief.signer = crypto::TestSigner("thief");
  LogSimulator renamed = log_of(5);
  renamed.origin = "log.example/other";
  std::string edited = log.checkpoint();
  edited[edited.find("\n5\n") + 1] = '6';
  const struct {
    const char* what;
    std::string note;
    const char* code;
  } rows[] = {
      {"whole", signed_text(text, log), ""},
      {"extension lines", signed_text(text + "more\n", log), ""},
      {"another key", thief.checkpoint(), "bad_signature"},
      {"another name", renamed.checkpoint(), "bad_signature"},
      {"edited", edited, "bad_signature"},
      {"our key under another log's text",
       encode(Note{"other\n5\n" + root + "\n",
                   {*sign_note("other\n5\n" + root + "\n", log.origin, log.signer)}}),
       "mismatch"},
      {"no root", signed_text("log.example/firebreak\n5\n", log), "malformed"},
      {"a short root", signed_text("log.example/firebreak\n5\nAAAA\n", log), "malformed"},
      {"a zero before the size", signed_text("log.example/firebreak\n05\n" + root + "\n", log),
       "malformed"},
      {"a negative size", signed_text("log.example/firebreak\n-5\n" + root + "\n", log),
       "malformed"},
      {"a size beyond counting",
       signed_text("log.example/firebreak\n99999999999999999999\n" + root + "\n", log),
       "malformed"},
      {"unsigned", text, "malformed"},
  };
  for (const auto& row : rows) EXPECT_EQ(refused(row.note, log.trust()), row.code) << row.what;
}

// cosignature/v1: the time in eight bytes, then the signature over time and text.
NoteSignature cosign(const std::string& text, const std::string& name,
                     const crypto::TestSigner& witness, const std::string& claimed = "") {
  const std::string stamp("\0\0\0\0\x65\x53\xF1\x00", 8);
  const std::string message =
      "cosignature/v1\ntime 1700000000\n" + (claimed.empty() ? text : claimed);
  const Digest hash = crypto::sha256(name + "\n\4" + witness.key().material);
  return {name, std::string(reinterpret_cast<const char*>(hash.bytes.data()), 4) + stamp +
                    *witness.sign(message)};
}

TEST(Checkpoints, CountTheNamedWitnessesAndRefuseAForgedLineOfOne) {
  const LogSimulator log = log_of(9);
  const crypto::TestSigner witness("witness");
  auto trust = log.trust();
  trust.witnesses = {{"witness.example/w", witness.key()}};
  Note note = *parse_note(log.checkpoint());
  EXPECT_EQ(open_checkpoint(encode(note), trust)->witnesses, 0U);
  note.signatures.push_back(cosign(note.text, "witness.example/w", witness));
  EXPECT_EQ(open_checkpoint(encode(note), trust)->witnesses, 1U);
  EXPECT_EQ(open_checkpoint(encode(note), log.trust())->witnesses, 0U) << "nobody named it";
  note.signatures.back() = cosign(note.text, "witness.example/w", witness, "another\n");
  EXPECT_EQ(refused(encode(note), trust), "bad_signature");
  EXPECT_EQ(refused(encode(note), log.trust()), "") << "a stranger's line is ignored";
}

TEST(ProvedEntries, OpenWhereTheyStandAndNowhereElse) {
  const LogSimulator log = log_of(300);
  const ProvedEntry proved{257, log.entries[257], log.inclusion(257)};
  const auto entry = open_proved(proved, log.tip());
  ASSERT_TRUE(entry.ok()) << entry.error().detail;
  EXPECT_EQ(entry->data.at("number"), 257);
  for (std::size_t at = 0; at < proved.entry.size(); ++at) {
    ProvedEntry edited = proved;
    edited.entry[at] ^= 1;
    EXPECT_FALSE(open_proved(edited, log.tip()).ok()) << at;
  }
  EXPECT_FALSE(open_proved({258, proved.entry, proved.inclusion}, log.tip()).ok());
  EXPECT_FALSE(open_proved(proved, log.tip(299)).ok());
}

TEST(Entries, SurviveTheRoundTrip) {
  const Entry entry{41, Instant{1'721'362'140'123}, "dispatch", {{"rollout", 7}}};
  const auto again = decode_entry(encode(entry));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->at.ms, entry.at.ms);
  EXPECT_EQ(encode(*again), encode(entry));
}

TEST(Entries, CarryAnObject) {
  json::Value value = *json::parse(encode(Entry{0, {}, "x", json::Value::object()}));
  ASSERT_TRUE(decode_entry(json::compact(value)).ok());
  for (const char* data : {"[]", "1", "null", "\"text\""}) {
    value["data"] = *json::parse(data);
    EXPECT_FALSE(decode_entry(json::compact(value)).ok()) << data;
  }
}

TEST(Entries, ThatWouldBeTooLongSayWhatTheyLeftOut) {
  const json::Value data{{"envelope", std::string(70'000, 'x')}};
  const std::string bytes = encode(Entry{3, {}, "policy", data});
  EXPECT_LE(bytes.size(), limits::kLogEntryBytes);
  const auto entry = decode_entry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.error().detail;
  EXPECT_EQ(entry->data.at("left_out"), crypto::sha256(json::compact(data)).text());
}

}  // namespace
}  // namespace fb::audit
