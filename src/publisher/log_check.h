// `firebreak log verify`: every entry of the event log, held against the chain and the log's signed
// head.
//
// The answer names the first entry that is wrong. What was verified last is remembered, so that a
// log that was shortened or rewritten since is noticed even when its own chain is whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "base/result.h"
#include "crypto/key.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"
#include "statement/envelope.h"

namespace fb::publisher {

// The log as it came: exact bytes of each entry, and the head over them.
struct LogCopy {
  std::vector<std::string> entries;
  statement::Envelope head;
};

// The server's answer to GET /api/v1/log, or a file of the same form. Errors: malformed.
Result<LogCopy> decode_log(const json::Value& value);
json::Value encode(const LogCopy& log);

// Pure. `seen`: what an earlier verification ended with, if any. The first fault stops it:
// Answer::no with its place.
Outcome verify_log(const LogCopy& log, const crypto::KeyMap& log_keys,
                   const std::optional<audit::Tip>& seen);

// Errors: those of the server.
Result<LogCopy> fetch_log(ServerClient& server);
// From the server, or from `file` (the bytes of one) with the keys that were trusted last.
// Remembers the tip.
Result<Outcome> check_log(Desk& desk, const std::optional<std::string>& file);
// The log as JSON text, ready for `log verify --file`.
Result<std::string> save_log(Desk& desk);

}  // namespace fb::publisher
