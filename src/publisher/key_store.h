// The door to private keys: where they are made and how they come to sign.
//
// Implemented in main over PKCS#8 files, with a passphrase from the environment or a terminal;
// tests have their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/key.h"

namespace fb::publisher {

struct NewKey {
  std::string pem;  // secret
  crypto::PublicKey key;
};

// plain: for keys of programs that start unattended, and for the lab.
enum class Protection : std::uint8_t { plain, passphrase };

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  // An Ed25519 key. Errors: bad_usage (no passphrase can be had), io_failed.
  virtual Result<NewKey> generate(Protection protection) = 0;
  // `what` names the key when a passphrase is asked for. Errors: bad_usage, unauthenticated,
  // malformed, unsupported.
  virtual Result<std::unique_ptr<crypto::Signer>> open(std::string_view pem,
                                                       std::string_view what) = 0;
};

}  // namespace fb::publisher
