#include "sim/fleet_model.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "rollout/order.h"

namespace fb::sim {
namespace {

using rollout::Channel;
using rollout::ChannelCounts;

constexpr Millis kRevertWithin = minutes(5);  // devices go back jittered, not all in one second

std::int64_t ticks_of(Millis time, Millis tick) { return (time.ms + tick.ms - 1) / tick.ms; }

std::int64_t sum(const std::vector<std::int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

std::size_t index(Channel channel) { return static_cast<std::size_t>(channel); }

// What falls due in the current tick; empty lists are appended as far as needed.
template <class T>
T& due_in(std::deque<T>& calendar, std::int64_t ticks) {
  FB_CHECK(ticks >= 0);
  if (calendar.size() <= static_cast<std::size_t>(ticks))
    calendar.resize(static_cast<std::size_t>(ticks) + 1);
  return calendar[static_cast<std::size_t>(ticks)];
}

}  // namespace

FleetModel::FleetModel(const Scenario& scenario, const Background& background, Chance chance)
    : scenario_(scenario),
      background_(background),
      chance_(chance),
      beats_(ticks_of(scenario.fleet.heartbeat, scenario.parameters.tick)),
      deadline_(ticks_of(scenario.parameters.silence_deadline(), scenario.parameters.tick)),
      waiting_(scenario.fleet.strata.size()) {
  const auto phases = static_cast<std::size_t>(beats_);
  for (std::size_t s = 0; s < waiting_.size(); ++s) {
    Waiting& group = waiting_[s];
    group.alive.resize(phases);
    group.promised.resize(phases);
    group.deferred.resize(phases);
    std::int64_t left = scenario.fleet.strata[s].devices;
    std::int64_t later = chance_.binomial(left, scenario.traits.deferred_share);
    group.seen = left - later;
    for (std::size_t phase = 0; phase < phases; ++phase) {
      const double share = 1.0 / static_cast<double>(phases - phase);
      const std::int64_t here = chance_.binomial(left, share);
      group.deferred[phase] = chance_.hypergeometric(left, later, here);
      group.alive[phase] = here - group.deferred[phase];
      left -= here;
      later -= group.deferred[phase];
    }
  }
  permits_.inside.resize(waiting_.size());
  permits_.handed_back.resize(waiting_.size());
}

const Permits& FleetModel::live(std::int64_t places) {
  open_ = {};
  open_.strata.resize(waiting_.size());
  count_healthy();
  std::fill(permits_.inside.begin(), permits_.inside.end(), 0);
  std::fill(permits_.handed_back.begin(), permits_.handed_back.end(), 0);
  permits_.outside = 0;
  places_left_ = places;
  dispatched_at_.push_back(0);
  open_windows();
  promise(places);
  due_in(control_verdicts_, deadline_);
  for (auto& later : control_verdicts_) later.resize(waiting_.size());
  for (std::size_t s = 0; s < waiting_.size(); ++s) beat_waiting(s);
  grant_spent();
  // Cohorts made in this tick beat later.
  for (std::size_t i = 0; i < young_.size(); ++i) {
    if (cohorts_[young_[i]].next_beat == now_) beat_cohort(young_[i]);
  }
  for (std::size_t s = 0; s < waiting_.size(); ++s) judge_control(s);
  control_verdicts_.pop_front();
  judge_treated();
  ++now_;
  pass_horizons();
  return permits_;
}

rollout::TickCounts FleetModel::counts() {
  tally_.control = 0;
  for (const Waiting& group : waiting_) tally_.control += group.seen;
  tally_.exposed = exposed_;
  open_.tally = tally_;
  open_.active = scenario_.parameters.tick * now_;
  return std::move(open_);
}

std::int64_t FleetModel::remaining() const {
  std::int64_t count = 0;
  for (const Waiting& group : waiting_) count += group.seen + group.spent + sum(group.deferred);
  return count;
}

bool FleetModel::anybody_waits() const {
  return std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& group) {
    return group.spent > 0 || sum(group.alive) > 0 || sum(group.deferred) > 0;
  });
}

std::int64_t FleetModel::harmed_by(std::int64_t ticks) const {
  if (!scenario_.fault) return 0;
  std::int64_t count = harmed_;
  const std::int64_t onset = ticks_of(scenario_.fault->onset, scenario_.parameters.tick);
  for (const Cohort& cohort : cohorts_) {
    if (cohort.permit + onset < ticks) count += cohort.doomed;  // failed, and not missed yet
  }
  return count;
}

std::int64_t FleetModel::harmed_if_reverted_now() {
  std::int64_t count = harmed();
  if (!scenario_.fault) return count;
  const std::int64_t onset = ticks_of(scenario_.fault->onset, scenario_.parameters.tick);
  const auto span = static_cast<double>(ticks_of(kRevertWithin, scenario_.parameters.tick));
  for (const Cohort& cohort : cohorts_) {
    const std::int64_t wait = cohort.permit + onset - now_;
    if (wait < 0) continue;
    count += chance_.binomial(cohort.doomed, 1 - static_cast<double>(wait) / span);
  }
  return count;
}

// --- places ---

void FleetModel::promise(std::int64_t places) {
  if (!lost_places_.empty()) {
    places_lost_ -= lost_places_.front();
    lost_places_.pop_front();
  }
  const std::int64_t more = places - places_promised_ - places_lost_ - spent_promised_;
  if (more <= 0) return;
  std::vector<std::int64_t> free;
  for (const Waiting& group : waiting_) free.push_back(sum(group.alive) - sum(group.promised));
  const std::vector<std::int64_t> given = rollout::apportion(more, free);
  for (std::size_t s = 0; s < given.size(); ++s) promise_in(s, given[s]);
  places_promised_ += sum(given);
  promise_spent(more - sum(given));
}

// Devices with an event of their own come when nobody else is left; their beats are even.
void FleetModel::promise_spent(std::int64_t places) {
  std::int64_t free = -spent_promised_;
  for (const Waiting& group : waiting_) free += group.spent;
  const std::int64_t given = std::min(places, free);
  if (given <= 0) return;
  spent_promised_ += given;
  for (std::int64_t tick = 0; tick < beats_; ++tick)
    due_in(spent_takes_, tick) += given / beats_ + (tick < given % beats_ ? 1 : 0);
}

void FleetModel::promise_in(std::size_t stratum, std::int64_t places) {
  Waiting& group = waiting_[stratum];
  std::int64_t free = sum(group.alive) - sum(group.promised);
  for (std::size_t phase = 0; phase < group.alive.size() && places > 0; ++phase) {
    const std::int64_t here = group.alive[phase] - group.promised[phase];
    const std::int64_t given = chance_.hypergeometric(free, here, places);
    group.promised[phase] += given;
    free -= here;
    places -= given;
  }
}

void FleetModel::open_windows() {
  if (scenario_.traits.deferred_share <= 0) return;
  if (now_ != ticks_of(scenario_.traits.deferred_until, scenario_.parameters.tick)) return;
  for (std::size_t s = 0; s < waiting_.size(); ++s) {
    Waiting& group = waiting_[s];
    const double silent = background_.risk(s, Channel::silence, -1, now_);
    for (std::size_t phase = 0; phase < group.alive.size(); ++phase) {
      const std::int64_t back =
          group.deferred[phase] - chance_.binomial(group.deferred[phase], silent);
      group.deferred[phase] = 0;
      group.alive[phase] += back;
      group.seen += back;
    }
  }
}

// --- the control ---

// The devices whose beat falls into this tick: who has died since the last one will be missed one
// deadline after it; who crashed says so now; who has a place takes it.
void FleetModel::beat_waiting(std::size_t stratum) {
  Waiting& group = waiting_[stratum];
  const auto phase = static_cast<std::size_t>(now_ % beats_);
  const std::int64_t before = group.alive[phase];
  const std::int64_t last = now_ - beats_;
  const std::int64_t dead =
      chance_.binomial(before, background_.risk(stratum, Channel::silence, last, now_));
  const std::int64_t crashed = chance_.binomial(
      before - dead, background_.risk(stratum, Channel::explicit_failure, last, now_));
  const std::int64_t promised = group.promised[phase];
  const std::int64_t gone = chance_.hypergeometric(before, promised, dead + crashed);
  const std::int64_t lost = chance_.hypergeometric(dead + crashed, dead, gone);
  group.promised[phase] = 0;
  group.alive[phase] -= dead + crashed;
  group.spent += crashed;
  group.seen -= crashed;
  places_promised_ -= promised;
  places_lost_ += lost;
  if (lost > 0) due_in(lost_places_, beats_) += lost;
  ChannelCounts& told = open(stratum, Channel::explicit_failure);
  told.control += before - dead;
  told.control_for_bound += before - dead;
  told.control_events += crashed;
  ControlVerdict& verdict = due_in(control_verdicts_, deadline_ - beats_)[stratum];
  verdict.judged += before - crashed;
  verdict.silent += dead;
  grant(stratum, promised - gone);
}

void FleetModel::judge_control(std::size_t stratum) {
  const ControlVerdict& verdict = control_verdicts_.front()[stratum];
  ChannelCounts& counts = open(stratum, Channel::silence);
  counts.control += verdict.judged;
  counts.control_for_bound += verdict.judged;
  counts.control_events += verdict.silent;
  waiting_[stratum].seen -= verdict.silent;
}

// --- the treated ---

void FleetModel::grant(std::size_t stratum, std::int64_t ready) {
  const std::int64_t granted = std::min(ready, places_left_);
  if (granted <= 0) return;
  places_left_ -= granted;
  const std::int64_t failed = chance_.binomial(granted, scenario_.traits.install_error);
  installs_.attempts += granted;
  installs_.failures += failed;
  permits_.inside[stratum] += granted;
  permits_.handed_back[stratum] += failed;
  const std::int64_t size = granted - failed;
  Waiting& group = waiting_[stratum];
  group.alive[static_cast<std::size_t>(now_ % beats_)] -= size;
  group.seen -= size;
  if (size == 0) return;
  const std::int64_t doomed = doom(stratum, size);
  young_.push_back(cohorts_.size());
  cohorts_.push_back({stratum, now_, size, size - doomed, doomed, size, now_, now_ + beats_});
  dispatched_at_.back() += size;
  exposed_ += size;
}

std::int64_t FleetModel::doom(std::size_t stratum, std::int64_t devices) {
  if (!scenario_.fault || scenario_.fault->stratum.value_or(stratum) != stratum) return 0;
  // A share that ends inside a stratum strikes that part of it.
  const double struck = scenario_.fault->strata_share * static_cast<double>(waiting_.size());
  const double part = std::clamp(struck - static_cast<double>(stratum), 0.0, 1.0);
  return chance_.binomial(devices, scenario_.fault->p * part);
}

// Outside n and X, and nothing is compared; the release may still hurt them.
void FleetModel::grant_spent() {
  if (spent_takes_.empty()) return;
  const std::int64_t due = spent_takes_.front();
  spent_takes_.pop_front();
  spent_promised_ -= due;
  std::int64_t granted = std::min(due, places_left_);
  for (std::size_t s = 0; s < waiting_.size() && granted > 0; ++s) {
    const std::int64_t here = std::min(granted, waiting_[s].spent);
    waiting_[s].spent -= here;
    granted -= here;
    places_left_ -= here;
    permits_.outside += here;
    exposed_ += here;
    harmed_ += doom(s, here);
  }
}

void FleetModel::beat_cohort(std::size_t at) {
  Cohort& cohort = cohorts_[at];
  const double silent = background_.risk(cohort.stratum, Channel::silence, cohort.last_beat, now_);
  const double crash =
      background_.risk(cohort.stratum, Channel::explicit_failure, cohort.last_beat, now_);
  const std::int64_t before = cohort.sound + cohort.doomed;
  std::int64_t dead = chance_.binomial(cohort.sound, silent);
  std::int64_t crashed = chance_.binomial(cohort.sound - dead, crash);
  cohort.sound -= dead + crashed;
  const bool first = cohort.last_beat == cohort.permit;
  if (cohort.doomed > 0) {
    const std::int64_t onset = ticks_of(scenario_.fault->onset, scenario_.parameters.tick);
    const bool struck = now_ - cohort.permit >= onset;
    const std::int64_t by_itself = struck ? 0 : chance_.binomial(cohort.doomed, silent);
    const std::int64_t by_release = struck ? cohort.doomed : 0;
    const bool mute = scenario_.fault->channel == Channel::silence;
    dead += by_itself + (mute ? by_release : 0);
    crashed += mute ? 0 : by_release;
    harmed_ += by_release;
    cohort.doomed -= by_itself + by_release;
  }
  heard_ += first ? before - dead - crashed : -dead - crashed;
  cohort.seen -= crashed;
  count_at_risk(cohort, Channel::explicit_failure, before - dead);
  count_event(cohort, Channel::explicit_failure, crashed);
  tally_.failed_explicit += crashed;
  due_in(verdicts_, cohort.last_beat + deadline_ - now_).push_back({at, before - crashed, dead});
  cohort.last_beat = now_;
  cohort.next_beat = now_ + beats_;
}

void FleetModel::judge_treated() {
  if (verdicts_.empty()) return;
  for (const Verdict& verdict : verdicts_.front()) {
    Cohort& cohort = cohorts_[verdict.cohort];
    count_at_risk(cohort, Channel::silence, verdict.judged);
    count_event(cohort, Channel::silence, verdict.silent);
    cohort.seen -= verdict.silent;
    tally_.failed_silent += verdict.silent;
  }
  verdicts_.pop_front();
}

// --- counts ---

ChannelCounts& FleetModel::open(std::size_t stratum, Channel channel) {
  return open_.strata[stratum].channel[index(channel)];
}

// At the tick's start; permits come at its end, so the youngest are one tick old a tick later.
std::int64_t FleetModel::age_ms(const Cohort& cohort) const {
  return std::max<std::int64_t>(0, now_ - cohort.permit - 1) * scenario_.parameters.tick.ms;
}

std::size_t FleetModel::bin_of(std::int64_t age_ms) const {
  const std::int64_t bin = age_ms / scenario_.parameters.age_bin().ms;
  return std::min(static_cast<std::size_t>(bin), rollout::kAgeBins - 1);
}

void FleetModel::count_healthy() {
  tally_.healthy = 0;
  for (const std::size_t at : young_) {
    const Cohort& cohort = cohorts_[at];
    if (age_ms(cohort) >= scenario_.parameters.horizons.front().age.ms)
      tally_.healthy += cohort.seen;
  }
}

void FleetModel::count_at_risk(const Cohort& cohort, Channel channel, std::int64_t devices) {
  ChannelCounts& counts = open(cohort.stratum, channel);
  const std::int64_t age = age_ms(cohort);
  counts.at_risk[bin_of(age)] += devices;
  for (std::size_t k = 0; k < scenario_.parameters.horizons.size(); ++k) {
    if (age < scenario_.parameters.horizons[k].age.ms) counts.at_risk_below[k] += devices;
  }
}

void FleetModel::count_event(const Cohort& cohort, Channel channel, std::int64_t events) {
  if (events == 0) return;
  ChannelCounts& counts = open(cohort.stratum, channel);
  const std::int64_t age = age_ms(cohort);
  counts.events[bin_of(age)] += events;
  for (std::size_t k = 0; k < scenario_.parameters.horizons.size(); ++k) {
    if (age < scenario_.parameters.horizons[k].age.ms) counts.bad_below[k] += events;
  }
  tally_.harmed += events;
}

void FleetModel::pass_horizons() {
  const auto& horizons = scenario_.parameters.horizons;
  for (std::size_t k = 0; k < horizons.size(); ++k) {
    std::size_t& front = horizon_front_[k];
    for (; front < dispatched_at_.size(); ++front) {
      const std::int64_t age =
          (now_ - 1 - static_cast<std::int64_t>(front)) * scenario_.parameters.tick.ms;
      if (age < horizons[k].age.ms) break;
      resolved_[k] += dispatched_at_[front];
    }
  }
  open_.resolved = resolved_;
}

}  // namespace fb::sim
