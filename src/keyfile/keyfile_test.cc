#include "keyfile/keyfile.h"

#include <gtest/gtest.h>

namespace fb::keyfile {
namespace {

using crypto::KeyType;

class EveryType : public testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(Keys, EveryType, testing::Values(KeyType::ed25519, KeyType::ecdsa_p256));

TEST_P(EveryType, SignaturesOfAGeneratedKeyVerifyWithItsPublicHalf) {
  const auto made = generate(GetParam(), "");
  ASSERT_TRUE(made.ok()) << made.error().detail;
  const auto signer = load_signer(made->pem, "");
  ASSERT_TRUE(signer.ok()) << signer.error().detail;
  const auto signature = (*signer)->sign("a message");
  ASSERT_TRUE(signature.ok()) << signature.error().detail;
  EXPECT_TRUE(crypto::verify(made->key, "a message", *signature));
  EXPECT_FALSE(crypto::verify(made->key, "another message", *signature));
}

TEST_P(EveryType, TheLoadedKeyHasTheSameId) {
  const auto made = generate(GetParam(), "correct horse");
  ASSERT_TRUE(made.ok()) << made.error().detail;
  const auto signer = load_signer(made->pem, "correct horse");
  ASSERT_TRUE(signer.ok()) << signer.error().detail;
  EXPECT_EQ((*signer)->key().id(), made->key.id());
  EXPECT_EQ((*signer)->key().type, GetParam());
}

TEST_P(EveryType, APassphraseEncryptsThePem) {
  const auto made = generate(GetParam(), "correct horse");
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
}

TEST(Keyfile, EachGeneratedKeyIsAnother) {
  EXPECT_NE(generate(KeyType::ed25519, "")->key.id(), generate(KeyType::ed25519, "")->key.id());
}

TEST(Keyfile, RsaIsNotMade) {
  const auto made = generate(KeyType::rsa_pss, "");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::unsupported);
}

std::string with_middle_changed(std::string pem) {
  // In the second line of base64, where no tag or length stands.
  pem[pem.find('\n', pem.find('\n') + 1) + 20] ^= 3;
  return pem;
}

TEST(Keyfile, SaysWhatIsWrongWithAPrivateKey) {
  const std::string sealed = generate(KeyType::ed25519, "right")->pem;
  const std::string plain = generate(KeyType::ed25519, "")->pem;
  const std::string other =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIChsOrqvsJ6uqJ6Vqv0pyFbqlkrqgQHkJbYb8CVkvGpR\n"
      "-----END PRIVATE KEY-----\n";  // X25519: agrees on keys, cannot sign
  const struct {
    const char* name;
    std::string pem, passphrase;
    ErrorCode code;
  } kCases[] = {
      {"no passphrase", sealed, "", ErrorCode::bad_usage},
      {"wrong passphrase", sealed, "wrong", ErrorCode::unauthenticated},
      {"cut short", sealed.substr(0, 120), "right", ErrorCode::malformed},
      {"plain and cut short", plain.substr(0, 50), "", ErrorCode::malformed},
      {"not PEM", "hello", "", ErrorCode::malformed},
      {"empty", "", "", ErrorCode::malformed},
      {"a public key", generate(KeyType::ecdsa_p256, "")->key.material, "", ErrorCode::malformed},
      {"another kind", other, "", ErrorCode::unsupported},
  };
  for (const auto& each : kCases) {
    const auto signer = load_signer(each.pem, each.passphrase);
    ASSERT_FALSE(signer.ok()) << each.name;
    EXPECT_EQ(signer.error().code, each.code) << each.name << ": " << signer.error().detail;
  }
}

TEST(Keyfile, APassphraseForAPlainKeyIsIgnored) {
  EXPECT_TRUE(load_signer(generate(KeyType::ed25519, "")->pem, "unneeded").ok());
}

TEST(Keyfile, ADamagedEncryptedKeyIsNeverLoadedAsAnotherKey) {
  const auto made = generate(KeyType::ed25519, "right");
  const auto signer = load_signer(with_middle_changed(made->pem), "right");
  EXPECT_TRUE(!signer.ok() || (*signer)->key().id() == made->key.id());
}

}  // namespace
}  // namespace fb::keyfile
