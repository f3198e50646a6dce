// Where everything lies in the state directory (docs/protocol.md, "On the device").
#pragma once

#include <string>

#include "base/digest.h"
#include "base/ids.h"

namespace fb::agent::layout {

inline constexpr const char* kIdentity = "identity";
inline constexpr const char* kOutbox = "outbox";
inline constexpr const char* kPolicy = "policy/customer.json";
// How the tenant's key came to be the one that it is, from the pinned one on.
inline constexpr const char* kPolicyKeys = "policy/keys.json";
inline constexpr const char* kTimeBound = "state/time.json";
inline constexpr const char* kBoot = "state/boot.json";
inline constexpr const char* kSeenBlocked = "state/blocked.json";
inline constexpr const char* kSeenLog = "state/log.checkpoint";
inline constexpr const char* kSplitLog = "state/log_split.json";
inline constexpr const char* kSeenRevoked = "state/revoked.json";
inline constexpr const char* kCarried = "state/carried.json";

inline std::string state(const ComponentId& component) {
  return "state/" + component.text() + ".json";
}
inline std::string current(const ComponentId& component) { return "current/" + component.text(); }
// A second link to what current/ shows, made before the switch is turned: renaming it back needs no
// room on the disk.
inline std::string way_back(const ComponentId& component) { return "back/" + component.text(); }
inline std::string slots(const ComponentId& component) { return "slots/" + component.text(); }
inline std::string slot(const ComponentId& component, const Digest& release) {
  return slots(component) + "/" + release.hex();
}
// The manifest is written last: a slot that has one is whole.
inline std::string manifest(const ComponentId& component, const Digest& release) {
  return slot(component, release) + "/manifest.json";
}
// What the switch holds, relative to itself.
inline std::string link_target(const ComponentId& component, const Digest& release) {
  return "../" + slot(component, release);
}
inline std::string run(const std::string& workload) { return "run/" + workload; }

}  // namespace fb::agent::layout
