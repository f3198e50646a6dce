// Private keys in files or in PKCS#11 tokens, and the passphrase or PIN that opens them: from
// FIREBREAK_PASSPHRASE or FIREBREAK_PIN, else asked on the terminal, else refused. A key file holds
// PKCS#8 PEM, or one line with the pkcs11: URI of a key in a token. Never from the command line,
// where everybody on the machine could read it.
#pragma once

#include <optional>
#include <string>

#include "publisher/key_store.h"

namespace fb::cli {

class PemKeys final : public publisher::KeyStore {
 public:
  Result<publisher::NewKey> generate(publisher::Protection protection) override;
  Result<std::unique_ptr<crypto::Signer>> open(std::string_view pem,
                                               std::string_view what) override;
  // A key made in the token that `uri` names; what its file says is the URI.
  Result<publisher::NewKey> generate_in_token(const std::string& uri, crypto::KeyType type);

 private:
  Result<std::string> pin_for(const std::string& uri);
  Result<std::string> passphrase_for(std::string_view what);
  Result<std::string> new_passphrase();
  std::optional<std::string> known_, pin_;  // asked once per run
};

}  // namespace fb::cli
