// TickCounts: everything the decision knows about one tick, as counts. No device appears in it.
//
// Exposure makes one at each tick, step() consumes it. `at_risk` counts the intervals that were
// judged in it, `events` are those of exactly these devices; ages are ages at the tick's start, in
// active time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace fb::rollout {

// Explicit: a crash, failed probe, boot loop or degradation that the device reported. Silence:
// nothing heard any more.
enum class Channel : std::uint8_t { explicit_failure, silence };
inline constexpr std::size_t kChannels = 2;
inline constexpr std::size_t kAgeBins =
    17;  // sixteen of one first horizon's length, then all that is older
inline constexpr std::size_t kAgeGroups = 4;  // bins 0, 1-3, 4-15, 16
inline constexpr std::size_t kMaxHorizons = 4;

// The group a bin lies in: [0,h1), [h1,4h1), [4h1,16h1), [16h1,inf).
constexpr std::size_t group_of_bin(std::size_t bin) {
  if (bin == 0) return 0;
  if (bin < 4) return 1;
  return bin < 16 ? 2 : 3;
}

// Where an interval is of doubtful length each test errs on its own safe side: the halt test counts
// treated devices high and the control low, the pacing bound the other way round. Bad events always
// count.
struct ChannelCounts {
  std::array<std::int64_t, kAgeBins> at_risk{};  // tau_T by age bin, for the halt test
  std::array<std::int64_t, kAgeBins> events{};   // x_T by age bin
  std::array<std::int64_t, kMaxHorizons>
      at_risk_below{};  // tau_T younger than horizon k, for the bound
  std::array<std::int64_t, kMaxHorizons> bad_below{};  // what X_k grows by
  std::int64_t control = 0;                            // tau_C for the halt test
  std::int64_t control_for_bound = 0;                  // tau_C for the bound
  std::int64_t control_events = 0;                     // x_C

  friend bool operator==(const ChannelCounts&, const ChannelCounts&) = default;
};

struct StratumCounts {
  std::array<ChannelCounts, kChannels> channel{};
  std::array<std::int64_t, kMaxHorizons> resolved{};  // its part of n_k, absolute

  friend bool operator==(const StratumCounts&, const StratumCounts&) = default;
};

// People's numbers, cumulative since the start.
struct Tally {
  std::int64_t exposed = 0;          // counted in n and X
  std::int64_t healthy = 0;          // lived through the first horizon, no event so far
  std::int64_t failed_explicit = 0;  // exposed devices with an explicit event
  std::int64_t failed_silent = 0;    // exposed devices that went silent (a device may be in both)
  std::int64_t harmed = 0;           // exposed devices with any event
  std::int64_t control = 0;          // ready, heard, without event, not dispatched

  friend bool operator==(const Tally&, const Tally&) = default;
};

struct TickCounts {
  std::vector<StratumCounts> strata;
  std::array<std::int64_t, kMaxHorizons> resolved{};  // n_k of all strata, absolute
  // Treated devices whose harm is in X and not in any `events` yet: it meets the control when the
  // interval of the others has ended, too.
  std::int64_t awaited = 0;
  Tally tally;
  Millis active;        // active time since the rollout started: frozen time excluded
  bool frozen = false;  // telemetry outage: nothing in `strata` counts

  friend bool operator==(const TickCounts&, const TickCounts&) = default;
};

}  // namespace fb::rollout
