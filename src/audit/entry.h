// Entry: one thing that happened, as a leaf of the event log.
//
// An entry's exact bytes are stored and hashed (audit/tree.h); nobody rewrites them. What `data`
// holds depends on the kind: docs/formats.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::audit {

struct Entry {
  std::uint64_t index = 0;  // its place in the log
  Instant at;
  std::string kind;  // "enrolled", "release", "approve", "start", "dispatch", "report", …
  json::Value data;  // an object
};

// At most limits::kLogEntryBytes: what would not fit is replaced by its digest and size.
std::string encode(const Entry& entry);
// Errors: malformed, too_large.
Result<Entry> decode_entry(std::string_view bytes);

}  // namespace fb::audit
