#include "audit/chain.h"

#include "crypto/sha256.h"
#include "json/reader.h"

namespace fb::audit {

std::string encode(const Entry& entry) {
  return json::compact({{"format", "firebreak.entry/1"},
                        {"index", entry.index},
                        {"previous", entry.previous.text()},
                        {"at_ms", entry.at.ms},
                        {"kind", entry.kind},
                        {"data", entry.data}});
}

Result<Entry> decode_entry(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "entry");
  in.literal("format", "firebreak.entry/1");
  Entry entry;
  entry.index = static_cast<std::uint64_t>(in.integer("index", 0, std::int64_t{1} << 53U));
  entry.previous = in.digest("previous");
  entry.at = Instant{in.integer("at_ms", 0, std::int64_t{1} << 53U)};
  entry.kind = in.string("kind", 64);
  entry.data = in.raw("data");
  if (!in.failed() && !entry.data.is_object()) in.fail("data", "an object is expected here");
  FB_TRY(in.done());
  return entry;
}

Tip extend(const Tip& tip, std::string_view entry_bytes) {
  return {tip.size + 1, crypto::sha256(entry_bytes)};
}

Entry following(const Tip& tip, Instant at, std::string kind, json::Value data) {
  return {tip.size, tip.hash, at, std::move(kind), std::move(data)};
}

Result<Tip> verify(const Tip& tip, std::string_view entry_bytes) {
  const std::string place = "log entry " + std::to_string(tip.size);
  auto entry = decode_entry(entry_bytes);
  if (!entry.ok()) return entry.error().in(place);
  if (entry->index != tip.size) {
    return Error{ErrorCode::mismatch, place + ": says it is entry " + std::to_string(entry->index)};
  }
  if (entry->previous != tip.hash) {
    return Error{
        ErrorCode::mismatch,
        place +
            ": the entry before it was changed, or this one was moved here (expected previous " +
            tip.hash.text() + ", found " + entry->previous.text() + ")"};
  }
  return extend(tip, entry_bytes);
}

}  // namespace fb::audit
