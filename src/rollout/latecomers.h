// Latecomers: devices that come when everybody else has had the release for long, held against
// those as a delayed cohort.
//
// Nobody without the release is left to compare them with, and the halt test stands still. Devices
// older than the last horizon are what there is; they are other machines than newcomers, so this
// evidence tells people and decides nothing (note 0087). It begins when the rollout completes:
// everybody was older than the last horizon then, so whoever is younger came late. A value; owned
// by the State.
//
//   latecomers.add(tick.strata, parameters);
//   if (latecomers.evidence.global() >= parameters.halt_at()) ...   // say so, once
#pragma once

#include <cstdint>
#include <vector>

#include "rollout/evidence.h"
#include "rollout/parameters.h"
#include "rollout/tick_counts.h"

namespace fb::rollout {

struct Latecomers {
  std::int64_t machines = 0;  // that came late
  std::int64_t bad = 0;       // events of latecomers that could be compared
  double expected = 0;        // of as many devices that have had it for longer, in the same ticks
  Evidence evidence;
  bool told = false;

  // One tick. Precondition: as many strata as `evidence` was made for.
  void add(const std::vector<StratumCounts>& strata, const Parameters& parameters);

  friend bool operator==(const Latecomers&, const Latecomers&) = default;
};

}  // namespace fb::rollout
