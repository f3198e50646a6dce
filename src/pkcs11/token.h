// Private keys in a PKCS#11 token (a hardware module, a smart card, SoftHSM), by their URI
// (RFC 7512): "pkcs11:token=ada;object=core-1". The key never leaves the token.
//
// Modules are the ones that p11-kit is configured with, or the one that the URI's module-path
// names. A Signer holds its session; both are for one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace fb::pkcs11 {

inline constexpr std::string_view kScheme = "pkcs11:";

// A key pair made in the token, for signing only, not extractable. ed25519 where the token has it,
// or ecdsa_p256. Errors: malformed (URI), not_found (token), already_exists (that object),
// unauthenticated (PIN), unsupported (the token cannot), io_failed.
Result<crypto::PublicKey> generate(std::string_view uri, crypto::KeyType type,
                                   std::string_view pin);

// Signatures as keyfile makes them: 64 raw bytes for Ed25519, DER for P-256. Errors: as generate;
// not_found also for the object.
Result<std::unique_ptr<crypto::Signer>> open_signer(std::string_view uri, std::string_view pin);

}  // namespace fb::pkcs11
