// Exposure: who has the release for how long, who is the control, and what happened to them: as
// counts.
//
// Fed one device event at a time, O(1) amortised each; a tick costs O(strata x bins) plus the
// heartbeats that fall due, never a scan of the fleet. It promises exactly what the proofs need:
// numbers at risk and events of exactly those devices, ages in active time, both arms under one
// rule for each channel. Derived state: the shell owns one per running rollout and rebuilds it
// with restore(). Single thread.
//
// A device is at risk when it can be heard of, not while it merely lives: the beats of one wave
// keep step with its age, and what they tell would meet devices that cannot have told yet. And it
// is at risk as often as the others: the permit is a heartbeat, and so is a word that comes nine
// tenths of one or more after the last; words in between are none, however many a device has to
// say.
//   Silence: a heartbeat received at t falls due at t + D_s + R. In that tick its device is at
//   risk; if no heartbeat was received since, that is the event.
//   Explicit: a heartbeat ends the interval that the one before it began. In that tick its device
//   is at risk; if it told of an event in the interval, that is the event. Who tells at once counts
//   for the bound at once, and is compared when its interval would have ended.
// After an outage all clocks start anew. Who leaves the control and comes back begins an interval
// that nobody else begins then, and only survivors come back: the halt test leaves out that
// interval and those that were open when it left, the bound counts them all (note 0092).
//
//   Exposure exposure(parameters, strata, now);
//   exposure.add_ready(device, stratum, now);
//   exposure.dispatch(device, now);                       // the permit
//   exposure.heard(device, now);                          // any authenticated word from it
//   const TickCounts counts = exposure.tick(now);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.h"
#include "rollout/lot.h"
#include "rollout/parameters.h"
#include "rollout/tick_counts.h"

namespace fb::rollout {

// Dense, given by the shell: position in the frozen list of eligible devices.
using DeviceIndex = std::uint32_t;
using StratumIndex = std::uint16_t;

// Whether a device's events are compared between arms. `muted`: one of a tenant's devices beyond a
// tenth of the control, chosen by hash before anything happened; it still counts in n and X, so
// forged health cannot hide harm.
enum class Voice : std::uint8_t { full, muted };

// The server was running since the last tick, or it was down in between.
enum class Continuity : std::uint8_t { unbroken, was_down };

// What happened to a device that was handed a permit and came back without using it.
enum class HandBack : std::uint8_t { forgotten, stays_counted };

// A device as of the persisted State; later facts are replayed through the ordinary calls.
struct DeviceFacts {
  DeviceIndex device = 0;
  StratumIndex stratum = 0;
  Voice voice = Voice::full;
  // outside: treated, but its event came before its permit, so it is in no count.
  enum class Arm : std::uint8_t { neither, control, treated, outside } arm = Arm::neither;
  Millis dispatched_at;  // active time, as dispatched_at() told; treated only
  bool explicit_event = false;
  bool silent_event = false;
  bool awaited = false;        // its event is in X, and not compared yet
  bool control_event = false;  // had its event before any permit
  bool left = false;           // decommissioned after its permit

  friend bool operator==(const DeviceFacts&, const DeviceFacts&) = default;
};

class Exposure {
 public:
  Exposure(const Parameters& parameters, std::size_t strata, Instant start);

  // The device is staged, its customer policy is open, and it was heard within 1.2 heartbeats: from
  // now on it is control. A device with an earlier event stays outside. Adding twice changes
  // nothing.
  void add_ready(DeviceIndex device, StratumIndex stratum, Instant now, Voice voice = Voice::full);
  // Policy closed, or the owner refused. Not for silence: that is an event, and found here.
  void leave_ready(DeviceIndex device);
  // The permit was granted: clocks start. Works from any state; a device whose control event came
  // first is counted outside R, X and n. Dispatching twice changes nothing.
  void dispatch(DeviceIndex device, StratumIndex stratum, Instant now);
  // The permit came back unused: leaves n and X, unless an event came first.
  HandBack hand_back(DeviceIndex device, Instant now);
  // The device is gone for good (decommissioned). If treated it stays in n, and is bad for every
  // horizon not yet reached.
  void leave(DeviceIndex device);
  // Any authenticated word from the device.
  void heard(DeviceIndex device, Instant now);
  // Crash, failed probe, boot loop or degradation, told by a word received `now`. The first per
  // device counts; others change nothing.
  void explicit_event(DeviceIndex device, Instant now);

  // Closes the tick [last tick, now) and returns its counts.
  TickCounts tick(Instant now, Continuity continuity = Continuity::unbroken);
  // A person says the outage is over though fewer than half of the control came back.
  void end_outage(Instant now);

  // Rebuilds from facts and the persisted active time, in any order; clocks of silence start at
  // `now`, and the next tick should say was_down. `active` is TickCounts::active of the last
  // persisted tick.
  static Exposure restore(const Parameters& parameters, std::size_t strata,
                          std::vector<DeviceFacts> facts, Millis active, Instant now);
  // One device as of now. Persist it with the State that its tick made; between ticks persist the
  // events themselves.
  [[nodiscard]] DeviceFacts facts(DeviceIndex device) const;

  [[nodiscard]] bool is_control(DeviceIndex device) const;
  [[nodiscard]] bool is_treated(DeviceIndex device) const;
  [[nodiscard]] bool is_silent(DeviceIndex device) const;  // silence verdict fell, in either arm
  // Nothing heard for longer than the silence deadline, verdict or not: devices with an earlier
  // event are not judged again, but they cannot be waited for either.
  [[nodiscard]] bool unheard(DeviceIndex device, Instant now) const;
  [[nodiscard]] bool had_control_event(DeviceIndex device) const;
  [[nodiscard]] bool frozen() const { return frozen_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  // Silence verdicts since the last call, in order: devices to show as silent.
  std::vector<DeviceIndex> take_silent();
  // Awaited events that the last tick compared: their facts have changed.
  std::vector<DeviceIndex> take_compared();

 private:
  using Arm = DeviceFacts::Arm;
  struct Device {
    std::int64_t last_heard_ms = INT64_MIN;
    std::int64_t beat_ms = INT64_MIN;   // the last heartbeat: its open interval runs from there
    std::int64_t ended_ms = INT64_MIN;  // when it ended an interval by a heartbeat
    // Intervals of the control that began earlier were interrupted. kNever: it is out of it.
    std::int64_t whole_from_ms = INT64_MIN;
    std::uint32_t slot = kNoSlot;  // position in dispatches_
    StratumIndex stratum = 0;
    Arm arm = Arm::neither;
    Voice voice = Voice::full;
    bool at_risk = false;  // in its arm, and without an event
    bool in_step = false;  // its last heartbeat was a word, not the start of all clocks
    bool explicit_event = false;
    bool silent_event = false;
    bool awaited = false;
    bool control_event = false;
    bool left = false;
  };
  struct Dispatch {
    std::int64_t active_ms = 0;
    std::int64_t permit_ms = 0;
    std::int64_t beat_before_ms = 0;  // the last heartbeat before the permit
    DeviceIndex device = 0;
  };
  struct Interval {
    std::int64_t begin_ms = 0;
    std::int64_t heartbeats = 1;  // that it may have been long
  };
  struct Heartbeat {
    std::int64_t received_ms = 0;
    DeviceIndex device = 0;
    Arm arm = Arm::neither;
  };
  struct Awaited {  // an event whose interval has not ended
    std::int64_t due_ms = 0;
    DeviceIndex device = 0;
    Arm arm = Arm::neither;
    Channel channel = Channel::explicit_failure;
  };
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;
  static constexpr std::int64_t kNever = INT64_MAX;

  Device& at(DeviceIndex device);
  [[nodiscard]] const Device& at(DeviceIndex device) const;
  void take_word(DeviceIndex index, Instant now);
  void begin_interval(DeviceIndex index, Instant now);
  [[nodiscard]] std::int64_t active_at(Instant now) const;
  [[nodiscard]] std::int64_t age_ms(const Device& device) const;
  [[nodiscard]] std::size_t bin_of(std::int64_t age_ms) const;
  void enter_control(Device& device);
  void leave_control(Device& device);
  void enter_treated(DeviceIndex index, Dispatch dispatch);
  void leave_at_risk(Device& device);
  void forget_dispatch(Device& device);
  void count_interval(const Device& device, Arm arm, Channel channel, std::int64_t length_ms);
  void count_bad(const Device& device, Channel channel);
  void count_event(DeviceIndex index, Arm arm, Channel channel);
  void leave_with_event(Device& device, Channel channel);
  void compare_awaited(Instant now);
  [[nodiscard]] std::int64_t awaited_harm() const;

  [[nodiscard]] bool due(const Heartbeat& beat, Instant now) const;
  [[nodiscard]] bool outage(Instant now) const;
  void freeze(Instant now);
  TickCounts frozen_tick(Instant now);
  void judge_intervals(Instant now);
  void close_lot(TickCounts& counts, Instant now);
  void say_compared(std::vector<DeviceIndex>& devices);
  void judge(const Heartbeat& beat);
  static void count_due_control(ChannelCounts& counts, const Device& device,
                                const Interval& interval);
  [[nodiscard]] std::int64_t intervals(std::int64_t length_ms) const;
  void count_moved_on(ChannelCounts& counts, const Device& device, const Heartbeat& beat);
  void count_due_treated(ChannelCounts& counts, const Device& device, std::int64_t intervals);
  TickCounts take_counts();
  void say_resolved(TickCounts& counts) const;
  void pass_horizons();
  void restore_device(const DeviceFacts& facts);

  std::vector<Horizon> horizons_;
  std::int64_t bin_ms_ = 0;
  std::int64_t deadline_ms_ = 0;
  std::int64_t heartbeat_ms_ = 0;
  std::int64_t smallest_horizon_ms_ = 0;
  std::vector<Device> devices_;
  std::vector<Dispatch>
      dispatches_;  // in order of active time; handed-back ones are known by their slot
  std::deque<Heartbeat> heartbeats_;  // in order of receipt
  std::vector<Awaited> awaited_;
  std::vector<StratumCounts> open_;  // for the next tick
  Lot lot_;
  std::vector<DeviceIndex> in_fifth_;    // whose events are in its open fifth
  std::vector<DeviceIndex> in_waiting_;  // and in those that wait
  std::vector<DeviceIndex> compared_;
  std::vector<DeviceIndex> silent_;
  std::array<std::size_t, kMaxHorizons> horizon_front_{};  // first dispatch younger than horizon k
  std::array<std::int64_t, kMaxHorizons> resolved_{};
  std::vector<std::array<std::int64_t, kMaxHorizons>> resolved_in_;  // by stratum
  Tally tally_;
  std::int64_t active_ms_ = 0;  // as of last_tick_
  Instant last_tick_;
  Instant ages_from_;  // before it ages stand still: start, or the first verdicts after an outage
  Instant judged_at_;  // last look at heartbeats that fell due
  bool restored_ = false;
  bool frozen_ = false;
  Instant frozen_from_;
  std::int64_t heard_since_freeze_ = 0;
};

}  // namespace fb::rollout
