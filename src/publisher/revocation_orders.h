// Revoking a release, setting a floor, unblocking a halt: a Request for the next
// trust/revoked.json.
//
// It goes the way of every other change of trust/ (ceremony.h). Nothing is ever taken out of the
// list: devices would not forget it. The manifest of the release travels in the request, so that
// its holders read component and version, vouched for by the digest that they sign.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/request.h"

namespace fb::publisher {

// Known to be bad for good. `release`: as find_release() takes it; the whole digest of one that the
// server has never seen counts, too.
struct RevokeOrder {
  std::vector<std::string> release;
  std::string reason;
};
// Nothing of `component` below `version` starts any more. Replaces the component's floor, higher or
// lower.
struct FloorOrder {
  std::string component;
  std::string version;
  std::string reason;
};
// The halt of `rollout` no longer stands against its release.
struct UnblockOrder {
  std::vector<std::string> release;
  RolloutId rollout;
  std::string reason;
};

// Each: over what is in force. Errors: bad_usage (no reason, or a long one), already_exists (the
// list says that), too_many (the list is full), and those of ground() and the server.
Result<Request> request_ban(Desk& desk, const RevokeOrder& order);
Result<Request> request_floor(Desk& desk, const FloorOrder& order);
// Errors: also conflict (the rollout was not halted, or carried another release).
Result<Request> request_unblock(Desk& desk, const UnblockOrder& order);

}  // namespace fb::publisher
