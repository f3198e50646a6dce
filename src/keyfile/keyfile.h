// Private keys in files: PKCS#8 PEM, encrypted with a passphrase (scrypt, AES-256) or not.
//
// Any tool that reads PKCS#8 reads them: `openssl pkey -in key.pem`. Keys live in OpenSSL's memory
// only and are wiped there when the Signer goes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace fb::keyfile {

struct NewKey {
  std::string pem;  // secret
  crypto::PublicKey key;
};

// ed25519 or ecdsa_p256; encrypted unless the passphrase is "". Errors: unsupported (rsa_pss),
// io_failed.
Result<NewKey> generate(crypto::KeyType type, std::string_view passphrase);

// Ed25519 signatures are 64 raw bytes, P-256 ones DER (as TUF's ecdsa-sha2-nistp256 wants them).
// Errors: bad_usage (it is encrypted and there is no passphrase), unauthenticated (wrong
// passphrase), malformed (not a private key, or damaged), unsupported (another kind of key).
Result<std::unique_ptr<crypto::Signer>> load_signer(std::string_view pem,
                                                    std::string_view passphrase);

}  // namespace fb::keyfile
