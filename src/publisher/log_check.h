// `firebreak log verify`, `save` and `prove`: the event log, held against its signed checkpoint.
//
// The answer names the first entry or tile that is wrong. The last verified checkpoint is
// remembered, so that a log that was shortened or rewritten since is noticed even when it is whole
// in itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/walk.h"
#include "base/result.h"
#include "publisher/log_source.h"
#include "publisher/outcome.h"

namespace fb::publisher {

// A saved log: exact bytes of each entry, the hash that each was logged with, and the checkpoint.
struct LogCopy {
  std::vector<std::string> entries;
  audit::Hashes hashes;
  std::string checkpoint;
};

// Errors: malformed.
Result<LogCopy> decode_log(const json::Value& value);
json::Value encode(const LogCopy& log);

// Pure. The first fault stops it: Answer::no with its place.
Outcome verify_copy(const LogCopy& log, const statement::LogTrust& trust);

// The served log, every entry and tile. Remembers the checkpoint when it is intact. Errors: those
// of the server.
Result<Outcome> verify_served(Desk& desk);
// The bytes of a saved copy, with the keys that were trusted last; needs no server.
Result<Outcome> verify_saved(Desk& desk, const std::string& bytes);

// Errors: those of the server.
Result<LogCopy> fetch_log(LogSource& source);
// The log as JSON text, ready for `log verify --file`.
Result<std::string> save_log(Desk& desk);

// The proof that one entry is under the newest checkpoint, as JSON. Errors: those of the server;
// not_found.
Result<Outcome> prove_entry(Desk& desk, std::uint64_t index);
// The same for the entry that published a release.
Result<Outcome> prove_release(Desk& desk, const Digest& release);

}  // namespace fb::publisher
