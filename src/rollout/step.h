// Step: one release across a fleet, as a state machine. Read this and you know what a rollout does.
//
//   Draft -> Gated -> Approved -> Running <-> Held(engine | operator | freeze | exhausted)
//         -> { Halted -> Reverting -> Reverted | Completed | Superseded | Held(tenant) -> Halted }
//
// step() is pure: state, event and `now` in; next state, effects and one sentence of reason out.
// The shell commits state and effects durably, then performs the effects, which are idempotent by
// id. An event that the state does not allow is an Error (conflict) and changes nothing. Halting is
// legal in every state, and absorbing: no later event opens a permit.
//
//   auto next = step(std::move(state), Tick{exposure.tick(now), reachable}, now);
//   if (!next.ok()) ...                              // refused: say why, keep the old state (pass
//   a copy to keep it) commit(next->next, next->effects);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "rollout/state.h"

namespace fb::rollout {

// A new rollout. Errors: bad_usage, from check().
Result<State> draft(Parameters parameters, std::int64_t fleet_size);

struct GateVerdict {
  enum class Verdict : std::uint8_t { closed, open } verdict = Verdict::closed;
  std::vector<std::string> reasons;  // why closed; a gate without evidence is closed
};
struct ApprovalsMet {
  std::string by;  // who, for the record
};
struct StratumSize {
  std::string name;
  std::int64_t eligible = 0;
  std::size_t population = 0;
};
struct PopulationPlan {
  std::string name;
  Parameters parameters;  // for its size: budgets, toe-dip, holdback
  Millis waits{};         // after the first permit of the rollout
};
// The list of eligible devices is frozen; the salt is drawn after it. Without populations all
// strata are one, under the parameters of the draft. Populations without devices are left out.
struct Start {
  std::vector<StratumSize> strata;
  std::vector<PopulationPlan> populations = {};
  std::optional<Loan> loan = {};
};
struct Tick {
  TickCounts counts;
  // Of the served population: eligible, not dispatched, neither refused by their owner nor silent.
  std::int64_t remaining = 0;
  Installs installs;  // cumulative: attempts to install, and failures before activation
  // In a fleet of so many tenants that one may speak for itself alone: the one that all events of
  // treated devices so far came from. Empty: nobody's, or several's, or a fleet of few tenants.
  std::optional<TenantId> only_tenant = std::nullopt;
};
struct OperatorHold {
  std::string person;
  std::string reason;
};
struct OperatorContinue {
  std::string person;
  std::string reason;
};
// Two people want it to go on with this harm budget, the first horizon's of the population that is
// served: larger than it was, or as large when every device so far went bad.
struct AcceptBudget {
  std::string by;  // "ada and grace"
  std::string reason;
  std::int64_t budget = 0;
};
// Anybody on duty, or the server; needs nobody's approval.
struct OperatorHalt {
  std::string by;
  std::string reason;
};
enum class Counted : std::uint8_t { inside, outside };
// Permits are about to be granted: accepted only if so many places are open. `outside`: the
// devices' events came before their permits. The server grants one at a time, a simulation many.
struct Dispatched {
  std::size_t stratum = 0;
  Counted counted = Counted::inside;
  std::int64_t count = 1;
};
struct HandedBack {
  std::size_t stratum = 0;
  Counted counted = Counted::inside;
  std::int64_t count = 1;
};
struct RevertBegun {};
struct AllReverted {};
struct Supersede {
  std::string by;  // the newer rollout
};

using Event = std::variant<GateVerdict, ApprovalsMet, Start, Tick, OperatorHold, OperatorContinue,
                           AcceptBudget, OperatorHalt, Dispatched, HandedBack, RevertBegun,
                           AllReverted, Supersede>;

struct PublishPlan {};  // sign rollouts/<id>.json: on start, halt, completion
struct OpenPlaces {
  std::int64_t more = 0;   // places opened by this wave
  std::int64_t limit = 0;  // devices that may be dispatched in total
};
struct ClosePlaces {
  std::int64_t limit = 0;  // untaken places above this are withdrawn
};
struct DenyPermits {
  std::string reason;  // what `explain` shows
};
struct BlockDigest {};
struct OrderRevert {};  // every exposed device to its own last-known-good
struct RevertTenant {   // the same for devices of this tenant, and the digest is blocked for them
  TenantId tenant;
};
enum class Occasion : std::uint8_t {
  held,
  halted,
  tenant_halted,
  exhausted,
  frozen,
  completed,
  passed_over,
  latecomers
};
std::string_view name(Occasion occasion);
struct Notify {
  Occasion occasion = Occasion::held;
  enum class Urgency : std::uint8_t { tell, page } urgency = Urgency::tell;
  std::string text;
};
struct OpenIncident {
  std::string text;
  std::vector<std::string> strata;  // harmed strata by e-BH, strongest first
};

struct Effect {
  std::uint64_t id = 0;  // unique within the rollout, equal when the same event is stepped again
  std::variant<PublishPlan, OpenPlaces, ClosePlaces, DenyPermits, BlockDigest, OrderRevert,
               RevertTenant, Notify, OpenIncident>
      what;
};

struct Step {
  State next;
  std::vector<Effect> effects;
  std::string reason;
};

// Errors: conflict (the state does not allow the event, or no place is open), with state, event and
// what would be legal; malformed (a Tick whose strata are not the rollout's).
Result<Step> step(State state, const Event& event, Instant now);

}  // namespace fb::rollout
