#include "keyfile/keyfile.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>

namespace fb::keyfile {
namespace {

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Pkcs8 = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using Sealed = Owned<X509_SIG, X509_SIG_free>;
using Memory = Owned<BIO, BIO_free_all>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr std::string_view kPlainBegin = "-----BEGIN PRIVATE KEY-----";
constexpr std::string_view kSealedBegin = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

// 16 MiB and about 50 ms for each guess: scrypt (RFC 7914) as `openssl pkcs8 -scrypt` uses it.
// OpenSSL refuses to decrypt where more than 32 MiB are asked for.
constexpr std::uint64_t kScryptN = 1U << 14U;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;

Error openssl_failed(std::string_view doing) {
  const unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return {ErrorCode::io_failed,
          std::string(doing) + ": " + (reason == nullptr ? "failed" : reason)};
}

Error damaged(std::string_view what) {
  ERR_clear_error();
  return {ErrorCode::malformed, std::string(what)};
}

Memory reading(std::string_view bytes) {
  return Memory(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string written(BIO* memory) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(length)};
}

Result<crypto::PublicKey> public_half(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
    std::array<unsigned char, 32> raw{};
    std::size_t length = raw.size();
    if (EVP_PKEY_get_raw_public_key(key, raw.data(), &length) != 1 || length != raw.size())
      return openssl_failed("reading the public key");
    return crypto::ed25519_key({reinterpret_cast<const char*>(raw.data()), raw.size()});
  }
  std::array<char, 64> group{};
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == SN_X9_62_prime256v1) {
    const Memory pem(BIO_new(BIO_s_mem()));
    if (pem == nullptr || PEM_write_bio_PUBKEY(pem.get(), key) != 1)
      return openssl_failed("writing the public key");
    return crypto::ecdsa_key(written(pem.get()));
  }
  return Error{ErrorCode::unsupported,
               "a private key of another kind; Ed25519 and ECDSA on P-256 are known"};
}

class KeySigner final : public crypto::Signer {
 public:
  KeySigner(Key secret, crypto::PublicKey key) : secret_(std::move(secret)), key_(std::move(key)) {}

  [[nodiscard]] const crypto::PublicKey& key() const override { return key_; }

  [[nodiscard]] Result<std::string> sign(std::string_view message) const override {
    const DigestContext context(EVP_MD_CTX_new());
    const EVP_MD* hash = key_.type == crypto::KeyType::ed25519 ? nullptr : EVP_sha256();
    if (context == nullptr ||
        EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, secret_.get()) != 1)
      return openssl_failed("signing");
    std::size_t length = 0;
    if (EVP_DigestSign(context.get(), nullptr, &length, data(message), message.size()) != 1)
      return openssl_failed("signing");
    std::string signature(length, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), out, &length, data(message), message.size()) != 1)
      return openssl_failed("signing");
    signature.resize(length);  // DER is at most what was asked for
    return signature;
  }

 private:
  static const unsigned char* data(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
  }

  Key secret_;  // OpenSSL wipes it when it frees it
  crypto::PublicKey key_;
};

Result<Sealed> seal(PKCS8_PRIV_KEY_INFO* plain, std::string_view passphrase) {
  std::array<unsigned char, 16> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return openssl_failed("drawing a salt");
  // Owned by what PKCS8_set0_pbe makes of it.
  X509_ALGOR* terms =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), static_cast<int>(salt.size()), nullptr,
                            kScryptN, kScryptR, kScryptP);
  if (terms == nullptr) return openssl_failed("preparing scrypt");
  Sealed sealed(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain, terms));
  if (sealed != nullptr) return sealed;
  X509_ALGOR_free(terms);
  return openssl_failed("encrypting the key");
}

Result<std::string> to_pem(EVP_PKEY* key, std::string_view passphrase) {
  const Pkcs8 plain(EVP_PKEY2PKCS8(key));
  // Secure memory: wiped when it is freed.
  const Memory pem(BIO_new(BIO_s_secmem()));
  if (plain == nullptr || pem == nullptr) return openssl_failed("encoding the key");
  if (passphrase.empty()) {
    if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(pem.get(), plain.get()) != 1)
      return openssl_failed("encoding the key");
    return written(pem.get());
  }
  FB_ASSIGN(const Sealed sealed, seal(plain.get(), passphrase));
  if (PEM_write_bio_PKCS8(pem.get(), sealed.get()) != 1) return openssl_failed("encoding the key");
  return written(pem.get());
}

Result<Pkcs8> unseal(std::string_view pem, std::string_view passphrase) {
  if (passphrase.empty())
    return Error{ErrorCode::bad_usage, "the private key is encrypted; give its passphrase"};
  const Sealed sealed(PEM_read_bio_PKCS8(reading(pem).get(), nullptr, nullptr, nullptr));
  if (sealed == nullptr) return damaged("the encrypted private key is damaged");
  Pkcs8 plain(PKCS8_decrypt(sealed.get(), passphrase.data(), static_cast<int>(passphrase.size())));
  if (plain != nullptr) return plain;
  ERR_clear_error();
  return Error{ErrorCode::unauthenticated, "wrong passphrase for the private key"};
}

Result<Pkcs8> open_pem(std::string_view pem, std::string_view passphrase) {
  if (pem.find(kSealedBegin) != std::string_view::npos) return unseal(pem, passphrase);
  if (pem.find(kPlainBegin) == std::string_view::npos) {
    return Error{ErrorCode::malformed, "not a private key: expected PKCS#8 PEM, which begins '" +
                                           std::string(kPlainBegin) + "' or '" +
                                           std::string(kSealedBegin) + "'"};
  }
  Pkcs8 plain(PEM_read_bio_PKCS8_PRIV_KEY_INFO(reading(pem).get(), nullptr, nullptr, nullptr));
  if (plain == nullptr) return damaged("the private key is damaged");
  return plain;
}

Result<Key> make_key(crypto::KeyType type) {
  Key key;
  switch (type) {
    case crypto::KeyType::ed25519: key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); break;
    case crypto::KeyType::ecdsa_p256: key.reset(EVP_EC_gen("P-256")); break;
    case crypto::KeyType::rsa_pss:
      return Error{ErrorCode::unsupported, "RSA keys are verified but not made; choose Ed25519"};
  }
  if (key == nullptr) return openssl_failed("making a key");
  return key;
}

}  // namespace

Result<NewKey> generate(crypto::KeyType type, std::string_view passphrase) {
  FB_ASSIGN(const Key key, make_key(type));
  FB_ASSIGN(crypto::PublicKey half, public_half(key.get()));
  FB_ASSIGN(std::string pem, to_pem(key.get(), passphrase));
  return NewKey{std::move(pem), std::move(half)};
}

Result<std::unique_ptr<crypto::Signer>> load_signer(std::string_view pem,
                                                    std::string_view passphrase) {
  FB_ASSIGN(const Pkcs8 plain, open_pem(pem, passphrase));
  Key key(EVP_PKCS82PKEY(plain.get()));
  if (key == nullptr) return damaged("the private key is damaged, or of a kind not known here");
  FB_ASSIGN(crypto::PublicKey half, public_half(key.get()));
  return std::unique_ptr<crypto::Signer>(
      std::make_unique<KeySigner>(std::move(key), std::move(half)));
}

}  // namespace fb::keyfile
