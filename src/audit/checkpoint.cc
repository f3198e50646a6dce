#include "audit/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "audit/note.h"
#include "base/bytes.h"

namespace fb::audit {
namespace {

constexpr std::uint64_t kMostEntries = std::uint64_t{1} << 53U;  // as entries number themselves

std::string bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Status check_signatures(const Note& note, const statement::LogTrust& trust) {
  Seal log = Seal::absent;
  for (const auto& [id, key] : trust.keys) {
    const Seal seal = seal_of(note, LineOf::log, trust.origin, key);
    if (log != Seal::valid && seal != Seal::absent) log = seal;
  }
  if (log == Seal::valid) return {};
  return Error{ErrorCode::bad_signature,
               log == Seal::absent ? "the checkpoint is not signed by the log " + trust.origin
                                   : "the checkpoint was changed after the log signed it"};
}

Result<std::uint32_t> count_witnesses(const Note& note, const statement::LogTrust& trust) {
  std::uint32_t count = 0;
  for (const auto& witness : trust.witnesses) {
    const Seal seal = seal_of(note, LineOf::witness, witness.name, witness.key);
    if (seal == Seal::invalid)
      return Error{ErrorCode::bad_signature,
                   "the line of witness " + witness.name + " does not verify"};
    count += seal == Seal::valid ? 1 : 0;
  }
  return count;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// Extension lines may follow; nobody of ours writes any.
Result<Tip> parse_body(std::string_view text, const std::string& origin) {
  if (const auto name = take_line(text); name != origin) {
    return Error{ErrorCode::mismatch,
                 "it is a checkpoint of the log '" + std::string(name) + "', not of " + origin};
  }
  const std::string_view digits = take_line(text);
  Tip tip;
  std::from_chars(digits.data(), digits.data() + digits.size(), tip.size);
  const auto root = from_base64(take_line(text));
  if (std::to_string(tip.size) != digits || tip.size > kMostEntries || !root.ok() ||
      root->size() != tip.root.bytes.size())
    return Error{ErrorCode::malformed, "a checkpoint says: log, number of entries, root in base64"};
  std::copy(root->begin(), root->end(), tip.root.bytes.begin());
  return tip;
}

}  // namespace

Result<std::string> sign_checkpoint(const Tip& tip, const std::string& origin,
                                    const crypto::Signer& signer) {
  Note note{origin + "\n" + std::to_string(tip.size) + "\n" + to_base64(bytes_of(tip.root)) + "\n",
            {}};
  FB_ASSIGN(auto line, sign_note(note.text, origin, signer));
  note.signatures.push_back(std::move(line));
  return encode(note);
}

Result<Checkpoint> open_checkpoint(std::string_view bytes, const statement::LogTrust& trust) {
  FB_ASSIGN(const Note note, parse_note(bytes));
  FB_TRY(check_signatures(note, trust));
  FB_ASSIGN(const auto witnesses, count_witnesses(note, trust));
  FB_ASSIGN(const Tip tip, parse_body(note.text, trust.origin));
  return Checkpoint{tip, witnesses, std::string(bytes)};
}

}  // namespace fb::audit
