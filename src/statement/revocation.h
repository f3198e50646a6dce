// Revocations: what the publisher's offline keys say about releases that are known to be bad.
// trust/revoked.json, signed by top-level targets.
//
// revoked: known-bad for good. floor: nothing of a component below this version is started any
// more. unblocked: the halt of one rollout no longer stands against its release. None of the three
// can be signed online. A device keeps what it has once seen (absorb), so a list that gets shorter
// takes nothing back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "statement/plan.h"

namespace fb::statement {

struct Revoked {
  Digest manifest;
  Instant since;
  std::string reason;
};

struct Floor {
  ComponentId component;
  std::string version;  // the smallest that may be started
  Instant since;
  std::string reason;
};

struct Unblocked {
  Digest manifest;
  RolloutId rollout;  // whose halt had blocked it
  Instant since;
  std::string reason;
};

struct Revocations {
  std::vector<Revoked> revoked;
  std::vector<Floor> floors;  // one per component
  std::vector<Unblocked> unblocked;

  [[nodiscard]] const Revoked* find_revoked(const Digest& release) const;
  // The floor that `version` lies below; null: none.
  [[nodiscard]] const Floor* find_floor(const ComponentId& component,
                                        std::string_view version) const;
  [[nodiscard]] bool lifts(const Digest& release, RolloutId halted) const;
};

inline constexpr std::string_view kRevokedPath = "trust/revoked.json";
Result<Revocations> decode_revocations(std::string_view bytes);
std::string encode(const Revocations& revocations);

// Takes what `newer` says into what has been seen before; whether that changed anything. A revoked
// release stays revoked; the floor that the newest list names for a component replaces the one
// before it, and one that it does not name stays. When there is no room, what was there first
// stays.
bool absorb(Revocations& seen, const Revocations& newer);
// The same for the block list that is signed online: it only grows, until an unblock or two people.
bool absorb(std::vector<Blocked>& seen, const std::vector<Blocked>& newer);
// What of a block list is meant for the devices of `tenant`: blocks for everybody, and those for
// this tenant, which then name no other.
std::vector<Blocked> concerning(std::vector<Blocked> blocked, const TenantId& tenant);

}  // namespace fb::statement
