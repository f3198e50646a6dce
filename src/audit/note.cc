#include "audit/note.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"

namespace fb::audit {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // an em dash and a blank begin a signature
constexpr std::size_t kKeyHashBytes = 4;
constexpr std::size_t kTimeBytes = 8;

Error no_note(const std::string& what) { return {ErrorCode::malformed, "signed note: " + what}; }

// The byte that says what kind of signature a line is: it goes into the key's hash.
char type_of(LineOf line) { return line == LineOf::log ? '\1' : '\4'; }

std::string key_hash(std::string_view name, LineOf line, const crypto::PublicKey& key) {
  const Digest digest = crypto::sha256(std::string(name) + "\n" + type_of(line) + key.material);
  return {reinterpret_cast<const char*>(digest.bytes.data()), kKeyHashBytes};
}

// How many bytes the UTF-8 sequence that begins with `lead` has; 0: none begins so.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(lead);
    if (length == 0 || length > text.size() || (lead < 0x20 && lead != '\n') || lead == 0x7F)
      return false;
    const std::string_view rest = text.substr(1, length - 1);
    if (!std::all_of(rest.begin(), rest.end(),
                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<NoteSignature> parse_line(std::string_view line) {
  if (!line.starts_with(kDash))
    return no_note("a signature line begins with an em dash and a blank");
  line.remove_prefix(kDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !is_key_name(line.substr(0, blank)))
    return no_note("a signature line is: dash, name, base64");
  FB_ASSIGN(std::string bytes, from_base64(line.substr(blank + 1)).in("signed note"));
  if (bytes.size() <= kKeyHashBytes) return no_note("a signature is too short");
  return NoteSignature{std::string(line.substr(0, blank)), std::move(bytes)};
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

bool verifies(const Note& note, LineOf line, const crypto::PublicKey& key, std::string_view bytes) {
  if (line == LineOf::log) return crypto::verify(key, note.text, bytes);
  if (bytes.size() <= kTimeBytes) return false;
  const std::string message = "cosignature/v1\ntime " +
                              std::to_string(big_endian(bytes.substr(0, kTimeBytes))) + "\n" +
                              note.text;
  return crypto::verify(key, message, bytes.substr(kTimeBytes));
}

}  // namespace

bool is_key_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" +\n") == std::string_view::npos &&
         is_plain_text(name);
}

Result<Note> parse_note(std::string_view bytes) {
  if (bytes.size() > limits::kNoteBytes) {
    return Error{ErrorCode::too_large, "signed note: " + std::to_string(bytes.size()) +
                                           " bytes, at most " + std::to_string(limits::kNoteBytes) +
                                           " are read"};
  }
  if (!is_plain_text(bytes)) return no_note("it is not plain text in UTF-8");
  const std::size_t gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos || !bytes.ends_with('\n'))
    return no_note("a text, an empty line and signature lines are expected");
  Note note{std::string(bytes.substr(0, gap + 1)), {}};
  std::string_view lines = bytes.substr(gap + 2);
  if (lines.empty()) return no_note("nobody signed it");
  while (!lines.empty()) {
    if (note.signatures.size() == limits::kSignatures)
      return no_note("more than " + std::to_string(limits::kSignatures) + " signatures");
    const std::size_t end = lines.find('\n');
    FB_ASSIGN(NoteSignature signature, parse_line(lines.substr(0, end)));
    note.signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return note;
}

std::string encode(const Note& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& each : note.signatures)
    out += std::string(kDash) + each.name + " " + to_base64(each.bytes) + "\n";
  return out;
}

Result<NoteSignature> sign_note(std::string_view text, std::string_view name,
                                const crypto::Signer& signer) {
  FB_CHECK(is_key_name(name) && signer.key().type == crypto::KeyType::ed25519);
  FB_ASSIGN(const std::string signature, signer.sign(text));
  return NoteSignature{std::string(name), key_hash(name, LineOf::log, signer.key()) + signature};
}

Seal seal_of(const Note& note, LineOf line, std::string_view name, const crypto::PublicKey& key) {
  const std::string hash = key_hash(name, line, key);
  Seal seal = Seal::absent;
  for (const NoteSignature& each : note.signatures) {
    if (each.name != name || !each.bytes.starts_with(hash)) continue;
    if (verifies(note, line, key, std::string_view(each.bytes).substr(kKeyHashBytes)))
      return Seal::valid;
    seal = Seal::invalid;
  }
  return seal;
}

std::string verifier_key(std::string_view name, const crypto::PublicKey& key) {
  return std::string(name) + "+" + to_hex(key_hash(name, LineOf::log, key)) + "+" +
         to_base64(type_of(LineOf::log) + key.material);
}

}  // namespace fb::audit
