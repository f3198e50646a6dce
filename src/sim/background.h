// Background: what befalls devices by themselves, in both arms alike, as it moves over the day.
//
// Answers one question: how likely is it that a device alive at one tick has failed by another.
// Strata that the same shocks strike share one course. Built once per scenario; read by every run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/scenario.h"

namespace fb::sim {

class Background {
 public:
  explicit Background(const Scenario& scenario);

  // P(an event of `channel` in the ticks (from, to]) for a device of `stratum`.
  [[nodiscard]] double risk(std::size_t stratum, rollout::Channel channel, std::int64_t from,
                            std::int64_t to) const;

 private:
  // Probability per tick, by channel and class of strata.
  std::array<std::vector<std::vector<double>>, rollout::kChannels> by_tick_;
  std::vector<std::size_t> class_of_;  // channel by channel, by stratum
};

}  // namespace fb::sim
