// Sync: keeps in cache/ what `firebreak check` needs without a network: TUF metadata, the signed
// inventory, and the core manifests of the builds that the fleet runs.
#pragma once

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::publisher {

// Errors: those of trust and of the server; bad_signature (the inventory is not signed by the
// rollouts role).
Result<Outcome> sync(Desk& desk);

}  // namespace fb::publisher
