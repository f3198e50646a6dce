#include "rollout/lot.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace fb::rollout {
namespace {

// Of a fifth of these, a hundred: enough to tell one event from its share of the devices.
constexpr std::int64_t kEnoughPerStratum = 500;
// So many have enough events in a shock that what sets in amid a heartbeat would tell on whichever
// arm beats later.
constexpr std::int64_t kSmallFleet = 25'000;

// All but bad events.
void move_compared(ChannelCounts& from, ChannelCounts& to) {
  const auto move = [](std::int64_t& a, std::int64_t& b) { b += std::exchange(a, 0); };
  for (std::size_t b = 0; b < kAgeBins; ++b) {
    move(from.at_risk[b], to.at_risk[b]);
    move(from.events[b], to.events[b]);
  }
  for (std::size_t k = 0; k < kMaxHorizons; ++k) move(from.at_risk_below[k], to.at_risk_below[k]);
  move(from.control, to.control);
  move(from.control_for_bound, to.control_for_bound);
  move(from.control_events, to.control_events);
}

}  // namespace

Lot::Lot(std::size_t strata, Millis heartbeat, Instant start)
    : strata_(strata), heartbeat_(heartbeat), length_(heartbeat), from_(start) {}

void Lot::take(std::vector<StratumCounts>& counts) {
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c)
      move_compared(counts[s].channel[c], strata_[s].channel[c]);
  }
}

std::int64_t Lot::events() const {
  std::int64_t sum = 0;
  for (const StratumCounts& each : strata_) {
    for (const ChannelCounts& channel : each.channel)
      sum = std::accumulate(channel.events.begin(), channel.events.end(), sum);
  }
  return sum;
}

Lot::Closing Lot::close(std::vector<StratumCounts>& counts, Instant now, std::int64_t devices) {
  if (now - from_ < length_) return Closing::not_yet;
  from_ = now;
  const std::int64_t few =
      std::min(kSmallFleet, kEnoughPerStratum * static_cast<std::int64_t>(strata_.size()));
  const bool enough = devices >= few;
  length_ = enough ? Millis{heartbeat_.ms / 5} : heartbeat_;
  for (std::size_t s = 0; s < strata_.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c)
      move_compared(strata_[s].channel[c], counts[s].channel[c]);
  }
  return Closing::closed;
}

}  // namespace fb::rollout
