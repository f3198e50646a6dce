#include "statement/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "crypto/signer_test.h"

namespace fb::statement {
namespace {

using crypto::TestSigner;
using testing::HasSubstr;

const std::string kArmored =
    "-----BEGIN PGP SIGNATURE-----\n\niHUEABYIAB0=\n=CBc1\n-----END PGP SIGNATURE-----\n";

Evidence evidence() {
  return {{"channel.bin", crypto::sha256("rules")},
          OpenPgpSignature{kArmored, std::string(40, 'A'), "gpgv (GnuPG) 2.2.40"}};
}

People people(const TestSigner& ann, const TestSigner& bob) {
  const auto person = [](const char* id, const TestSigner& signer) {
    return Person{*PersonId::parse(id), {Role::reviewer}, {{signer.key().id(), signer.key()}}};
  };
  return {{person("ann", ann), person("bob", bob)}};
}

// The document with one change.
std::string changed(const std::function<void(json::Value&)>& change) {
  json::Value value = *json::parse(encode(evidence()));
  change(value);
  return json::pretty(value);
}

TEST(Evidence, IsAnInTotoStatementAboutOneArtifact) {
  const json::Value value = *json::parse(encode(evidence()));
  EXPECT_EQ(value["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(value["subject"].size(), 1U);
  EXPECT_EQ(value["subject"][0]["digest"]["sha256"], crypto::sha256("rules").hex());
  const auto again = decode_evidence(encode(evidence()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(evidence()));
}

TEST(Evidence, IsRefusedWithTheFieldThatIsWrong) {
  using Change = std::function<void(json::Value&)>;
  struct Row {
    const char* what;
    Change change;
    const char* detail;
  };
  const Row rows[] = {
      {"another statement", [](auto& v) { v["_type"] = "https://in-toto.io/Statement/v0.1"; },
       "evidence._type"},
      {"no subject", [](auto& v) { v["subject"] = json::Value::array(); }, "exactly one artifact"},
      {"two subjects", [](auto& v) { v["subject"].push_back(v["subject"][0]); },
       "evidence.subject"},
      {"another hash",
       [](auto& v) {
         v["subject"][0]["digest"] = {{"sha512", std::string(128, 'a')}};
       },
       "sha256"},
      {"a hash beside it", [](auto& v) { v["subject"][0]["digest"]["sha1"] = "00"; }, "sha1"},
      {"a short digest", [](auto& v) { v["subject"][0]["digest"]["sha256"] = "ab"; }, "sha256"},
      {"another kind of evidence", [](auto& v) { v["predicateType"] = "https://slsa.dev/x"; },
       "evidence of type 'https://slsa.dev/x'"},
      {"a key id for a fingerprint",
       [](auto& v) { v["predicate"]["fingerprint"] = std::string(16, 'A'); }, "fingerprint"},
      {"a fingerprint in small letters",
       [](auto& v) { v["predicate"]["fingerprint"] = std::string(40, 'a'); }, "fingerprint"},
      {"no armor", [](auto& v) { v["predicate"]["signature"] = "iHUEABYIAB0="; }, "armored"},
      {"an unknown field", [](auto& v) { v["predicate"]["surprise"] = 1; }, "surprise"},
  };
  for (const Row& row : rows) {
    const auto decoded = decode_evidence(changed(row.change));
    ASSERT_FALSE(decoded.ok()) << row.what;
    EXPECT_THAT(decoded.error().detail, HasSubstr(row.detail)) << row.what;
  }
}

TEST(Evidence, TakesOneArmoredDetachedSignatureAndNothingAroundIt) {
  struct Row {
    const char* what;
    std::string signature;
    bool taken;
  };
  const std::string message = "-----BEGIN PGP MESSAGE-----\n\nxx\n-----END PGP MESSAGE-----\n";
  const std::string start = kArmored.substr(0, 40);
  const Row rows[] = {
      {"one", kArmored, true},
      {"with no end of line", kArmored.substr(0, kArmored.size() - 1), true},
      {"with the ends of lines of another system", kArmored + "\r\n", true},
      {"two", kArmored + kArmored, false},
      {"something before it", "x" + kArmored, false},
      {"something after it", kArmored + "x", false},
      {"a whole message", message, false},
      {"a signed text, signature at its end",
       "-----BEGIN PGP SIGNED MESSAGE-----\n\ntext\n" + kArmored, false},
      {"cut short", start, false},
      {"nothing", "", false},
      {"bytes inside", start + std::string(1, '\0') + kArmored.substr(40), false},
      {"too long", start + std::string(limits::kOpenPgpBytes, 'x') + kArmored.substr(40), false},
  };
  for (const Row& row : rows) EXPECT_EQ(check_armor(row.signature).ok(), row.taken) << row.what;
}

TEST(Evidence, CountsOnlyUnderTheSignatureOfSomebodyWeKnow) {
  const TestSigner ann{"ann"}, bob{"bob"}, stranger{"stranger"};
  const People known = people(ann, bob);
  const auto outcome = [&](const Envelope& envelope) {
    const auto found = verify_evidence(envelope, known);
    return found.ok() ? found->person.text() : std::string(name(found.error().code));
  };
  const Envelope good = *seal(kInTotoType, encode(evidence()), bob);
  EXPECT_EQ(outcome(good), "bob");
  EXPECT_EQ(outcome(*seal(kInTotoType, encode(evidence()), stranger)), "bad_signature");
  EXPECT_EQ(outcome(*seal(kPersonType, encode(evidence()), bob)), "mismatch") << "another type";
  Envelope bent = good;
  bent.payload += " ";
  EXPECT_EQ(outcome(bent), "bad_signature");
  Envelope bare = good;
  bare.signatures.clear();
  EXPECT_EQ(outcome(bare), "bad_signature");
  EXPECT_EQ(outcome(*add_signature(good, stranger)), "malformed") << "a signature nobody checked";
}

TEST(Evidence, IsNotReadBeforeItsSignatureIsChecked) {
  const TestSigner ann{"ann"}, bob{"bob"}, stranger{"stranger"};
  const auto outcome = [&](const TestSigner& signer) {
    return verify_evidence(*seal(kInTotoType, "{ no JSON", signer), people(ann, bob)).error().code;
  };
  EXPECT_EQ(outcome(stranger), ErrorCode::bad_signature);
  EXPECT_EQ(outcome(ann), ErrorCode::malformed);
}

}  // namespace
}  // namespace fb::statement
