// A signer for tests: its key is made of its name, so everybody knows it and every run signs alike.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/key.h"
#include "crypto/sha256.h"

namespace fb::crypto {

// Ed25519 with the SHA-256 of a name as its seed.
class TestSigner final : public Signer {
 public:
  explicit TestSigner(const std::string& name)
      : seed_(sha256(name)), key_(ed25519_key(public_half())) {}

  [[nodiscard]] const PublicKey& key() const override { return key_; }
  [[nodiscard]] Result<std::string> sign(std::string_view message) const override {
    const Pkey pkey = load();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    std::array<unsigned char, 64> out{};
    std::size_t length = out.size();
    FB_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1);
    FB_CHECK(EVP_DigestSign(context.get(), out.data(), &length,
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1);
    return std::string(reinterpret_cast<const char*>(out.data()), length);
  }

 private:
  using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  [[nodiscard]] Pkey load() const {
    Pkey pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.bytes.data(),
                                           seed_.bytes.size()),
              EVP_PKEY_free);
    FB_CHECK(pkey != nullptr);
    return pkey;
  }
  [[nodiscard]] std::string public_half() const {
    std::array<unsigned char, 32> out{};
    std::size_t length = out.size();
    FB_CHECK(EVP_PKEY_get_raw_public_key(load().get(), out.data(), &length) == 1 &&
             length == out.size());
    return {reinterpret_cast<const char*>(out.data()), length};
  }

  Digest seed_;
  PublicKey key_;
};

}  // namespace fb::crypto
