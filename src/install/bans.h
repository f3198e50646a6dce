// Bans: what nobody may start on this device, whoever permits it, and where a banned release is
// left for.
//
// Three rules, in this order: "revoked" (publisher's offline keys, for good), "blocked" (the online
// halt of a rollout, until two people resume it or the publisher unblocks it; one for this device's
// tenant alone until the publisher does), "below-floor" (the publisher's smallest allowed version).
// A device leaves what is revoked or blocked, if it has somewhere to go: its last runnable slot is
// never taken away. A floor moves nobody; it only closes the way down. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "install/state.h"
#include "statement/plan.h"
#include "statement/revocation.h"

namespace fb::install {

struct Bans {
  std::vector<statement::Blocked> blocked;  // those that concern this device: statement::concerning
  statement::Revocations revocations;
};

struct Ban {
  std::string rule;
  std::string sentence;
  std::string change;               // what would change it
  std::optional<RolloutId> halted;  // blocked: by halting which rollout
};

// Why this release may not start here. An unknown (empty) version lies below no floor.
std::optional<Ban> find_ban(const State& state, const Bans& bans, const Slot& slot);
// Why this device has to leave a release that it runs: revoked or blocked.
std::optional<Ban> find_reason_to_leave(const State& state, const Bans& bans,
                                        const Digest& release);

// Where to go from the active slot: the newest promoted slot, other than it, that nothing bans.
std::optional<Slot> find_way_out(const State& state, const Bans& bans);

// Spreads the way back over `spread`: first 8 bytes of SHA-256("firebreak/revert/1\n" + digest text
// + "\n" + device id), modulo.
Millis revert_delay(const DeviceId& device, const Digest& release, Millis spread);

}  // namespace fb::install
