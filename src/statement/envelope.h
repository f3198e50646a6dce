// DSSE envelopes: bytes, what they are, and who signed them (DSSE protocol 1.0.2).
//
// open() is the only way in: it checks signatures over the pre-authentication encoding before
// anybody parses the payload.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "json/json.h"

namespace fb::statement {

inline constexpr std::string_view kPermitType = "application/vnd.firebreak.permit+json";
inline constexpr std::string_view kPersonType = "application/vnd.firebreak.person+json";
inline constexpr std::string_view kPolicyType = "application/vnd.firebreak.policy+json";
inline constexpr std::string_view kInventoryType = "application/vnd.firebreak.inventory+json";

struct Envelope {
  std::string type;
  std::string payload;
  std::vector<crypto::Signature> signatures;
};

// The keys that may sign, and how many of them must.
struct Signers {
  crypto::KeyMap keys;
  std::set<crypto::KeyId> authorized;
  int threshold = 1;
};

// The payload, once `signers.threshold` distinct authorized keys signed it as `type`.
// Errors: bad_signature, mismatch (another type).
Result<std::string> open(const Envelope& envelope, std::string_view type, const Signers& signers);

// Which authorized keys signed it.
std::set<crypto::KeyId> signed_by(const Envelope& envelope, const Signers& signers);

// Errors: those of the signer.
Result<Envelope> seal(std::string_view type, std::string payload, const crypto::Signer& signer);

// The same statement, signed by one more. Errors: those of the signer.
Result<Envelope> add_signature(Envelope envelope, const crypto::Signer& signer);

json::Value encode(const Envelope& envelope);
// Errors: malformed.
Result<Envelope> decode_envelope(const json::Value& value);
Result<Envelope> decode_envelope(std::string_view) =
    delete;  // a string is JSON, too: parse_envelope()
Result<Envelope> parse_envelope(std::string_view bytes);

}  // namespace fb::statement
