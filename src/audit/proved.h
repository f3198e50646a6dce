// ProvedEntry: an entry with the hashes that lead from it to a checkpoint's root.
#pragma once

#include <cstdint>
#include <string>

#include "audit/entry.h"
#include "audit/tree.h"
#include "json/reader.h"

namespace fb::audit {

struct ProvedEntry {
  std::uint64_t index = 0;
  std::string entry;  // exact bytes
  Hashes inclusion;
};

// The entry, once it is proved to be where it says in the log of `tip`. Errors: mismatch,
// malformed.
Result<Entry> open_proved(const ProvedEntry& proved, const Tip& tip);

json::Value encode(const ProvedEntry& proved);
ProvedEntry read_proved(json::Reader& in);

}  // namespace fb::audit
