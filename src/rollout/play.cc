#include "rollout/play.h"

#include <algorithm>

#include "base/check.h"
#include "rollout/lot.h"
#include "rollout/order.h"

namespace fb::rollout {

Play::Play(State state, std::optional<Millis> onset)
    : state_(std::move(state)),
      onset_(onset),
      fifth_(Lot::fifth(state_.parameters.heartbeat, state_.parameters.tick)),
      lot_(Lot::longest(state_.parameters.heartbeat, state_.parameters.tick, state_.fleet_size,
                        state_.strata.size())) {
  waiting_.reserve(state_.strata.size());
  for (const Stratum& each : state_.strata) waiting_.push_back(each.eligible);
  resolved_.resize(state_.strata.size());
  fronts_.resize(state_.parameters.horizons.size());
}

void Play::run() {
  while (!over()) {
    tick();
    to_next_event();
  }
}

bool Play::over() const {
  return rests_ || (state_.phase != Phase::running && state_.phase != Phase::held);
}

void Play::tick() {
  State before = state_;
  count();
  take_places();
  if (state_.dispatched() != before.dispatched() || state_.open != before.open) last_change_ = now_;
  rests_ = now_ - last_change_ > longest_rest();
  before.sequence = state_.sequence;  // counts the ticks
  settled_ = state_ == before;
}

void Play::to_next_tick() {
  if (!rests_) now_ = now_ + state_.parameters.tick;
}

// A tick that changed nothing is followed by its like, until something is due.
void Play::to_next_event() {
  const Millis due = next_event();
  to_next_tick();
  if (!settled_ || over()) return;
  const Millis tick = state_.parameters.tick;
  now_ = std::max(now_, tick * ((due.ms + tick.ms - 1) / tick.ms));
}

// Everything that time alone brings: cohorts pass horizons, are missed and compared; the holdback
// has baked; the next population opens; or nothing came for so long that it rests.
Millis Play::next_event() const {
  Millis due = last_change_ + longest_rest() + Millis{1};
  const auto may_be = [&](Millis at) {
    if (at > now_) due = std::min(due, at);
  };
  for (std::size_t k = 0; k < fronts_.size(); ++k) {
    if (fronts_[k] < cohorts_.size())
      may_be(cohorts_[fronts_[k]].at + state_.parameters.horizons[k].age);
  }
  if (onset_ && judged_ < cohorts_.size()) may_be(cohorts_[judged_].at + judged_after());
  if (compared_ < judged_) may_be(cohorts_[compared_].judged_at + compared_after());
  const Population& served = state_.served();
  if (served.holdback_reached) may_be(*served.holdback_reached + served.parameters.holdback_bake);
  if (state_.first_permit && state_.open + 1 < state_.populations.size())
    may_be(Millis{state_.first_permit->ms} + state_.populations[state_.open + 1].waits);
  return due;
}

// Silence shows when the first heartbeat that it cut off falls due, and heartbeats are looked at.
Millis Play::judged_after() const {
  return *onset_ + state_.parameters.silence_deadline() + fifth_;
}

Millis Play::longest_rest() const {
  Millis most = state_.parameters.horizons.back().age + state_.parameters.holdback_bake;
  for (const Population& each : state_.populations) most = std::max(most, each.waits);
  return most + onset_.value_or(Millis{}) + state_.parameters.silence_deadline() + lot_ +
         state_.parameters.heartbeat;
}

void Play::apply(const Event& event) {
  auto next = step(std::move(state_), event, Instant{now_.ms});
  FB_CHECK(next.ok());  // the play gives only what the state asks for
  state_ = std::move(next->next);
}

void Play::count() {
  Tick tick;
  tick.counts.strata.resize(state_.strata.size());
  pass_horizons();
  if (onset_) {
    judge(tick.counts);
    compare(tick.counts);
  }
  for (std::size_t s = 0; s < resolved_.size(); ++s) {
    tick.counts.strata[s].resolved = resolved_[s];
    for (std::size_t k = 0; k < kMaxHorizons; ++k) tick.counts.resolved[k] += resolved_[s][k];
    if (state_.strata[s].population == state_.open) tick.remaining += waiting_[s];
  }
  tick.counts.active = now_;
  apply(tick);
}

void Play::pass_horizons() {
  for (std::size_t k = 0; k < fronts_.size(); ++k) {
    const Millis age = state_.parameters.horizons[k].age;
    for (; fronts_[k] < cohorts_.size() && now_ - cohorts_[fronts_[k]].at >= age; ++fronts_[k])
      resolved_[cohorts_[fronts_[k]].stratum][k] += cohorts_[fronts_[k]].devices;
  }
}

// Harm for the bound waits for no lot.
void Play::judge(TickCounts& counts) {
  const std::size_t first = judged_;
  std::int64_t events = 0;
  for (; judged_ < cohorts_.size() && now_ - cohorts_[judged_].at >= judged_after(); ++judged_) {
    Cohort& cohort = cohorts_[judged_];
    ChannelCounts& silence = counts.strata[cohort.stratum].channel[1];
    cohort.judged_at = now_;
    events += cohort.devices;
    for (std::size_t k = 0; k < fronts_.size(); ++k) {
      if (now_ - cohort.at < state_.parameters.horizons[k].age)
        silence.bad_below[k] += cohort.devices;
    }
  }
  for (std::size_t i = first; i < judged_; ++i) cohorts_[i].shock = Lot::is_shock(events);
}

// With the control that falls due in the same lot.
void Play::compare(TickCounts& counts) {
  for (; compared_ < judged_ && now_ - cohorts_[compared_].judged_at >= compared_after();
       ++compared_) {
    const Cohort& cohort = cohorts_[compared_];
    ChannelCounts& silence = counts.strata[cohort.stratum].channel[1];
    const Millis age = cohort.judged_at - cohort.at;
    const auto bin = std::min<std::size_t>(
        kAgeBins - 1, static_cast<std::size_t>(age.ms / state_.parameters.age_bin().ms));
    silence.at_risk[bin] += cohort.devices;
    silence.events[bin] += cohort.devices;
    for (std::size_t k = 0; k < fronts_.size(); ++k) {
      if (age < state_.parameters.horizons[k].age) silence.at_risk_below[k] += cohort.devices;
    }
    const std::int64_t waiting = waiting_[cohort.stratum];
    const std::int64_t fifths =
        5 * (cohort.shock ? fifth_ : lot_).ms / state_.parameters.heartbeat.ms;
    silence.control = silence.control_for_bound = std::min(waiting, (waiting * fifths + 4) / 5);
  }
  for (std::size_t i = compared_; i < judged_; ++i) counts.awaited += cohorts_[i].devices;
}

void Play::take_places() {
  const std::int64_t places = state_.open_places();
  if (places <= 0) return;
  std::vector<std::int64_t> remaining(waiting_.size());
  for (std::size_t s = 0; s < waiting_.size(); ++s) {
    if (state_.strata[s].population == state_.open) remaining[s] = waiting_[s];
  }
  const auto shares = apportion(places, remaining);
  std::int64_t taken = 0;
  for (std::size_t s = 0; s < shares.size(); ++s) {
    if (shares[s] == 0) continue;
    apply(Dispatched{s, Counted::inside, shares[s]});
    waiting_[s] -= shares[s];
    taken += shares[s];
    cohorts_.push_back({.at = now_, .stratum = s, .devices = shares[s]});
  }
  if (taken > 0) waves_.push_back({now_, state_.served().name, taken, state_.dispatched()});
}

}  // namespace fb::rollout
