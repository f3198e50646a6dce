#include "rollout/floors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace fb::rollout {
namespace {

using release::Kind;

constexpr Millis kNever{};  // this lane does not carry this kind
// The toe-dip and the first age of the specification; silence shows no sooner.
constexpr std::int64_t kToeDip = 10;
constexpr Millis kBake = minutes(15);
// A budget of two is lawful in every fleet: one device says nothing of a release.
constexpr std::int64_t kLeastBudget = 2;

// The last horizon is what a lane protects against: standard 4 h, fast 1 h, emergency the first
// horizon alone. Core runs in the kernel or starts the machine: its faults show when machines are
// switched off and on, so its own is a working day, and its budget what people can repair by hand.
struct Row {
  Kind kind;
  Millis standard, fast, emergency;  // the last horizon at least
  std::int64_t budget;               // at most …
  std::int64_t part;                 // … and one device in so many
};
constexpr std::array<Row, 4> kFloors{{
    {Kind::core, hours(8), kNever, kBake, 100, 25},
    {Kind::content, hours(4), hours(1), kBake, 1000, 10},
    {Kind::config, hours(4), hours(1), kBake, 1000, 10},
    {Kind::flags, hours(4), hours(1), kBake, 1000, 10},
}};

const Row& row_of(Kind kind) {
  for (const Row& row : kFloors) {
    if (row.kind == kind) return row;
  }
  FB_CHECK(false);
}

Millis last_horizon(const Row& row, Lane lane) {
  switch (lane) {
    case Lane::standard: return row.standard;
    case Lane::fast: return row.fast;
    case Lane::emergency: return row.emergency;
  }
  FB_CHECK(false);
}

Error below(const Road& road, const std::string& parameter, std::int64_t asked,
            const std::string& rule) {
  return Error{ErrorCode::bad_usage, parameter + " = " + std::to_string(asked) +
                                         " is not allowed for " +
                                         std::string(release::word(road.kind)) + " in the " +
                                         std::string(name(road.lane)) + " lane: " + rule};
}

Status check_age(const Road& road, const std::string& parameter, Millis asked, Millis least) {
  if (asked >= least) return {};
  return below(
      road, parameter, asked.ms,
      "the smallest legal one is " + std::to_string(least.ms) + " (" + in_words(least) + ")");
}

Status check_most(const Road& road, const std::string& parameter, std::int64_t asked,
                  std::int64_t most, std::int64_t fleet_size) {
  if (asked <= most) return {};
  return below(road, parameter, asked,
               "the largest legal one for " + std::to_string(fleet_size) + " devices is " +
                   std::to_string(most));
}

}  // namespace

Status check_lane(Kind kind, Lane lane) {
  if (last_horizon(row_of(kind), lane) != kNever) return {};
  return Error{
      ErrorCode::conflict,
      "the fast lane is for content, config and flags; core goes by standard or emergency"};
}

Floor floor_of(const Road& road, std::int64_t fleet_size) {
  const Row& row = row_of(road.kind);
  FB_CHECK(check_lane(road.kind, road.lane).ok());
  Floor floor;
  floor.toe_dip = std::clamp<std::int64_t>(fleet_size / 2, 1, kToeDip);
  floor.budget = std::numeric_limits<std::int64_t>::max();
  if (road.profile == Profile::lab) return floor;
  floor.bake = kBake;
  floor.last_horizon = last_horizon(row, road.lane);
  floor.budget = std::min(row.budget, std::max(kLeastBudget, fleet_size / row.part));
  if (road.lane == Lane::emergency) floor.budget *= kEmergencyBudgetFactor;
  return floor;
}

Parameters defaults(const Road& road, std::int64_t fleet_size) {
  Parameters p = defaults(road.profile, road.lane, fleet_size);
  const Floor floor = floor_of(road, fleet_size);
  p.horizons.front().age = std::max(p.horizons.front().age, floor.bake);
  return with_longest_fault(std::move(p), floor.last_horizon);
}

Status check(const Road& road, const Parameters& p, std::int64_t fleet_size) {
  FB_TRY(check_lane(road.kind, road.lane));
  FB_TRY(check(p, fleet_size));
  const Floor floor = floor_of(road, fleet_size);
  const std::string last = "horizons[" + std::to_string(p.horizons.size() - 1) + "].age_ms";
  FB_TRY(check_age(road, "horizons[0].age_ms", p.horizons.front().age, floor.bake));
  FB_TRY(check_age(road, last, p.horizons.back().age, floor.last_horizon));
  FB_TRY(check_most(road, "toe_dip", p.toe_dip, floor.toe_dip, fleet_size));
  return check_most(road, "budget", p.budget(), floor.budget, fleet_size);
}

}  // namespace fb::rollout
