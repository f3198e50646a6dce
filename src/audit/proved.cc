#include "audit/proved.h"

#include "base/limits.h"

namespace fb::audit {

Result<Entry> open_proved(const ProvedEntry& proved, const Tip& tip) {
  FB_TRY(verify_inclusion(proved.index, leaf_hash(proved.entry), tip, proved.inclusion));
  FB_ASSIGN(auto entry, decode_entry(proved.entry));
  if (entry.index == proved.index) return entry;
  return Error{ErrorCode::mismatch, "it says it is entry " + std::to_string(entry.index)};
}

json::Value encode(const ProvedEntry& proved) {
  json::Value hashes = json::Value::array();
  for (const Digest& hash : proved.inclusion) hashes.push_back(hash.text());
  return {{"index", proved.index}, {"entry", proved.entry}, {"inclusion", std::move(hashes)}};
}

ProvedEntry read_proved(json::Reader& in) {
  ProvedEntry proved;
  proved.index = static_cast<std::uint64_t>(in.integer("index", 0, std::int64_t{1} << 53U));
  proved.entry = in.string("entry", limits::kLogEntryBytes);
  for (const std::string& text : in.strings("inclusion", limits::kProofHashes, 80)) {
    const auto hash = Digest::parse(text);
    if (!hash.ok())
      in.fail("inclusion", hash.error().detail);
    else
      proved.inclusion.push_back(*hash);
  }
  return proved;
}

}  // namespace fb::audit
