// Plan: what a rollout will do when nothing goes wrong, and how many machines a fault will have
// reached when it is found. Read it before a start.
//
// Nothing is estimated by formula: the same step() that will decide plays the rollout with counts
// in place of devices (Play), once clean and once for each fault. Devices take their places at the
// next tick and nobody fails by chance, so waves come at the earliest possible time; a fault is
// found at the latest at which what shows it is compared. Pure; no clock.
//
//   auto plan = make_plan({parameters, start});
//   for (const Wave& wave : plan->waves) ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "rollout/play.h"

namespace fb::rollout {

// What a rollout would be over: everything that a plan follows from.
struct Scope {
  Parameters parameters;
  Start start;
};
// With alpha halved, for the rollout and all its populations.
Scope for_retry(Scope scope);
// With what was lent, and beta halved.
Scope for_loan(Scope scope, Loan loan);
// "firebreak.rollout-scope/1". Decoding checks the format; make_plan() the meaning.
json::Value encode(const Scope& scope);
Result<Scope> decode_scope(const json::Value& value);

// A release that makes every device go silent, or crash, at this age.
struct Exposed {
  Millis fault_shows;            // age
  std::int64_t devices = 0;      // that had the release when the rollout was halted, or at its end
  std::optional<Millis> halted;  // after the start; none: not found while the rollout ran
  bool stopped = false;          // no halt, but it grows no further without a person
};

struct PlannedPopulation {
  std::string name;  // empty when there is but one
  std::int64_t size = 0;
  Parameters parameters;
};

struct Plan {
  Lane lane = Lane::standard;
  std::int64_t devices = 0;
  std::vector<PlannedPopulation> populations;
  std::vector<StratumSize> strata;
  std::optional<Loan> loan;
  std::vector<Wave> waves;
  std::optional<Millis> everybody;  // when the last device may start; none: it exhausts before
  std::optional<Millis> finish;     // when every horizon has passed for everybody
  std::vector<Exposed> worst;       // for faults that show after 0, 5, 30 min, 6 h, 24 h
  // Faults that show up to this age are found, and halted before everybody has it; none: not even
  // one that shows at once.
  std::optional<Millis> reach;
};

// Errors: bad_usage, from draft() and the start.
Result<Plan> make_plan(const Scope& scope);

// What to say to somebody who asks for everything at once: "all 60,000 in 47 min by the emergency
// lane; needs 2 approvals".
std::string fastest(const Plan& emergency);

// As the management API gives it.
json::Value encode(const Plan& plan);

}  // namespace fb::rollout
