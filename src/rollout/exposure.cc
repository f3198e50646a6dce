#include "rollout/exposure.h"

#include <algorithm>

#include "base/check.h"

namespace fb::rollout {
namespace {

// The ratio rule of an outage speaks only when this many control devices were due.
constexpr std::int64_t kLeastDue = 30;

constexpr std::size_t index(Channel channel) { return static_cast<std::size_t>(channel); }

std::int64_t voice_count(Voice voice) { return voice == Voice::full ? 1 : 0; }

}  // namespace

Exposure::Exposure(const Parameters& parameters, std::size_t strata, Instant start)
    : horizons_(parameters.horizons),
      bin_ms_(parameters.age_bin().ms),
      deadline_ms_(parameters.silence_deadline().ms),
      heartbeat_ms_(parameters.heartbeat.ms),
      smallest_horizon_ms_(parameters.smallest_horizon().ms),
      open_(strata),
      lot_(strata, parameters.heartbeat, start),
      resolved_in_(strata),
      last_tick_(start),
      ages_from_(start),
      judged_at_(start) {
  FB_CHECK(!horizons_.empty() && horizons_.size() <= kMaxHorizons);
}

void Exposure::add_ready(DeviceIndex index, StratumIndex stratum, Instant now, Voice voice) {
  FB_CHECK(stratum < open_.size());
  Device& device = at(index);
  if (device.arm == Arm::neither && !device.control_event) {
    device.stratum = stratum;
    device.voice = voice;
    enter_control(device);
    begin_interval(index, now);
    if (device.whole_from_ms == kNever) device.whole_from_ms = now.ms + 1;
    // Who becomes control in a freeze was heard before it said that it is ready: its word counts
    // towards the end of the freeze all the same.
    const bool heard_already = device.last_heard_ms > frozen_from_.ms;
    if (frozen_ && heard_already) ++heard_since_freeze_;
  }
  take_word(index, now);
}

void Exposure::leave_ready(DeviceIndex index) {
  Device& device = at(index);
  if (device.arm != Arm::control) return;
  leave_control(device);
  device.whole_from_ms = kNever;
  // What it would have told of since its last heartbeat would have counted.
  if (!frozen_ && device.last_heard_ms > device.beat_ms)
    count_interval(device, Arm::control, Channel::explicit_failure, heartbeat_ms_);
}

void Exposure::dispatch(DeviceIndex index, StratumIndex stratum, Instant now) {
  FB_CHECK(stratum < open_.size());
  Device& device = at(index);
  if (device.arm == Arm::treated || device.arm == Arm::outside) return;
  if (device.arm == Arm::control) leave_control(device);
  device.stratum = stratum;
  if (device.control_event) {
    device.arm = Arm::outside;
  } else {
    enter_treated(index, {active_at(now), now.ms, device.beat_ms, index});
    begin_interval(index, now);
    device.in_step = true;
  }
  take_word(index, now);
}

HandBack Exposure::hand_back(DeviceIndex index, Instant now) {
  Device& device = at(index);
  if (device.arm == Arm::treated && !device.at_risk) return HandBack::stays_counted;
  if (device.arm == Arm::treated) {
    forget_dispatch(device);
    device.whole_from_ms = kNever;
  }
  if (device.arm != Arm::control) device.arm = Arm::neither;
  device.last_heard_ms = std::max(device.last_heard_ms, now.ms);
  return HandBack::forgotten;
}

void Exposure::leave(DeviceIndex index) {
  Device& device = at(index);
  if (device.arm == Arm::control) leave_control(device);
  if (device.arm != Arm::treated || !device.at_risk) return;
  count_bad(device,
            Channel::explicit_failure);  // bad for the bound; no evidence against the release
  leave_at_risk(device);
  device.left = true;
}

void Exposure::heard(DeviceIndex index, Instant now) { take_word(index, now); }

void Exposure::explicit_event(DeviceIndex index, Instant now) {
  Device& device = at(index);
  if (device.explicit_event) return;
  device.explicit_event = true;
  const Arm arm = device.arm;
  if (arm == Arm::treated) ++tally_.failed_explicit;
  const bool compared = device.at_risk;
  if (compared) leave_with_event(device, Channel::explicit_failure);
  if (arm != Arm::treated) device.control_event = true;
  if (!compared) return;
  device.awaited = true;
  // The word that tells of it has just ended its interval, as a heartbeat does.
  if (!frozen_ && device.ended_ms == now.ms)
    return count_event(index, arm, Channel::explicit_failure);
  awaited_.push_back(
      {device.beat_ms + heartbeat_ms_ + heartbeat_ms_ / 10, index, arm, Channel::explicit_failure});
}

TickCounts Exposure::tick(Instant now, Continuity continuity) {
  if (!frozen_ && (continuity == Continuity::was_down || outage(now))) freeze(now);
  if (frozen_) return frozen_tick(now);
  judge_intervals(now);
  TickCounts counts = take_counts();
  close_lot(counts, now);
  counts.awaited = awaited_harm();
  active_ms_ = active_at(now);
  last_tick_ = now;
  pass_horizons();
  say_resolved(counts);
  counts.tally = tally_;
  counts.active = {active_ms_};
  return counts;
}

void Exposure::end_outage(Instant now) {
  if (!frozen_) return;
  frozen_ = false;
  heartbeats_.clear();
  // Ages go on only when the first new verdicts are in: else devices would pass a horizon that
  // their silence had no time to show in.
  ages_from_ = now + Millis{smallest_horizon_ms_};
  // One scan of the fleet per outage: it was one interval for everybody, and every clock starts
  // now, in both arms alike.
  for (DeviceIndex i = 0; i < devices_.size(); ++i) {
    Device& device = devices_[i];
    if (!device.at_risk) continue;
    count_interval(device, device.arm, Channel::explicit_failure, heartbeat_ms_);
    // What the process before this one had not compared yet meets everybody, too.
    if (restored_) count_interval(device, device.arm, Channel::silence, heartbeat_ms_);
    begin_interval(i, now);
    device.in_step = false;
  }
  restored_ = false;
  for (Awaited& each : awaited_) each.due_ms = now.ms;
}

Exposure Exposure::restore(const Parameters& parameters, std::size_t strata,
                           std::vector<DeviceFacts> facts, Millis active, Instant now) {
  Exposure exposure(parameters, strata, now);
  exposure.active_ms_ = active.ms;
  std::sort(facts.begin(), facts.end(), [](const DeviceFacts& a, const DeviceFacts& b) {
    return a.dispatched_at != b.dispatched_at ? a.dispatched_at < b.dispatched_at
                                              : a.device < b.device;
  });
  for (const DeviceFacts& each : facts) exposure.restore_device(each);
  exposure.pass_horizons();
  exposure.freeze(now);
  exposure.restored_ = true;
  return exposure;
}

DeviceFacts Exposure::facts(DeviceIndex index) const {
  const Device& device = at(index);
  DeviceFacts facts{.device = index,
                    .stratum = device.stratum,
                    .voice = device.voice,
                    .arm = device.arm,
                    .dispatched_at = {},
                    .explicit_event = device.explicit_event,
                    .silent_event = device.silent_event,
                    .awaited = device.awaited,
                    .control_event = device.control_event,
                    .left = device.left};
  if (device.slot != kNoSlot) facts.dispatched_at = {dispatches_[device.slot].active_ms};
  return facts;
}

bool Exposure::is_control(DeviceIndex index) const { return at(index).arm == Arm::control; }

bool Exposure::is_treated(DeviceIndex index) const {
  return at(index).arm == Arm::treated || at(index).arm == Arm::outside;
}

bool Exposure::is_silent(DeviceIndex index) const { return at(index).silent_event; }

bool Exposure::unheard(DeviceIndex index, Instant now) const {
  const std::int64_t last = at(index).last_heard_ms;
  return last < now.ms - deadline_ms_;
}

bool Exposure::had_control_event(DeviceIndex index) const { return at(index).control_event; }

std::vector<DeviceIndex> Exposure::take_silent() {
  std::vector<DeviceIndex> taken;
  taken.swap(silent_);
  return taken;
}

std::vector<DeviceIndex> Exposure::take_compared() {
  std::vector<DeviceIndex> taken;
  taken.swap(compared_);
  return taken;
}

// --- one device ---

Exposure::Device& Exposure::at(DeviceIndex index) {
  if (index >= devices_.size()) devices_.resize(index + 1U);
  return devices_[index];
}

const Exposure::Device& Exposure::at(DeviceIndex index) const {
  static const Device kUnknown;
  return index < devices_.size() ? devices_[index] : kUnknown;
}

void Exposure::take_word(DeviceIndex index, Instant now) {
  Device& device = at(index);
  if (frozen_ && device.arm == Arm::control && device.last_heard_ms <= frozen_from_.ms &&
      now > frozen_from_) {
    ++heard_since_freeze_;
  }
  device.last_heard_ms = std::max(device.last_heard_ms, now.ms);
  if (!device.at_risk || frozen_ || now.ms <= device.beat_ms) return;
  const std::int64_t length = now.ms - device.beat_ms;
  if (device.in_step && !is_heartbeat(Millis{length}, Millis{heartbeat_ms_})) return;
  count_interval(device, device.arm, Channel::explicit_failure, length);
  device.ended_ms = now.ms;
  begin_interval(index, now);
  device.in_step = true;
}

void Exposure::begin_interval(DeviceIndex index, Instant now) {
  Device& device = devices_[index];
  device.beat_ms = std::max(device.beat_ms, now.ms);
  if (!frozen_) heartbeats_.push_back({device.beat_ms, index, device.arm});
}

std::int64_t Exposure::active_at(Instant now) const {
  if (frozen_) return active_ms_;
  return active_ms_ + std::max<std::int64_t>(0, (now - std::max(last_tick_, ages_from_)).ms);
}

// As of the tick's start; negative if dispatched since.
std::int64_t Exposure::age_ms(const Device& device) const {
  return active_ms_ - dispatches_[device.slot].active_ms;
}

std::size_t Exposure::bin_of(std::int64_t age_ms) const {
  if (age_ms < 0) return 0;
  return std::min<std::size_t>(static_cast<std::size_t>(age_ms / bin_ms_), kAgeBins - 1);
}

void Exposure::enter_control(Device& device) {
  device.arm = Arm::control;
  device.at_risk = true;
  device.in_step = false;
  ++tally_.control;
}

void Exposure::leave_control(Device& device) {
  --tally_.control;
  device.at_risk = false;
  device.arm = Arm::neither;
}

void Exposure::enter_treated(DeviceIndex index, Dispatch dispatch) {
  Device& device = devices_[index];
  device.arm = Arm::treated;
  device.at_risk = true;
  device.ended_ms = INT64_MIN;
  device.slot = static_cast<std::uint32_t>(dispatches_.size());
  // Instants may step back; the order of dispatches may not.
  if (!dispatches_.empty()) {
    dispatch.active_ms = std::max(dispatch.active_ms, dispatches_.back().active_ms);
  }
  dispatches_.push_back(dispatch);
  ++tally_.exposed;
}

void Exposure::leave_at_risk(Device& device) {
  if (age_ms(device) >= horizons_.front().age.ms) --tally_.healthy;
  device.at_risk = false;
}

// As if the permit had never been: out of n.
void Exposure::forget_dispatch(Device& device) {
  const std::int64_t age = age_ms(device);
  leave_at_risk(device);
  for (std::size_t k = 0; k < horizons_.size(); ++k) {
    if (age >= horizons_[k].age.ms) {
      --resolved_[k];
      --resolved_in_[device.stratum][k];
    }
  }
  --tally_.exposed;
  device.slot = kNoSlot;
}

void Exposure::count_interval(const Device& device, Arm arm, Channel channel,
                              std::int64_t length_ms) {
  ChannelCounts& counts = lot_.of(device.stratum, channel);
  if (arm == Arm::treated) return count_due_treated(counts, device, intervals(length_ms));
  count_due_control(counts, device, {device.beat_ms, intervals(length_ms)});
}

void Exposure::count_bad(const Device& device, Channel channel) {
  ChannelCounts& counts = open_[device.stratum].channel[index(channel)];
  const std::int64_t age = age_ms(device);
  for (std::size_t k = 0; k < horizons_.size(); ++k) {
    if (age < horizons_[k].age.ms) ++counts.bad_below[k];
  }
}

void Exposure::count_event(DeviceIndex index, Arm arm, Channel channel) {
  const Device& device = devices_[index];
  ChannelCounts& counts = lot_.of(device.stratum, channel);
  (arm == Arm::treated ? counts.events[bin_of(age_ms(device))] : counts.control_events) +=
      voice_count(device.voice);
  in_fifth_.push_back(index);
}

// The first event of a device at risk, in either arm: it leaves the at-risk sets, and harm counts
// for the bound without delay.
void Exposure::leave_with_event(Device& device, Channel channel) {
  if (device.arm == Arm::treated) {
    count_bad(device, channel);
    leave_at_risk(device);
    ++tally_.harmed;
    return;
  }
  leave_control(device);
  device.control_event = true;
}

// Events that were told before their interval ended, when those of the others have ended too.
void Exposure::compare_awaited(Instant now) {
  const auto waits = [&](const Awaited& each) { return each.due_ms > now.ms; };
  const auto ended = std::stable_partition(awaited_.begin(), awaited_.end(), waits);
  for (auto it = ended; it != awaited_.end(); ++it) {
    count_interval(devices_[it->device], it->arm, it->channel, heartbeat_ms_);
    count_event(it->device, it->arm, it->channel);
  }
  awaited_.erase(ended, awaited_.end());
}

std::int64_t Exposure::awaited_harm() const {
  const auto treated = [](const Awaited& each) { return each.arm == Arm::treated; };
  return std::count_if(awaited_.begin(), awaited_.end(), treated) + lot_.events();
}

// --- silence and outage ---

bool Exposure::due(const Heartbeat& beat, Instant now) const {
  return beat.received_ms + deadline_ms_ <= now.ms;
}

bool Exposure::outage(Instant now) const {
  std::int64_t due_control = 0;
  std::int64_t heard = 0;
  for (const Heartbeat& beat : heartbeats_) {
    if (!due(beat, now)) break;
    const Device& device = devices_[beat.device];
    if (beat.arm != Arm::control || device.arm != Arm::control) continue;
    ++due_control;
    if (device.last_heard_ms > beat.received_ms) ++heard;
  }
  return due_control >= kLeastDue && 2 * heard < due_control;
}

void Exposure::freeze(Instant now) {
  frozen_ = true;
  frozen_from_ = now;
  heard_since_freeze_ = 0;
  heartbeats_.clear();
}

TickCounts Exposure::frozen_tick(Instant now) {
  for (std::size_t i = dispatches_.size(); i > 0 && dispatches_[i - 1].active_ms > active_ms_;
       --i) {
    dispatches_[i - 1].active_ms = active_ms_;  // permits of the frozen interval start with it
  }
  last_tick_ = now;
  if (now > frozen_from_ && 2 * heard_since_freeze_ >= tally_.control) end_outage(now);
  TickCounts counts;
  counts.strata.resize(open_.size());
  say_resolved(counts);
  counts.tally = tally_;
  counts.active = {active_ms_};
  counts.frozen = true;
  return counts;
}

// Every fifth of a heartbeat, whatever the tick: horizons leave so much time for silence to show.
void Exposure::judge_intervals(Instant now) {
  if (5 * (now - judged_at_).ms < heartbeat_ms_) return;
  judged_at_ = now;
  while (!heartbeats_.empty() && due(heartbeats_.front(), now)) {
    judge(heartbeats_.front());
    heartbeats_.pop_front();
  }
  compare_awaited(now);
}

void Exposure::close_lot(TickCounts& counts, Instant now) {
  const std::int64_t devices = tally_.control + tally_.exposed;
  const Lot::Closing closing = lot_.close(counts.strata, now, devices);
  if (closing == Lot::Closing::not_yet) return;
  if (closing == Lot::Closing::before || closing == Lot::Closing::all) say_compared(in_waiting_);
  if (closing == Lot::Closing::all) return say_compared(in_fifth_);
  in_waiting_.insert(in_waiting_.end(), in_fifth_.begin(), in_fifth_.end());
  in_fifth_.clear();
}

void Exposure::say_compared(std::vector<DeviceIndex>& devices) {
  for (const DeviceIndex index : devices) devices_[index].awaited = false;
  compared_.insert(compared_.end(), devices.begin(), devices.end());
  devices.clear();
}

void Exposure::judge(const Heartbeat& beat) {
  Device& device = devices_[beat.device];
  ChannelCounts& counts = lot_.of(device.stratum, Channel::silence);
  const bool left = device.arm == Arm::neither && device.whole_from_ms == kNever;
  if (left && beat.arm == Arm::control)
    return count_due_control(counts, device, {beat.received_ms});
  if (!device.at_risk) return;
  if (beat.arm == Arm::control && device.arm == Arm::treated) {
    return count_moved_on(counts, device, beat);
  }
  if (beat.arm != device.arm) return;
  device.arm == Arm::control ? count_due_control(counts, device, {beat.received_ms})
                             : count_due_treated(counts, device, 1);
  if (device.beat_ms > beat.received_ms) return;
  device.silent_event = device.awaited = true;
  silent_.push_back(beat.device);
  const Arm arm = device.arm;
  if (arm == Arm::treated) ++tally_.failed_silent;
  leave_with_event(device, Channel::silence);
  count_event(beat.device, arm, Channel::silence);
}

void Exposure::count_due_control(ChannelCounts& counts, const Device& device,
                                 const Interval& interval) {
  if (interval.begin_ms >= device.whole_from_ms) counts.control += voice_count(device.voice);
  counts.control_for_bound += interval.heartbeats * voice_count(device.voice);
}

// A heartbeat of the control whose device was dispatched since. If the next one was one of the
// control too, it was a whole interval. The last one was cut short by the permit, and only
// survivors ask for permits: taking it for a whole one would make the control look too healthy. If
// it was hardly begun it is none; else each test takes its safe side.
void Exposure::count_moved_on(ChannelCounts& counts, const Device& device, const Heartbeat& beat) {
  const Dispatch& dispatch = dispatches_[device.slot];
  if (beat.received_ms < dispatch.beat_before_ms)
    return count_due_control(counts, device, {beat.received_ms});
  if (10 * (dispatch.permit_ms - beat.received_ms) < heartbeat_ms_) return;
  counts.control_for_bound += voice_count(device.voice);
}

// How many heartbeats' worth a time is. Each test takes its safe side: the halt test counts treated
// devices so, the bound the control; the others count as one. Heartbeats come up to a tenth late.
std::int64_t Exposure::intervals(std::int64_t length_ms) const {
  const std::int64_t more = length_ms - heartbeat_ms_ / 10;
  return std::max<std::int64_t>(1, (more + heartbeat_ms_ - 1) / heartbeat_ms_);
}

void Exposure::count_due_treated(ChannelCounts& counts, const Device& device,
                                 std::int64_t intervals) {
  const std::int64_t age = age_ms(device);
  counts.at_risk[bin_of(age)] += intervals * voice_count(device.voice);
  for (std::size_t k = 0; k < horizons_.size(); ++k) {
    if (age < horizons_[k].age.ms) counts.at_risk_below[k] += voice_count(device.voice);
  }
}

// --- the tick ---

TickCounts Exposure::take_counts() {
  TickCounts counts;
  counts.strata.resize(open_.size());
  counts.strata.swap(open_);
  return counts;
}

void Exposure::say_resolved(TickCounts& counts) const {
  counts.resolved = resolved_;
  for (std::size_t s = 0; s < resolved_in_.size(); ++s) counts.strata[s].resolved = resolved_in_[s];
}

void Exposure::pass_horizons() {
  for (std::size_t k = 0; k < horizons_.size(); ++k) {
    std::size_t& front = horizon_front_[k];
    for (; front < dispatches_.size() &&
           active_ms_ - dispatches_[front].active_ms >= horizons_[k].age.ms;
         ++front) {
      const Device& device = devices_[dispatches_[front].device];
      if (device.slot != front) continue;
      ++resolved_[k];
      ++resolved_in_[device.stratum][k];
      if (k == 0 && device.at_risk) ++tally_.healthy;
    }
  }
}

void Exposure::restore_device(const DeviceFacts& facts) {
  FB_CHECK(facts.stratum < open_.size());
  Device& device = at(facts.device);
  device.stratum = facts.stratum;
  device.voice = facts.voice;
  device.explicit_event = facts.explicit_event;
  device.silent_event = facts.silent_event;
  device.control_event = facts.control_event;
  device.awaited = facts.awaited;
  if (facts.awaited) {
    awaited_.push_back({0, facts.device, facts.arm == Arm::treated ? Arm::treated : Arm::control,
                        facts.silent_event ? Channel::silence : Channel::explicit_failure});
  }
  if (facts.arm == Arm::control) {
    enter_control(device);
  } else if (facts.arm == Arm::treated) {
    enter_treated(facts.device, {facts.dispatched_at.ms, 0, 0, facts.device});
    device.left = facts.left;
    tally_.failed_explicit += facts.explicit_event ? 1 : 0;
    tally_.failed_silent += facts.silent_event ? 1 : 0;
    if (facts.explicit_event || facts.silent_event) ++tally_.harmed;
    // Its age counts, its events are counted already.
    if (facts.explicit_event || facts.silent_event || facts.left) device.at_risk = false;
  } else {
    device.arm = facts.arm;
  }
}

}  // namespace fb::rollout
