// Checkpoint: the signed head of the log (C2SP tlog-checkpoint).
//
// A note of three lines: the log's name, how many entries, the root over them. Whoever holds two
// checkpoints of one log can tell whether the later continues the earlier (audit/tree.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/tree.h"
#include "crypto/key.h"
#include "statement/log_trust.h"

namespace fb::audit {

struct Checkpoint {
  Tip tip;
  std::uint32_t witnesses = 0;  // of those that trust/log.json names, how many signed it as well
  std::string note;             // exact bytes
};

// Errors: those of the signer.
Result<std::string> sign_checkpoint(const Tip& tip, const std::string& origin,
                                    const crypto::Signer& signer);

// Signatures first: by a key of the log, under its name, and by each named witness who left a line.
// Lines of others are ignored. Errors: malformed, too_large, bad_signature, mismatch (another
// log's).
Result<Checkpoint> open_checkpoint(std::string_view bytes, const statement::LogTrust& trust);

}  // namespace fb::audit
