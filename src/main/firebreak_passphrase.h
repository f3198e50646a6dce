// Private keys in files, and the passphrase that opens them: from FIREBREAK_PASSPHRASE, else asked
// on the terminal, else refused. Never from the command line, where everybody on the machine could
// read it.
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

 private:
  Result<std::string> passphrase_for(std::string_view what);
  Result<std::string> new_passphrase();
  std::optional<std::string> known_;  // asked once per run
};

}  // namespace fb::cli
