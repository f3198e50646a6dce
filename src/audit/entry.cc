#include "audit/entry.h"

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"

namespace fb::audit {
namespace {

std::string encode_with(const Entry& entry, const json::Value& data) {
  return json::compact({{"format", "firebreak.entry/1"},
                        {"index", entry.index},
                        {"at_ms", entry.at.ms},
                        {"kind", entry.kind},
                        {"data", data}});
}

}  // namespace

std::string encode(const Entry& entry) {
  std::string bytes = encode_with(entry, entry.data);
  if (bytes.size() <= limits::kLogEntryBytes) return bytes;
  const std::string data = json::compact(entry.data);
  return encode_with(entry,
                     {{"left_out", crypto::sha256(data).text()}, {"left_out_bytes", data.size()}});
}

Result<Entry> decode_entry(std::string_view bytes) {
  FB_ASSIGN(const json::Value value,
            json::parse(bytes, {limits::kLogEntryBytes, limits::kJsonDepth}));
  json::Reader in(value, "entry");
  in.literal("format", "firebreak.entry/1");
  Entry entry;
  entry.index = static_cast<std::uint64_t>(in.integer("index", 0, std::int64_t{1} << 53U));
  entry.at = Instant{in.integer("at_ms", 0, std::int64_t{1} << 53U)};
  entry.kind = in.string("kind", 64);
  entry.data = in.raw("data");
  if (!in.failed() && !entry.data.is_object()) in.fail("data", "an object is expected here");
  FB_TRY(in.done());
  return entry;
}

}  // namespace fb::audit
