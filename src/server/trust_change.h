// A change of trust: new metadata of root, of top-level targets, and of the roles whose keys
// changed with them.
//
// It was signed offline by as many as the roles ask for; the server can only publish it or refuse.
// On the decider's thread but for decoding.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "json/json.h"
#include "server/world.h"

namespace fb::server {

struct TrustChange {
  RoleFiles files;  // root, targets, core, content, flags
};

// A request body. Errors: malformed, too_large.
Result<TrustChange> decode_trust_change(std::string_view body);

struct TrustParts {
  std::function<Result<std::string>(const Digest&)> blobs;
  crypto::KeyId
      log_key;  // what the server signs checkpoints with: trust/log.json has to keep naming it
};

// Verifies it as a device would and adopts it with `tx`. The answer: version by role. Errors: those
// of tuf; malformed (a release among it: those are submitted on their own), forbidden (a target
// outside trust/), conflict (the server's own keys would not count any more), not_found (a blob).
Result<json::Value> take_trust_change(World& world, const TrustChange& change,
                                      const TrustParts& parts, Transaction& tx, Instant now);

}  // namespace fb::server
