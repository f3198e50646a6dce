#include "exact/fate.h"

#include <algorithm>

namespace fb::exact {
namespace {

using rollout::Channel;

// P(has happened by tick t) for every t.
using Course = std::vector<double>;

Course course_of(const sim::Background& background, std::size_t stratum, Channel channel,
                 std::int64_t ticks) {
  Course course;
  double survive = 1;
  for (std::int64_t t = 0; t <= ticks; ++t) {
    survive *= 1 - background.risk(stratum, channel, t - 1, t);
    course.push_back(1 - survive);
  }
  return course;
}

// Tick t of the fast model is the minute after t; what it finds at t befell in the minute between
// the middles of two.
Millis draw_time(const Course& course, Millis tick, sim::Chance& chance) {
  const double lot = chance.uniform();
  const auto found = std::upper_bound(course.begin(), course.end(), lot);
  const std::int64_t within = chance.below(tick.ms);
  if (found == course.end()) return kNever;
  return tick * (found - course.begin()) - tick / 2 + Millis{within};
}

// Never on the tick itself: a beat and a tick at one instant would have no order.
Millis draw_beat(const sim::Scenario& scenario, sim::Chance& chance) {
  Millis beat{chance.below(scenario.fleet.heartbeat.ms)};
  if (beat.ms % scenario.parameters.tick.ms == 0) beat = beat + milliseconds(1);
  return beat;
}

// A share of the strata that ends inside one strikes that part of it.
double share_struck(const sim::Scenario& scenario, std::size_t stratum) {
  const sim::Fault& fault = *scenario.fault;
  if (fault.stratum.value_or(stratum) != stratum) return 0;
  const double struck = fault.strata_share * static_cast<double>(scenario.fleet.strata.size());
  return std::clamp(struck - static_cast<double>(stratum), 0.0, 1.0);
}

struct Courses {
  Course silence, crash;
};

Fate draw(const sim::Scenario& scenario, const Courses& courses, std::size_t stratum,
          sim::Chance& chance) {
  const Millis tick = scenario.parameters.tick;
  Fate fate;
  fate.stratum = stratum;
  fate.beat = draw_beat(scenario, chance);
  fate.dies = draw_time(courses.silence, tick, chance);
  fate.crashes = draw_time(courses.crash, tick, chance);
  fate.deferred = chance.uniform() < scenario.traits.deferred_share;
  fate.window = scenario.traits.deferred_until;
  fate.fails_first_install = chance.uniform() < scenario.traits.install_error;
  fate.reboot = scenario.traits.reboot;
  if (!scenario.fault) return fate;
  fate.doomed = chance.uniform() < scenario.fault->p * share_struck(scenario, stratum);
  fate.onset = scenario.fault->onset;
  fate.channel = scenario.fault->channel;
  return fate;
}

}  // namespace

std::vector<Fate> draw_fates(const sim::Scenario& scenario, sim::Chance& chance) {
  const sim::Background background(scenario);
  const std::int64_t ticks = scenario.horizon.ms / scenario.parameters.tick.ms + 1;
  std::vector<Fate> fates;
  for (std::size_t s = 0; s < scenario.fleet.strata.size(); ++s) {
    const Courses courses{course_of(background, s, Channel::silence, ticks),
                          course_of(background, s, Channel::explicit_failure, ticks)};
    for (std::int64_t i = 0; i < scenario.fleet.strata[s].devices; ++i)
      fates.push_back(draw(scenario, courses, s, chance));
  }
  return fates;
}

}  // namespace fb::exact
