#include "crypto/key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "json/reader.h"

namespace fb::crypto {
namespace {

using EvpKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using EvpContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

json::Value key_document(std::string_view type, std::string_view scheme,
                         std::string_view public_text) {
  return {{"keytype", type}, {"scheme", scheme}, {"keyval", {{"public", public_text}}}};
}

EvpKey load(const PublicKey& key) {
  if (key.type == KeyType::ed25519) {
    const auto* raw = reinterpret_cast<const unsigned char*>(key.material.data());
    return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw, key.material.size()),
            EVP_PKEY_free};
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      BIO_new_mem_buf(key.material.data(), static_cast<int>(key.material.size())), BIO_free);
  return {PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
}

// One key is one key, however its PEM is spelled: its SubjectPublicKeyInfo in DER. Empty: OpenSSL
// cannot read it.
std::string identity(const PublicKey& key) {
  const EvpKey loaded = load(key);
  if (loaded == nullptr) return "";
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(loaded.get(), &der);
  if (length <= 0) return "";
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

bool of_type(const EVP_PKEY* key, KeyType type) {
  switch (type) {
    case KeyType::ed25519: return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    case KeyType::ecdsa_p256:
      return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 256;
    case KeyType::rsa_pss:
      return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048;
  }
  FB_CHECK(false);
}

bool prepare(EVP_MD_CTX* context, EVP_PKEY* key, KeyType type) {
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* hash = type == KeyType::ed25519 ? nullptr : EVP_sha256();
  if (EVP_DigestVerifyInit(context, &parameters, hash, nullptr, key) != 1) return false;
  if (type != KeyType::rsa_pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_AUTO) == 1;
}

struct Scheme {
  std::string_view keytype, scheme;
  KeyType type;
};
constexpr std::array kSchemes{
    Scheme{"ed25519", "ed25519", KeyType::ed25519},
    Scheme{"ecdsa", "ecdsa-sha2-nistp256", KeyType::ecdsa_p256},
    Scheme{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", KeyType::ecdsa_p256},
    Scheme{"rsa", "rsassa-pss-sha256", KeyType::rsa_pss},
};

}  // namespace

KeyId PublicKey::id() const { return sha256(json::canonical(document)).hex(); }

PublicKey ed25519_key(std::string_view raw32) {
  FB_CHECK(raw32.size() == 32);
  return {KeyType::ed25519, std::string(raw32), key_document("ed25519", "ed25519", to_hex(raw32))};
}

PublicKey ecdsa_key(std::string pem) {
  auto document = key_document("ecdsa", "ecdsa-sha2-nistp256", pem);
  return {KeyType::ecdsa_p256, std::move(pem), std::move(document)};
}

Result<PublicKey> decode_key(const json::Value& value) {
  json::Reader in(value, "key");
  const std::string keytype = in.string("keytype", 64);
  const std::string scheme = in.string("scheme", 64);
  json::Reader keyval = in.object("keyval");
  const std::string text = keyval.string("public", 8192);
  FB_TRY(in.done(json::UnknownFields::keep));
  if (!json::has_canonical_form(value)) {
    return Error{ErrorCode::malformed, "key: a number with a fraction gives it no id"};
  }

  for (const Scheme& known : kSchemes) {
    if (keytype != known.keytype || scheme != known.scheme) continue;
    PublicKey key{known.type, text, value};
    if (known.type == KeyType::ed25519) {
      FB_ASSIGN(key.material, from_hex(text));
      if (key.material.size() != 32)
        return Error{ErrorCode::malformed, "key: an Ed25519 key has 32 bytes"};
    }
    return key;
  }
  return Error{ErrorCode::unsupported, "key: type '" + keytype + "' with scheme '" + scheme + "'"};
}

bool verify(const PublicKey& key, std::string_view message, std::string_view signature) {
  const EvpKey loaded = load(key);
  if (loaded == nullptr || !of_type(loaded.get(), key.type)) return false;
  const EvpContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!prepare(context.get(), loaded.get(), key.type)) return false;
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

std::set<KeyId> valid_signers(const KeyMap& keys, const std::set<KeyId>& authorized,
                              std::string_view message, const std::vector<Signature>& signatures) {
  std::set<KeyId> signers;
  std::set<std::string> counted;  // identities: one key under two ids is one key
  for (const Signature& signature : signatures) {
    const auto key = keys.find(signature.key);
    if (!authorized.contains(signature.key) || key == keys.end()) continue;
    if (signers.contains(signature.key) || !verify(key->second, message, signature.bytes)) continue;
    if (counted.insert(identity(key->second)).second) signers.insert(signature.key);
  }
  return signers;
}

}  // namespace fb::crypto
