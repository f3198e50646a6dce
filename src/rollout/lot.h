// Lot: the numbers at risk and the events that are compared at once, over a fifth of a heartbeat or
// a whole one.
//
// In a large fleet a fifth holds a fifth of every wave and of the control, and a halt is not kept
// waiting. In a small one a fifth would set one device against a handful, and events of the others
// against none at all; so where both arms together have fewer than 500 devices a stratum, and fewer
// than 25,000, a lot is a whole heartbeat: everybody once. How long the next lot is, is fixed when
// the last one is closed, from what was known then. Harm for the bound does not wait for a lot. A
// value; single thread.
#pragma once

#include "rollout/tick_counts.h"

namespace fb::rollout {

class Lot {
 public:
  Lot(std::size_t strata, Millis heartbeat, Instant start);

  [[nodiscard]] ChannelCounts& of(std::size_t stratum, Channel channel) {
    return strata_[stratum].channel[static_cast<std::size_t>(channel)];
  }

  // Takes what `counts` has at risk and as events into the lot.
  void take(std::vector<StratumCounts>& counts);

  // Treated events that it holds.
  [[nodiscard]] std::int64_t events() const;

  enum class Closing : std::uint8_t { not_yet, closed };
  // At a tick: when its time has come, at-risk numbers and events move into `counts`, whose bad
  // events stay as they are. `devices`: those of the control and those exposed, together.
  Closing close(std::vector<StratumCounts>& counts, Instant now, std::int64_t devices);

 private:
  std::vector<StratumCounts> strata_;
  Millis heartbeat_;
  Millis length_;
  Instant from_;
};

}  // namespace fb::rollout
