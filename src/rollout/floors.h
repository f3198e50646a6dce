// Floors: what no configuration and no lane goes below, by kind of artifact. One table.
//
// The parameters of a rollout may be made more careful than a floor and never less. Defaults that
// lie below the floor of a kind are raised; what somebody configured is refused, with the smallest
// (or largest) legal value. The lab profile is free of times and budgets, of nothing else: two
// waves, the toe-dip and the lanes of a kind hold there as well. Pure.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "release/kind.h"
#include "rollout/parameters.h"

namespace fb::rollout {

// Of every plan, whatever the kind, the lane and the profile. A fleet of one device cannot be
// divided: its one wave is the toe-dip.
inline constexpr std::int64_t kLeastWaves = 2;

// Which release, by which lane, under which profile.
struct Road {
  release::Kind kind = release::Kind::content;
  Lane lane = Lane::standard;
  Profile profile = Profile::production;
};

struct Floor {
  Millis bake;               // the first horizon's age at least: what each wave has to live
  Millis last_horizon;       // the last one's age at least
  std::int64_t toe_dip = 0;  // devices in the first wave at most
  std::int64_t budget = 0;   // of the first horizon at most

  friend bool operator==(const Floor&, const Floor&) = default;
};

// Errors: conflict, when the lane does not carry this kind.
Status check_lane(release::Kind kind, Lane lane);

// Of a fleet of `fleet_size` devices. Only for a lane that carries the kind.
Floor floor_of(const Road& road, std::int64_t fleet_size);

// defaults() of parameters.h, with ages raised to the floor where they lie below it.
Parameters defaults(const Road& road, std::int64_t fleet_size);

// check() of parameters.h, and the floor. Errors: conflict (check_lane); bad_usage, naming what was
// asked, kind, lane and the smallest or largest legal value.
Status check(const Road& road, const Parameters& parameters, std::int64_t fleet_size);

}  // namespace fb::rollout
