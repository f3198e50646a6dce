// A signer whose key is made of a name, so that every run signs alike. For simulated vendors only:
// whoever knows the name has the key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace fb::exact {

// Ed25519 with the SHA-256 of the name as its seed.
class SeededSigner final : public crypto::Signer {
 public:
  explicit SeededSigner(const std::string& name);
  ~SeededSigner() override;
  SeededSigner(const SeededSigner&) = delete;
  SeededSigner& operator=(const SeededSigner&) = delete;

  [[nodiscard]] const crypto::PublicKey& key() const override { return key_; }
  [[nodiscard]] Result<std::string> sign(std::string_view message) const override;

 private:
  struct Private;
  std::unique_ptr<Private> private_;
  crypto::PublicKey key_;
};

}  // namespace fb::exact
