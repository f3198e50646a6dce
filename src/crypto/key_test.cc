#include "crypto/key.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace fb::crypto {
namespace {

using EvpKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

EvpKey ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }
EvpKey p256() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free}; }

PublicKey public_of(const EvpKey& key) {
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519) {
    std::string raw(32, '\0');
    std::size_t length = raw.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &length);
    return ed25519_key(raw);
  }
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key.get());
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<std::size_t>(length));
  BIO_free(bio);
  return ecdsa_key(pem);
}

std::string sign(const EvpKey& key, std::string_view message) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool ec = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC;
  EVP_DigestSignInit(context, nullptr, ec ? EVP_sha256() : nullptr, nullptr, key.get());
  std::string signature(256, '\0');
  std::size_t length = signature.size();
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                 reinterpret_cast<const unsigned char*>(message.data()), message.size());
  EVP_MD_CTX_free(context);
  signature.resize(length);
  return signature;
}

TEST(Sha256, GivesTheDigestsOfFips180) {
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, IsTheSameInPieces) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(Key, VerifiesTheFirstVectorOfRfc8032) {
  const auto key =
      ed25519_key(*from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  const auto signature = *from_hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_TRUE(verify(key, "", signature));
  EXPECT_FALSE(verify(key, "x", signature));
}

TEST(Key, RefusesASignatureWithAnyBitFlipped) {
  for (const EvpKey& secret : {ed25519(), p256()}) {
    const PublicKey key = public_of(secret);
    std::string signature = sign(secret, "message");
    ASSERT_TRUE(verify(key, "message", signature));
    signature[signature.size() / 2] = static_cast<char>(signature[signature.size() / 2] ^ 1);
    EXPECT_FALSE(verify(key, "message", signature));
    EXPECT_FALSE(verify(key, "message", ""));
  }
}

TEST(Key, SurvivesItsDocumentAndKeepsItsId) {
  for (const EvpKey& secret : {ed25519(), p256()}) {
    const PublicKey key = public_of(secret);
    const auto again = decode_key(key.document);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->id(), key.id());
    EXPECT_EQ(again->material, key.material);
  }
}

TEST(Key, RefusesTypesThatItDoesNotKnow) {
  const auto key =
      decode_key({{"keytype", "dsa"}, {"scheme", "dsa"}, {"keyval", {{"public", "x"}}}});
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, ErrorCode::unsupported);
}

TEST(Threshold, CountsOneKeyOnceUnderTwoIdsAndTwoSpellings) {
  const EvpKey secret = p256();
  const PublicKey key = public_of(secret);
  PublicKey spelled_otherwise = key;
  spelled_otherwise.material = "a comment before the PEM\n" + key.material;
  const std::string signature = sign(secret, "message");
  const KeyMap keys{{"one", key}, {"two", spelled_otherwise}};
  EXPECT_EQ(valid_signers(keys, {"one", "two"}, "message", {{"one", signature}, {"two", signature}})
                .size(),
            1U);
}

TEST(Threshold, CountsOnlyAuthorizedKeys) {
  const EvpKey a = ed25519(), b = ed25519();
  const KeyMap keys{{"a", public_of(a)}, {"b", public_of(b)}};
  const std::vector<Signature> signatures{
      {"a", sign(a, "m")}, {"b", sign(b, "m")}, {"a", sign(a, "m")}};
  EXPECT_EQ(valid_signers(keys, {"a", "b"}, "m", signatures).size(), 2U);
  EXPECT_EQ(valid_signers(keys, {"a"}, "m", signatures), std::set<KeyId>{"a"});
  EXPECT_TRUE(valid_signers(keys, {"a", "b"}, "another message", signatures).empty());
}

TEST(ConstantTime, ComparesContentAndLength) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secrets"));
}

}  // namespace
}  // namespace fb::crypto
