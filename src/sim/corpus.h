// Corpus: incidents of other people's systems, as far as a rollout can know them, and what would
// have come of each under a policy of ours.
//
// The product carries a file of 28; a user may hand in another with more. Facts have a source,
// shares of fleets are assumptions and say so. An incident that spread by the clock, or by another
// road than a release, is not caught, and no figure hides that. Values and pure functions of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "sim/simulation.h"

namespace fb::sim {

struct PastIncident {
  std::string id;
  std::string date;
  std::string name;
  std::string what;  // what set it off
  enum class Spread : std::uint8_t { release, clock, outside } spread = Spread::release;
  std::int64_t cohort_ppm = 0;  // of the fleet
  std::int64_t fails_ppm = 0;   // of the cohort, once it has the release
  enum class Shows : std::uint8_t { silent, explicitly, nothing } shows = Shows::silent;
  std::int64_t onset_min = 0;
  std::string gate;  // that would have closed; "" if none
  std::string assumption;
  std::string source;
};

// "firebreak.incidents/1", at least one. Errors: malformed, naming the place.
Result<std::vector<PastIncident>> decode_incidents(std::string_view json);

// One incident under one policy. Devices are medians.
struct Replay {
  std::string id;
  std::string name;
  // "contract gate", "evidence of harm", "a check of argo", … or "not caught: …"
  std::string stopped_by;
  bool caught = false;
  std::int64_t hit = 0;            // under the policy
  std::int64_t minutes = -1;       // to the halt; 0 at a gate, -1 if never
  std::int64_t past_the_gate = 0;  // hit if somebody waives the gate
  std::string assumption;
};

// The scenario gives fleet, rollout and gates; its fault is not used.
Result<Replay> replay(const PastIncident& incident, const Order& policy);

// Sums: what an edit of the policy changes.
struct Score {
  std::int64_t caught = 0;
  std::int64_t not_caught = 0;
  std::int64_t hit_where_caught = 0;
  std::int64_t hit = 0;
};
Score score(const std::vector<Replay>& replays);

json::Value encode(const Replay& replay);
json::Value encode(const Score& score);

}  // namespace fb::sim
