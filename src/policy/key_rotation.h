// How a tenant's policy key changes: a statement names the next key, and the old and the new one
// sign it.
//
// The chain begins with the key that local root pinned (package, file or CLI), never with one from
// a server's reply. Rotations have a version that only grows, so that an old one, replayed, leads
// nowhere. Signatures are checked before anything is parsed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"
#include "statement/envelope.h"

namespace fb::policy {

inline constexpr std::string_view kPolicyKeyType = "application/vnd.firebreak.policy-key+json";

struct KeyRotation {
  TenantId tenant;
  std::int64_t version = 0;  // of the tenant's rotations, not of its policies
  Instant issued;
  crypto::PublicKey next;
};

// The payload to sign, format "firebreak.policy-key/1".
std::string encode(const KeyRotation& rotation);
// Errors: malformed.
Result<KeyRotation> decode_key_rotation(std::string_view payload);

// Rotations in their order, as they are served and stored ("firebreak.policy-keys/1").
std::string encode_rotations(const std::vector<statement::Envelope>& rotations);
Result<std::vector<statement::Envelope>> decode_rotations(std::string_view bytes);

class KeyChain {
 public:
  KeyChain(TenantId tenant, crypto::PublicKey pinned)
      : tenant_(std::move(tenant)), keys_{std::move(pinned)} {}

  // Errors: bad_signature (the key that counts now or the new one has not signed), mismatch
  // (another tenant's), rolled_back (no newer version), too_many, malformed. Nothing changes then.
  Status follow(const statement::Envelope& rotation);
  // What was stored before, as far as it leads on from the pinned key: local root may have pinned
  // another since.
  void follow_stored(const std::vector<statement::Envelope>& rotations);

  [[nodiscard]] const crypto::PublicKey& current() const { return keys_.back(); }
  [[nodiscard]] std::int64_t version() const { return version_; }  // 0: never rotated
  [[nodiscard]] const std::vector<statement::Envelope>& rotations() const { return rotations_; }
  [[nodiscard]] bool knows(const statement::Envelope& rotation) const;

  // Who may sign what comes now.
  [[nodiscard]] statement::Signers signers() const;
  // Who may have signed what was accepted and stored before.
  [[nodiscard]] statement::Signers past_signers() const;

 private:
  TenantId tenant_;
  std::vector<crypto::PublicKey> keys_;  // from the pinned one to the one that counts now
  std::vector<statement::Envelope> rotations_;
  std::int64_t version_ = 0;
};

}  // namespace fb::policy
