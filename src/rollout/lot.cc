#include "rollout/lot.h"

#include <numeric>
#include <utility>

namespace fb::rollout {
namespace {

// Of a fifth of these, a hundred: enough to tell one event from its share of the devices.
constexpr std::int64_t kEnoughPerStratum = 500;
// So many events in one fifth are told from their share of the devices whatever the fleet's size.
constexpr std::int64_t kEnoughEvents = 20;

bool is_large(std::int64_t devices, std::size_t strata) {
  return devices >= kEnoughPerStratum * static_cast<std::int64_t>(strata);
}

Millis rounded_up(Millis time, Millis to) { return to * ((time.ms + to.ms - 1) / to.ms); }

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

void move_compared(std::vector<StratumCounts>& from, std::vector<StratumCounts>& to) {
  for (std::size_t s = 0; s < from.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c) move_compared(from[s].channel[c], to[s].channel[c]);
  }
}

std::int64_t treated_events(const std::vector<StratumCounts>& counts) {
  std::int64_t sum = 0;
  for (const StratumCounts& each : counts) {
    for (const ChannelCounts& channel : each.channel)
      sum = std::accumulate(channel.events.begin(), channel.events.end(), sum);
  }
  return sum;
}

std::int64_t control_events(const std::vector<StratumCounts>& counts) {
  std::int64_t sum = 0;
  for (const StratumCounts& each : counts) {
    for (const ChannelCounts& channel : each.channel) sum += channel.control_events;
  }
  return sum;
}

}  // namespace

Lot::Lot(std::size_t strata, Millis heartbeat, Instant start)
    : fifth_(strata), waiting_(strata), heartbeat_(heartbeat), from_(start) {}

void Lot::take(std::vector<StratumCounts>& counts) { move_compared(counts, fifth_); }

std::int64_t Lot::events() const { return treated_events(waiting_) + treated_events(fifth_); }

Lot::Closing Lot::close(std::vector<StratumCounts>& counts, Instant now, std::int64_t devices) {
  if (5 * (now - from_).ms < heartbeat_.ms) return Closing::not_yet;
  const Instant began = std::exchange(from_, now);
  const bool large = std::exchange(large_, is_large(devices, fifth_.size()));
  const bool shock = !large && is_shock(treated_events(fifth_) + control_events(fifth_));
  if (waiting_since_ && (alone_ || shock)) {
    move_compared(waiting_, counts);
    move_compared(fifth_, waiting_);
    waiting_since_ = began;
    alone_ = shock;
    return Closing::before;
  }
  move_compared(fifth_, waiting_);
  if (!waiting_since_) waiting_since_ = began;
  if (!large && !shock && now - *waiting_since_ < heartbeat_) return Closing::merged;
  move_compared(waiting_, counts);
  waiting_since_.reset();
  return Closing::all;
}

Millis Lot::fifth(Millis heartbeat, Millis tick) {
  return rounded_up({(heartbeat.ms + 4) / 5}, tick);
}

Millis Lot::longest(Millis heartbeat, Millis tick, std::int64_t devices, std::size_t strata) {
  const Millis one = fifth(heartbeat, tick);
  return is_large(devices, strata) ? one : rounded_up(heartbeat, one);
}

bool Lot::is_shock(std::int64_t events) { return events >= kEnoughEvents; }

}  // namespace fb::rollout
