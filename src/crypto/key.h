// Public keys, signatures, and counting them against a threshold.
//
// A PublicKey is the TUF key object (specification 1.0.34, section 4.2) as a value; its id is the
// SHA-256 of that object's canonical JSON. Private keys never appear here: whatever can sign is a
// Signer, and lives behind a door.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace fb::crypto {

enum class KeyType : std::uint8_t { ed25519, ecdsa_p256, rsa_pss };

using KeyId = std::string;  // 64 hex digits for keys of ours; TUF lets others choose differently

struct PublicKey {
  KeyType type = KeyType::ed25519;
  std::string material;  // ed25519: 32 raw bytes; others: PEM (SubjectPublicKeyInfo)
  json::Value document;  // the TUF key object exactly as it was read, unknown fields included

  // Ids are computed, never believed.
  [[nodiscard]] KeyId id() const;
};

PublicKey ed25519_key(std::string_view raw32);
PublicKey ecdsa_key(std::string pem);

// Reads a TUF key object: ed25519, ecdsa / ecdsa-sha2-nistp256, rsa with rsassa-pss-sha256. Errors:
// malformed, unsupported.
Result<PublicKey> decode_key(const json::Value& value);

// Whether `signature` (raw bytes) is this key's over `message`. Never throws; a key OpenSSL refuses
// verifies nothing.
bool verify(const PublicKey& key, std::string_view message, std::string_view signature);

struct Signature {
  KeyId key;
  std::string bytes;
};

using KeyMap = std::map<KeyId, PublicKey>;

// Which of `authorized` signed `message`, each key counted once however often or under however many
// ids it is listed.
std::set<KeyId> valid_signers(const KeyMap& keys, const std::set<KeyId>& authorized,
                              std::string_view message, const std::vector<Signature>& signatures);

// Something that can sign as one key. Implementations: keyfile/ (encrypted PKCS#8), pkcs11/ later.
class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual const PublicKey& key() const = 0;
  // Errors: io_failed, unavailable (token absent).
  [[nodiscard]] virtual Result<std::string> sign(std::string_view message) const = 0;
};

}  // namespace fb::crypto
