// Signed notes: a text that people can read, and lines of Ed25519 signatures under it (C2SP
// signed-note).
//
// Lines of signers whom the reader does not know are kept and mean nothing. A witness's line is a
// cosignature/v1 (C2SP tlog-cosignature): it signs when, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"

namespace fb::audit {

struct NoteSignature {
  std::string name;
  std::string bytes;  // four of the key's hash, then the signature
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
};

// Errors: malformed, too_large.
Result<Note> parse_note(std::string_view bytes);
std::string encode(const Note& note);

// Whether a key may be called so in a note: not empty, no space, no plus sign.
bool is_key_name(std::string_view name);

// The signature line of `signer`, called `name`, under `text`. Precondition (CHECK): an Ed25519
// key, and a name that is one. Errors: those of the signer.
Result<NoteSignature> sign_note(std::string_view text, std::string_view name,
                                const crypto::Signer& signer);

enum class LineOf : std::uint8_t { log, witness };
enum class Seal : std::uint8_t { absent, valid, invalid };
// What the lines under `note` say of this key: `absent` when none of them claims to be its.
Seal seal_of(const Note& note, LineOf line, std::string_view name, const crypto::PublicKey& key);

// "name+hash+key": how other tools take a public key.
std::string verifier_key(std::string_view name, const crypto::PublicKey& key);

}  // namespace fb::audit
