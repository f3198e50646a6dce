#include "sim/background.h"

#include <algorithm>
#include <cmath>

namespace fb::sim {
namespace {

// 0 outside its time; else the factor, or where the period has brought it.
double factor_at(const Shock& shock, Millis now) {
  if (now < shock.from || now >= shock.to) return 1;
  if (shock.period.ms <= 0) return shock.factor;
  const auto phase = static_cast<double>(now.ms % shock.period.ms);
  const double half = static_cast<double>(shock.period.ms) / 2;
  const double height = 1 - std::abs(phase - half) / half;  // a triangle: 0, 1, 0
  return 1 + (shock.factor - 1) * height;
}

bool strikes(const Shock& shock, std::size_t stratum, std::size_t strata) {
  return static_cast<double>(stratum) < shock.strata_share * static_cast<double>(strata);
}

std::vector<double> course(const Scenario& scenario, rollout::Channel channel,
                           std::size_t stratum) {
  const double per_hour = channel == rollout::Channel::silence
                              ? scenario.fleet.background_silence_per_hour
                              : scenario.fleet.background_crash_per_hour;
  const Millis tick = scenario.parameters.tick;
  const std::int64_t ticks = scenario.horizon.ms / tick.ms + 2;
  std::vector<double> course;
  for (std::int64_t t = 0; t < ticks; ++t) {
    double rate = per_hour * static_cast<double>(tick.ms) / 3'600'000;
    for (const Shock& shock : scenario.shocks) {
      if (shock.channel == channel && strikes(shock, stratum, scenario.fleet.strata.size()))
        rate *= factor_at(shock, tick * t);
    }
    course.push_back(std::min(rate, 1.0));
  }
  return course;
}

}  // namespace

Background::Background(const Scenario& scenario) {
  const std::size_t strata = scenario.fleet.strata.size();
  for (std::size_t c = 0; c < rollout::kChannels; ++c) {
    std::vector<std::vector<double>>& classes = by_tick_[c];
    for (std::size_t s = 0; s < strata; ++s) {
      auto made = course(scenario, static_cast<rollout::Channel>(c), s);
      const auto same = std::find(classes.begin(), classes.end(), made);
      const auto at = static_cast<std::size_t>(same - classes.begin());
      if (same == classes.end()) classes.push_back(std::move(made));
      class_of_.push_back(at);
    }
  }
}

double Background::risk(std::size_t stratum, rollout::Channel channel, std::int64_t from,
                        std::int64_t to) const {
  const auto c = static_cast<std::size_t>(channel);
  const std::size_t strata = class_of_.size() / rollout::kChannels;
  const std::vector<double>& course = by_tick_[c][class_of_[c * strata + stratum]];
  const auto last = static_cast<std::int64_t>(course.size()) - 1;
  double survive = 1;
  for (std::int64_t t = std::max<std::int64_t>(0, from + 1); t <= to; ++t)
    survive *= 1 - course[static_cast<std::size_t>(std::min(t, last))];
  return 1 - survive;
}

}  // namespace fb::sim
