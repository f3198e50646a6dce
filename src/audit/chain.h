// The event log: every act, verdict, dispatch and report in order, each entry naming the hash of
// the one before.
//
// An entry's exact bytes are stored; nobody rewrites them. Editing, removing or reordering any of
// them breaks the chain at that place, and verify() names it. Heads are signed by the log's key
// (statement::Head).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::audit {

struct Entry {
  std::uint64_t index = 0;
  Digest previous;  // hash of the entry before; all zero for the first
  Instant at;
  std::string kind;  // "enrolled", "release", "gates", "act", "started", "dispatch", "report",
                     // "verdict", "halted", …
  json::Value data;  // an object; what it holds depends on the kind (docs/formats.md)
};

std::string encode(const Entry& entry);
// Errors: malformed.
Result<Entry> decode_entry(std::string_view bytes);

// The end of a log: how many entries, and the hash of the last.
struct Tip {
  std::uint64_t size = 0;
  Digest hash;
};

Tip extend(const Tip& tip, std::string_view entry_bytes);
// Makes the entry that follows `tip`.
Entry following(const Tip& tip, Instant at, std::string kind, json::Value data);

// Whether `entry_bytes` is what follows `tip`; the extended tip. Errors: malformed, mismatch
// (naming the index).
Result<Tip> verify(const Tip& tip, std::string_view entry_bytes);

}  // namespace fb::audit
