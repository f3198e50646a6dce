// `firebreak check`: the server's own gates over a draft, without any network.
//
// Same code, same words, same verdict as the server's (gate/gate.h). The fleet comes from the
// inventory as last signed by the server; its age is told, since only the reader can say whether
// that is recent enough.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "port/files.h"
#include "publisher/draft.h"
#include "publisher/outcome.h"

namespace fb::publisher {

struct CheckOrder {
  std::optional<std::string> inventory;  // an inventory envelope to use instead of the cached one
  Instant now;
};

// "no" when a gate is closed. Errors: not_found (never synced), bad_signature (inventory), and
// those of trust_stored.
Result<Outcome> check_draft(port::Files& home, const Draft& draft, const CheckOrder& order);

}  // namespace fb::publisher
