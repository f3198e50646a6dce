// Judgement: what on this device speaks against a release, as pure rules over values.
//
// Order of authority: the bans (bans.h), which refuse for good; then what says "not now": a list of
// bans that cannot be had, a clock that cannot be told by, the contract with the core build that is
// here, the customer's policy, the speed limit, the order of updates on this device.
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

std::optional<Hindrance> find_hindrance(const State& state, const Candidate& candidate,
                                        const Judged& on, Now now);

}  // namespace fb::install
