// Judgement: what on this device speaks against a release, as pure rules over values.
//
// Order of authority: the block list, then a clock that can be told by, then the contract with the
// core build that is here, then the customer's policy, then the speed limit, then the order of
// updates on this device.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "install/step.h"

namespace fb::install {

// Something that says "not now".
struct Hindrance {
  std::string rule;
  std::string sentence;
  std::string change;  // what would change it
  std::optional<Instant> until;
};

// The block on `release` that nobody lifted here; null when there is none.
const statement::Blocked* find_block(const State& state,
                                     const std::vector<statement::Blocked>& blocked,
                                     const Digest& release);

std::optional<Hindrance> find_hindrance(const State& state, const Candidate& candidate,
                                        const Judged& on, Now now);

// Where a halted device goes: the newest promoted slot, other than the active one, that is not
// blocked.
std::optional<Slot> newest_not_blocked(const State& state,
                                       const std::vector<statement::Blocked>& blocked);

// Spreads the way back over `spread`: first 8 bytes of SHA-256("firebreak/revert/1\n" + digest text
// + "\n" + device id), modulo.
Millis revert_delay(const DeviceId& device, const Digest& release, Millis spread);

}  // namespace fb::install
