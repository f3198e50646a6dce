#include "audit/note.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "crypto/signer_test.h"

namespace fb::audit {
namespace {

// The example of the signed-note package of Go (golang.org/x/mod/sumdb/note), which the
// specification is written after.
const std::string kExampleText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kExample =
    kExampleText +
    "\n\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
constexpr const char* kExampleKey = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

crypto::PublicKey example_key() { return crypto::ed25519_key(from_base64(kExampleKey)->substr(1)); }

TEST(Notes, OpenTheExampleOfOthers) {
  const auto note = parse_note(kExample);
  ASSERT_TRUE(note.ok()) << note.error().detail;
  EXPECT_EQ(note->text, kExampleText);
  EXPECT_EQ(seal_of(*note, LineOf::log, "PeterNeumann", example_key()), Seal::valid);
  EXPECT_EQ(encode(*note), kExample);
  EXPECT_EQ(verifier_key("PeterNeumann", example_key()),
            "PeterNeumann+c74f20a3+" + std::string(kExampleKey));
}

TEST(Notes, BelieveNobodyElse) {
  auto note = *parse_note(kExample);
  EXPECT_EQ(seal_of(note, LineOf::log, "EnochRoot", example_key()), Seal::absent);
  EXPECT_EQ(seal_of(note, LineOf::log, "PeterNeumann", crypto::TestSigner("x").key()),
            Seal::absent);
  EXPECT_EQ(seal_of(note, LineOf::witness, "PeterNeumann", example_key()), Seal::absent);
  note.text[3] = 'X';
  EXPECT_EQ(seal_of(note, LineOf::log, "PeterNeumann", example_key()), Seal::invalid);
}

TEST(Notes, KeepLinesOfSignersTheyDoNotKnow) {
  const crypto::TestSigner signer("log");
  Note note{"a text\n", {*sign_note("a text\n", "log.example", signer)}};
  note.signatures.insert(note.signatures.begin(), {"somebody", "1234 and more"});
  const auto again = parse_note(encode(note));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->signatures.size(), 2U);
  EXPECT_EQ(seal_of(*again, LineOf::log, "log.example", signer.key()), Seal::valid);
}

TEST(Notes, OneValidLineCountsBesideAForgedOne) {
  const crypto::TestSigner signer("log");
  Note note{"a text\n", {*sign_note("another\n", "log.example", signer)}};
  EXPECT_EQ(seal_of(note, LineOf::log, "log.example", signer.key()), Seal::invalid);
  note.signatures.push_back(*sign_note("a text\n", "log.example", signer));
  EXPECT_EQ(seal_of(note, LineOf::log, "log.example", signer.key()), Seal::valid);
}

TEST(Notes, AreRefusedInAnyOtherShape) {
  const std::string line = kExample.substr(kExample.find("\n\n") + 2);
  const std::string dash = "\xE2\x80\x94 ";
  const struct {
    const char* what;
    std::string bytes;
  } rows[] = {
      {"nothing", ""},
      {"no signatures", "text\n\n"},
      {"no empty line", "text\n" + line},
      {"no last newline", kExample.substr(0, kExample.size() - 1)},
      {"no dash", "text\n\nPeterNeumann AAAA\n"},
      {"no name", "text\n\n" + dash + " AAAABBBB\n"},
      {"a name with a plus", "text\n\n" + dash + "a+b AAAABBBB\n"},
      {"no base64", "text\n\n" + dash + "a !!!!\n"},
      {"too short", "text\n\n" + dash + "a AAAA\n"},
      {"a control character", "te\txt\n\n" + line},
      {"a carriage return", "text\r\n\n" + line},
      {"no UTF-8", "te\xFFxt\n\n" + line},
      {"UTF-8 cut short", "text\xE2\x80\n\n" + line},
      {"too long", std::string(20'000, 'x') + "\n\n" + line},
      {"too many signatures",
       [&] {
         std::string bytes = "text\n\n";
         for (int i = 0; i < 65; ++i) bytes += line;
         return bytes;
       }()},
  };
  for (const auto& row : rows) EXPECT_FALSE(parse_note(row.bytes).ok()) << row.what;
}

}  // namespace
}  // namespace fb::audit
