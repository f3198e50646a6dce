// Decision: may more devices have the release now, and how many? One pure function of counts and
// bounds.
//
// It is the text of the rule, line by line, and nothing else: state, events and sentences live in
// step.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rollout/parameters.h"

namespace fb::rollout {

// One horizon as the decision sees it.
struct HorizonView {
  std::int64_t resolved = 0;  // n_k
  std::int64_t bad = 0;       // X_k
  double bound = 1.0;         // u_k: the running minimum, or the current bound while holding
};

struct Situation {
  std::vector<HorizonView> horizons;
  std::int64_t dispatched = 0;    // places given, open ones included
  std::int64_t undispatched = 0;  // reachable devices without a place
  std::int64_t holdback = 0;      // 0 once it has baked
  bool hold = false;
  std::int64_t awaited = 0;   // TickCounts::awaited
  std::int64_t accepted = 0;  // bad devices that people knew of when they accepted a budget
};

enum class Move : std::uint8_t {
  grow,       // a wave of `want`
  probe,      // a wave of `want` between B and H*B
  wait,       // nothing to do before more is resolved
  bake,       // all but the holdback are out
  finished,   // nobody is left
  hold,       // weak evidence, and not everything resolved
  exhausted,  // certified less than the fleet and nothing more to learn
};

std::string_view name(Move move);

struct Decision {
  Move move = Move::wait;
  std::int64_t want = 0;
  double soft_cap = 0;      // min_k cap_k(B_k), toe-dip and hold applied; may be infinite
  double hard_cap = 0;      // min_k cap_k(H B_k)
  std::int64_t limit = 0;   // reachable devices minus holdback
  std::size_t binding = 0;  // the horizon that gives the soft cap
  bool toe_dip = false;     // the first few must be resolved, or cleared, before anything else

  friend bool operator==(const Decision&, const Decision&) = default;
};

// The caps and the limit alone: what an open wave must stay below, whatever the next one would be.
Decision caps(const Parameters& parameters, const Situation& situation);

Decision decide(const Parameters& parameters, const Situation& situation);

}  // namespace fb::rollout
