#include "exact/seeded_signer.h"

#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "crypto/sha256.h"

namespace fb::exact {

struct SeededSigner::Private {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{nullptr, EVP_PKEY_free};

  [[nodiscard]] std::string public_half() const {
    std::array<unsigned char, 32> out{};
    std::size_t length = out.size();
    FB_CHECK(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &length) == 1);
    return {reinterpret_cast<const char*>(out.data()), length};
  }
};

SeededSigner::SeededSigner(const std::string& name) : private_(std::make_unique<Private>()) {
  const Digest seed = crypto::sha256(name);
  private_->key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes.data(),
                                                   seed.bytes.size()));
  FB_CHECK(private_->key != nullptr);
  key_ = crypto::ed25519_key(private_->public_half());
}

SeededSigner::~SeededSigner() = default;

Result<std::string> SeededSigner::sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::array<unsigned char, 64> out{};
  std::size_t length = out.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const bool signed_it =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, private_->key.get()) == 1 &&
      EVP_DigestSign(context.get(), out.data(), &length, bytes, message.size()) == 1;
  if (!signed_it) return Error{ErrorCode::io_failed, "OpenSSL did not sign"};
  return std::string(reinterpret_cast<const char*>(out.data()), length);
}

}  // namespace fb::exact
