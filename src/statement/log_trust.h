// trust/log.json: which log the event log is, whose signature its checkpoints carry, and who
// watches it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"

namespace fb::statement {

struct Witness {
  std::string name;
  crypto::PublicKey key;
};

struct LogTrust {
  std::string origin;   // the log's name, and that of its keys in signed notes
  crypto::KeyMap keys;  // Ed25519; any of them may sign
  std::vector<Witness> witnesses;
};

inline constexpr std::string_view kLogTrustPath = "trust/log.json";
// Errors: malformed, unsupported (a key that is not Ed25519).
Result<LogTrust> decode_log_trust(std::string_view bytes);
std::string encode(const LogTrust& trust);

// What a log is called when nobody chose a name: by its first key.
std::string default_origin(const crypto::PublicKey& key);

}  // namespace fb::statement
