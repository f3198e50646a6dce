// Play: one rollout from its start to its end, on a fleet of counts, by the same step() that will
// decide.
//
// Devices take their places at the next tick, and nobody fails by chance: every device falls silent
// at the age `onset`, or none does. What was judged is compared as late as its lot may end. A
// value; single thread; no clock.
//
// A release that is watched for a month has tens of thousands of ticks, and in most nothing can
// happen. run() leaves these out, and comes to what every tick by itself would come to.
//
//   Play play(state, minutes(5));
//   play.run();
//   if (play.state().halt) ...
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollout/step.h"

namespace fb::rollout {

struct Wave {
  Millis at;  // after the start
  std::string population;
  std::int64_t devices = 0;
  std::int64_t total = 0;  // with all waves before it

  friend bool operator==(const Wave&, const Wave&) = default;
};

class Play {
 public:
  // Of a rollout that has started and had no tick yet.
  explicit Play(State state, std::optional<Millis> onset = {});

  // Until it is over.
  void run();

  // By hand: while it is not over, a tick, and on to the next one, or to the next that matters.
  [[nodiscard]] bool over() const;  // ended, or it rests for good
  void tick();
  void to_next_tick();
  void to_next_event();

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] Millis now() const { return now_; }  // after the start
  [[nodiscard]] const std::vector<Wave>& waves() const { return waves_; }

 private:
  // Devices of one stratum that got their permits in one tick.
  struct Cohort {
    Millis at;
    std::size_t stratum = 0;
    std::int64_t devices = 0;
    Millis judged_at = {};
    bool shock = false;  // its silence is a lot of its own
  };

  [[nodiscard]] Millis judged_after() const;
  [[nodiscard]] Millis compared_after() const { return lot_ - fifth_; }
  [[nodiscard]] Millis longest_rest() const;
  [[nodiscard]] Millis next_event() const;
  void apply(const Event& event);
  void count();
  void pass_horizons();
  void judge(TickCounts& counts);
  void compare(TickCounts& counts);
  void take_places();

  State state_;
  std::optional<Millis> onset_;
  Millis fifth_;  // of a heartbeat, in whole ticks
  Millis lot_;
  Millis now_;
  Millis last_change_;                                            // of who has it
  bool rests_ = false;                                            // and it will not change any more
  bool settled_ = false;                                          // the last tick changed nothing
  std::vector<std::int64_t> waiting_;                             // by stratum
  std::vector<std::array<std::int64_t, kMaxHorizons>> resolved_;  // by stratum
  std::vector<Cohort> cohorts_;                                   // in order of time
  std::vector<std::size_t> fronts_;  // by horizon: first cohort that has not reached it
  std::size_t judged_ = 0;           // cohorts whose silence was found
  std::size_t compared_ = 0;         // and met the control
  std::vector<Wave> waves_;
};

}  // namespace fb::rollout
