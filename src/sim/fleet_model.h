// FleetModel: a fleet of millions as counts, in ticks. Devices beat, fail by themselves, take
// places, and fail by the release; what a server would have seen of it comes out as TickCounts.
//
// No device appears. Those that beat in the same tick of a heartbeat, in the same stratum, are one
// number; those that took their permit in the same tick are one cohort. What falls due later (the
// verdict on a heartbeat) waits in a calendar. A tick costs O(strata + cohorts still of interest),
// whatever the fleet's size. It follows the same rules as rollout::Exposure: clocks start at the
// permit, silence is judged when a received heartbeat falls due, crashes when the next one comes,
// the first event removes a device. A restart for the update fits between two heartbeats and shows
// in the deadline alone. What it leaves out: telemetry outages, tenants, devices that return.
//
// One run is one FleetModel; single thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "rollout/step.h"
#include "rollout/tick_counts.h"
#include "sim/background.h"
#include "sim/chance.h"
#include "sim/scenario.h"

namespace fb::sim {

// Permits of one tick, by stratum.
struct Permits {
  std::vector<std::int64_t> inside;
  std::vector<std::int64_t> handed_back;  // of these: the installation failed before activation
  std::int64_t outside = 0;               // of stratum 0: their event came before their permit
};

class FleetModel {
 public:
  // Both must outlive the model.
  FleetModel(const Scenario& scenario, const Background& background, Chance chance);

  // The next tick. `places` are open: those not promised yet are promised to living devices by
  // lot, each takes its place when it beats.
  const Permits& live(std::int64_t places);
  // What the tick has shown. Once per live().
  rollout::TickCounts counts();

  [[nodiscard]] std::int64_t remaining() const;  // undispatched, as far as a server knows
  [[nodiscard]] bool anybody_waits() const;      // a living device without the release
  [[nodiscard]] rollout::Installs installs() const { return installs_; }
  [[nodiscard]] std::int64_t exposed() const { return exposed_; }
  // Of the exposed, those that have spoken since and at every beat.
  [[nodiscard]] std::int64_t heard() const { return heard_; }
  // Devices that the release has made fail by the end of this tick, seen or not.
  [[nodiscard]] std::int64_t harmed() const { return harmed_by(now_); }
  // The same by the end of a later tick, if nobody goes back and nobody else starts.
  [[nodiscard]] std::int64_t harmed_by(std::int64_t ticks) const;
  // The same if everybody goes back within five minutes from now.
  std::int64_t harmed_if_reverted_now();
  [[nodiscard]] std::int64_t ticks() const { return now_; }

 private:
  struct Waiting {                       // one stratum, nobody with the release
    std::vector<std::int64_t> alive;     // by beat: control
    std::vector<std::int64_t> promised;  // of these, with a place
    std::vector<std::int64_t> deferred;  // by beat: their window is closed
    std::int64_t seen = 0;   // control as the server sees it: the dead not missed yet too
    std::int64_t spent = 0;  // had an event: go last, outside the counts
  };
  struct Cohort {
    std::size_t stratum = 0;
    std::int64_t permit = 0;  // tick
    std::int64_t size = 0;
    std::int64_t sound = 0;   // alive, no event, the release does nothing to them
    std::int64_t doomed = 0;  // alive, no event, the release will
    std::int64_t seen = 0;    // at risk as the server sees it
    std::int64_t last_beat = 0;
    std::int64_t next_beat = 0;
  };
  struct Verdict {  // on heartbeats received one deadline ago
    std::size_t cohort = 0;
    std::int64_t judged = 0;
    std::int64_t silent = 0;
  };
  struct ControlVerdict {
    std::int64_t judged = 0;
    std::int64_t silent = 0;
  };

  void promise(std::int64_t places);
  void promise_spent(std::int64_t places);
  void promise_in(std::size_t stratum, std::int64_t places);
  void open_windows();
  void beat_waiting(std::size_t stratum);
  void grant(std::size_t stratum, std::int64_t ready);
  void grant_spent();
  void beat_cohort(std::size_t index);
  void judge_control(std::size_t stratum);
  void judge_treated();
  void count_healthy();
  void count_at_risk(const Cohort& cohort, rollout::Channel channel, std::int64_t devices);
  void count_event(const Cohort& cohort, rollout::Channel channel, std::int64_t events);
  void pass_horizons();
  [[nodiscard]] std::int64_t doom(std::size_t stratum, std::int64_t devices);
  [[nodiscard]] std::int64_t age_ms(const Cohort& cohort) const;
  [[nodiscard]] std::size_t bin_of(std::int64_t age_ms) const;
  [[nodiscard]] rollout::ChannelCounts& open(std::size_t stratum, rollout::Channel channel);

  const Scenario& scenario_;
  const Background& background_;
  Chance chance_;
  std::int64_t beats_ = 5;      // ticks per heartbeat
  std::int64_t deadline_ = 12;  // ticks
  std::int64_t now_ = 0;        // ticks lived
  std::vector<Waiting> waiting_;
  std::vector<Cohort> cohorts_;
  std::vector<std::size_t> young_;             // cohorts that still beat one by one, by age
  std::deque<std::vector<Verdict>> verdicts_;  // by tick from now
  std::deque<std::vector<ControlVerdict>> control_verdicts_;
  std::deque<std::int64_t> lost_places_;  // promised to the dead: pass on then
  std::deque<std::int64_t> spent_takes_;  // by tick from now
  std::int64_t places_lost_ = 0;
  std::int64_t places_promised_ = 0;
  std::int64_t spent_promised_ = 0;
  std::int64_t places_left_ = 0;
  Permits permits_;
  rollout::TickCounts open_;
  std::vector<std::int64_t> dispatched_at_;  // by tick, inside the counts
  std::array<std::size_t, rollout::kMaxHorizons> horizon_front_{};
  std::array<std::int64_t, rollout::kMaxHorizons> resolved_{};  // n_k
  rollout::Tally tally_;
  rollout::Installs installs_;
  std::int64_t exposed_ = 0;
  std::int64_t heard_ = 0;
  std::int64_t harmed_ = 0;
};

}  // namespace fb::sim
