#include "rollout/decision.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "rollout/bound.h"

namespace fb::rollout {
namespace {

// min_k cap_k(factor * B_k), and which horizon gives it; the first when nothing binds.
struct Cap {
  double devices = std::numeric_limits<double>::infinity();
  std::size_t binding = 0;
};

Cap smallest_cap(const Parameters& p, const Situation& now, std::int64_t factor) {
  Cap least;
  for (std::size_t k = 0; k < now.horizons.size(); ++k) {
    const auto budget = static_cast<double>(factor * p.horizons[k].budget);
    const double devices = cap(now.horizons[k].bound, budget, p.delta.fraction());
    if (devices < least.devices) least = {devices, k};
  }
  return least;
}

// How far `target` lies above what is dispatched, in whole devices.
std::int64_t above(double target, std::int64_t dispatched) {
  return static_cast<std::int64_t>(std::floor(target - static_cast<double>(dispatched)));
}

// Harm that the toe-dip has told meets the control only when the interval of the others has ended;
// until then nothing follows it, not even a probe: a wave would be out before anything could halt.
bool awaits_comparison(const Parameters& p, const Situation& now) {
  return now.dispatched <= p.toe_dip && now.awaited > 0;
}

// It finishes first when anything went wrong in it.
bool in_toe_dip(const Parameters& p, const Situation& now) {
  const HorizonView& first = now.horizons.front();
  return first.resolved == 0 || (first.resolved < p.toe_dip && first.bad > 0) ||
         awaits_comparison(p, now);
}

// Of such a release nobody learns anything by giving it to one more. In a fleet of a handful the
// budget alone would let all of them have it (note 0059). Who knew and accepted it wants one more.
bool all_went_bad(const Situation& now) {
  const std::int64_t bad = now.horizons.front().bad;
  return now.dispatched > 0 && bad >= now.dispatched && bad > now.accepted;
}

// Rule W: the control stays at least as large as the treated devices that are not resolved yet.
std::int64_t keep_control(const Situation& now, std::int64_t want) {
  const std::int64_t unresolved = now.dispatched - now.horizons.front().resolved;
  return std::max<std::int64_t>(1, std::min(want, (now.undispatched - unresolved) / 2));
}

// The most a probe may add: a share of the dispatched per resolved horizon, never beyond H times
// the budget.
std::int64_t probe_want(const Parameters& p, const Situation& now, const Decision& so_far) {
  const double grown = 1 + (1 + p.probe_growth.fraction()) * static_cast<double>(now.dispatched);
  return above(std::min({grown, static_cast<double>(so_far.limit), so_far.hard_cap}),
               now.dispatched);
}

bool worth_a_wave(const Parameters& p, const Situation& now, const Decision& d) {
  const double least = p.min_wave.fraction() * static_cast<double>(now.dispatched);
  return static_cast<double>(d.want) >= least || d.want >= d.limit - now.dispatched;
}

}  // namespace

std::string_view name(Move move) {
  switch (move) {
    case Move::grow: return "grow";
    case Move::probe: return "probe";
    case Move::wait: return "wait";
    case Move::bake: return "bake";
    case Move::finished: return "finished";
    case Move::hold: return "hold";
    case Move::exhausted: return "exhausted";
  }
  FB_CHECK(false);
}

Decision caps(const Parameters& p, const Situation& now) {
  Decision d;
  const Cap soft = smallest_cap(p, now, 1);
  d.binding = soft.binding;
  d.soft_cap = soft.devices;
  d.hard_cap = smallest_cap(p, now, p.hard_factor).devices;
  if (in_toe_dip(p, now)) {
    d.soft_cap = std::min(d.soft_cap, static_cast<double>(p.toe_dip));
    d.toe_dip = true;
  }
  if (now.hold) d.soft_cap = std::min(d.soft_cap, 2 * static_cast<double>(now.dispatched));
  d.limit = now.dispatched + now.undispatched - now.holdback;
  return d;
}

Decision decide(const Parameters& p, const Situation& now) {
  Decision d = caps(p, now);
  const HorizonView& first = now.horizons.front();
  if (now.hold && first.resolved < now.dispatched) {
    d.move = Move::hold;
    return d;
  }
  if (d.limit <= now.dispatched) {
    d.move = now.undispatched > 0 ? Move::bake : Move::finished;
    return d;
  }
  if (awaits_comparison(p, now)) return d;
  if (all_went_bad(now)) {
    if (first.resolved >= now.dispatched) d.move = Move::exhausted;
    return d;
  }
  d.want = above(std::min(d.soft_cap, static_cast<double>(d.limit)), now.dispatched);
  const double first_cap = cap(first.bound, static_cast<double>(p.budget()), p.delta.fraction());
  if (d.want >= 1 && first_cap < static_cast<double>(d.limit)) d.want = keep_control(now, d.want);
  d.move = Move::grow;
  const bool resolved = now.horizons[d.binding].resolved >= now.dispatched;
  const double satisfied = std::min(p.probe_growth.fraction() * static_cast<double>(now.dispatched),
                                    static_cast<double>(d.limit - now.dispatched));
  if (resolved && static_cast<double>(d.want) < satisfied) {
    const std::int64_t more = p.hard_factor > 1 && !now.hold ? probe_want(p, now, d) : d.want;
    if (more > d.want) {
      d.want = more;
      d.move = Move::probe;
    }
    if (d.want < 1) {
      d.want = 0;
      d.move = Move::exhausted;
      return d;
    }
  }
  if (d.want >= 1 && (resolved || worth_a_wave(p, now, d))) return d;
  d.want = 0;
  d.move = Move::wait;
  return d;
}

}  // namespace fb::rollout
