// Whether a log proves that a release was published for everybody.
#pragma once

#include "audit/checkpoint.h"
#include "statement/plan.h"

namespace fb::audit {

// The checkpoint, once it is proved that it covers the entry that published `release`. Errors:
// those of open_checkpoint and open_proved; mismatch (the entry is another).
Result<Checkpoint> open_publication(const statement::LogProof& proof, const Digest& release,
                                    const statement::LogTrust& trust);

}  // namespace fb::audit
