#include "rollout/latecomers.h"

#include <algorithm>

namespace fb::rollout {
namespace {

// The first age bin of devices that have passed the last horizon, or are about to: at the
// completion all are past it, so nobody else is taken for late. Ages beyond the last bin's
// beginning cannot be told apart.
std::size_t first_old_bin(const Parameters& p) {
  const std::int64_t bins = p.horizons.back().age.ms / p.age_bin().ms;
  return std::min(static_cast<std::size_t>(bins), kAgeBins - 1);
}

// Young devices as the treated, old ones as their control.
ChannelCounts as_cohorts(const ChannelCounts& seen, std::size_t first_old) {
  ChannelCounts counts;
  for (std::size_t bin = 0; bin < kAgeBins; ++bin) {
    if (bin < first_old) {
      counts.at_risk[bin] = seen.at_risk[bin];
      counts.events[bin] = seen.events[bin];
    } else {
      counts.control += seen.at_risk[bin];
      counts.control_events += seen.events[bin];
    }
  }
  return counts;
}

template <class Cells>
std::int64_t total(const Cells& cells) {
  std::int64_t sum = 0;
  for (const std::int64_t each : cells) sum += each;
  return sum;
}

}  // namespace

void Latecomers::add(const std::vector<StratumCounts>& strata, const Parameters& parameters) {
  const std::size_t first_old = first_old_bin(parameters);
  std::vector<StratumCounts> cohorts(strata.size());
  for (std::size_t s = 0; s < strata.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      ChannelCounts& counts = cohorts[s].channel[c];
      counts = as_cohorts(strata[s].channel[c], first_old);
      if (counts.control == 0) continue;
      bad += total(counts.events);
      expected += static_cast<double>(total(counts.at_risk)) *
                  static_cast<double>(counts.control_events) / static_cast<double>(counts.control);
    }
  }
  evidence.add(cohorts, parameters.rho0.fraction());
}

}  // namespace fb::rollout
