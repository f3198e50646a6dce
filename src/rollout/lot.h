// Lot: the numbers at risk and the events that are compared at once, over a fifth of a heartbeat or
// a whole one.
//
// In a large fleet a fifth holds a fifth of every wave and of the control, and a halt is not kept
// waiting. In a small one, of fewer than 500 devices a stratum, a fifth would set one device
// against a handful, and events of the others against none at all; so its fifths are merged until
// everybody has been judged once. But a fifth with twenty events of both arms together is a lot of
// its own: such a time is a shock, and a wave's beats do not fall where those of the control do.
// Which fifths are merged depends on fleet and events of both arms, never on who had them. Harm for
// the bound does not wait for a lot. A value; single thread.
#pragma once

#include <optional>

#include "rollout/tick_counts.h"

namespace fb::rollout {

class Lot {
 public:
  Lot(std::size_t strata, Millis heartbeat, Instant start);

  // Of the open fifth.
  [[nodiscard]] ChannelCounts& of(std::size_t stratum, Channel channel) {
    return fifth_[stratum].channel[static_cast<std::size_t>(channel)];
  }

  // Takes what `counts` has at risk and as events into the open fifth.
  void take(std::vector<StratumCounts>& counts);

  // Treated events that it holds.
  [[nodiscard]] std::int64_t events() const;

  enum class Closing : std::uint8_t {
    not_yet,  // the open fifth goes on
    merged,   // it has ended, and waits for those after it
    before,   // what waited before it is a lot; now it waits
    all,      // what waited and the fifth together are a lot
  };
  // At a tick: when its time has come, at-risk numbers and events of a lot move into `counts`,
  // whose bad events stay as they are. `devices`: those of the control and those exposed, together.
  Closing close(std::vector<StratumCounts>& counts, Instant now, std::int64_t devices);

  // A fifth of a heartbeat in whole ticks, since a lot ends at a tick.
  static Millis fifth(Millis heartbeat, Millis tick);
  // How long a lot may last in a fleet of so many devices: it begins with a fifth, and what was
  // judged at the end of that is compared at the end of the lot at the latest.
  static Millis longest(Millis heartbeat, Millis tick, std::int64_t devices, std::size_t strata);
  // Whether a fifth with so many events is a lot of its own in any fleet.
  static bool is_shock(std::int64_t events);

 private:
  using Counts = std::vector<StratumCounts>;

  Counts fifth_;
  Counts waiting_;
  Millis heartbeat_;
  Instant from_;                          // the open fifth
  std::optional<Instant> waiting_since_;  // none: nothing waits
  bool alone_ = false;                    // what waits is a lot of its own
  bool large_ = false;  // as of the last closing: the devices of this fifth have no say
};

}  // namespace fb::rollout
