#include "statement/envelope.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/signer_test.h"

namespace fb::statement {
namespace {

using crypto::TestSigner;

Signers signers(const std::vector<const TestSigner*>& who, int threshold) {
  Signers out{{}, {}, threshold};
  for (const TestSigner* signer : who) {
    out.keys.emplace(signer->key().id(), signer->key());
    out.authorized.insert(signer->key().id());
  }
  return out;
}

class Envelopes : public ::testing::Test {
 protected:
  const TestSigner ann{"ann"}, bob{"bob"};
  Envelope sealed = *seal(kPermitType, "{\"a\":1}", ann);

  static std::string outcome(const Envelope& envelope, std::string_view type, const Signers& by) {
    const auto payload = open(envelope, type, by);
    return payload.ok() ? *payload : std::string(name(payload.error().code));
  }
};

TEST_F(Envelopes, OpenForTheTypeAndKeyTheyWereSealedWith) {
  EXPECT_EQ(outcome(sealed, kPermitType, signers({&ann}, 1)), "{\"a\":1}");
}

TEST_F(Envelopes, OfOneTypeAreNeverTakenForAnother) {
  EXPECT_EQ(outcome(sealed, kPersonType, signers({&ann}, 1)), "mismatch");
  Envelope renamed = sealed;
  renamed.type = kPersonType;
  EXPECT_EQ(outcome(renamed, kPersonType, signers({&ann}, 1)), "bad_signature");
}

// The lengths of the pre-authentication encoding keep type and payload apart.
TEST_F(Envelopes, NeverShiftBytesBetweenTypeAndPayload) {
  const Envelope joined = *seal("a", "b c", ann);
  EXPECT_EQ(outcome({"a b", "c", joined.signatures}, "a b", signers({&ann}, 1)), "bad_signature");
}

TEST_F(Envelopes, NoticeEveryChangedByte) {
  for (std::size_t i = 0; i < sealed.payload.size(); ++i) {
    Envelope tampered = sealed;
    tampered.payload[i] = static_cast<char>(tampered.payload[i] ^ 1);
    EXPECT_EQ(outcome(tampered, kPermitType, signers({&ann}, 1)), "bad_signature") << i;
  }
  Envelope longer = sealed;
  longer.payload += ' ';
  EXPECT_EQ(outcome(longer, kPermitType, signers({&ann}, 1)), "bad_signature");
}

TEST_F(Envelopes, NeedAsManyKeysAsTheThreshold) {
  const Signers two = signers({&ann, &bob}, 2);
  EXPECT_EQ(outcome(sealed, kPermitType, two), "bad_signature");
  Envelope both = sealed;
  both.signatures.push_back(seal(kPermitType, "{\"a\":1}", bob)->signatures[0]);
  EXPECT_EQ(outcome(both, kPermitType, two), "{\"a\":1}");
  EXPECT_EQ(signed_by(both, two).size(), 2U);
}

TEST_F(Envelopes, CountAKeyThatSignsTwiceOnce) {
  Envelope twice = sealed;
  twice.signatures.push_back(twice.signatures[0]);
  EXPECT_EQ(outcome(twice, kPermitType, signers({&ann, &bob}, 2)), "bad_signature");
}

TEST_F(Envelopes, CountNoKeyThatIsNotAuthorized) {
  Signers known = signers({&ann, &bob}, 1);
  known.authorized.erase(ann.key().id());
  EXPECT_EQ(outcome(sealed, kPermitType, known), "bad_signature");
}

TEST_F(Envelopes, CountNoSignatureUnderAnotherKeysName) {
  Envelope forged = sealed;
  forged.signatures[0].key = bob.key().id();
  EXPECT_EQ(outcome(forged, kPermitType, signers({&ann, &bob}, 1)), "bad_signature");
}

TEST_F(Envelopes, WithoutSignaturesOpenForNobody) {
  Envelope bare = sealed;
  bare.signatures.clear();
  EXPECT_EQ(outcome(bare, kPermitType, signers({&ann}, 1)), "bad_signature");
}

TEST_F(Envelopes, SurviveTheRoundTrip) {
  sealed.payload = std::string("\x00\xff\n", 3);
  const auto again = parse_envelope(json::compact(encode(sealed)));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->type, sealed.type);
  EXPECT_EQ(again->payload, sealed.payload);
  EXPECT_EQ(again->signatures[0].bytes, sealed.signatures[0].bytes);
}

TEST_F(Envelopes, RefuseWhatTheFormatForbids) {
  const json::Value good = encode(sealed);
  ASSERT_TRUE(decode_envelope(good).ok());
  json::Value many = good;
  many["signatures"] = json::Value::array();
  for (std::size_t i = 0; i <= limits::kSignatures; ++i) {
    many["signatures"].push_back(good["signatures"][0]);
  }
  json::Value loose = good;
  loose["payload"] = "Zg";
  json::Value extra = good;
  extra["signatures"][0]["cert"] = "x";
  json::Value untyped = good;
  untyped.erase("payloadType");
  for (const json::Value& bad : {many, loose, extra, untyped, json::Value("{}"), json::Value()}) {
    const auto envelope = decode_envelope(bad);
    ASSERT_FALSE(envelope.ok()) << bad;
    EXPECT_EQ(envelope.error().code, ErrorCode::malformed);
  }
}

}  // namespace
}  // namespace fb::statement
