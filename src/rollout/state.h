// State: everything a rollout is, in one value. step() makes the next one from it; the shell
// persists it.
//
// encode() and decode_state() round-trip bit for bit (doubles as hexadecimal floats), so a server
// that restarts decides exactly as if it had never stopped. Never signed, never sent to a device.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "json/json.h"
#include "rollout/bound.h"
#include "rollout/decision.h"
#include "rollout/evidence.h"
#include "rollout/latecomers.h"
#include "rollout/loan.h"
#include "rollout/parameters.h"
#include "rollout/tick_counts.h"

namespace fb::rollout {

enum class Phase : std::uint8_t {
  draft,     // gates not open yet
  gated,     // gates open, approvals missing
  approved,  // may start
  running,
  held,    // see HeldBy
  halted,  // absorbing: no permit is ever granted again
  reverting,
  reverted,
  completed,  // everybody has it, is refused or silent; still open for permits, still watched
  superseded,
};
std::string_view name(Phase phase);

enum class HeldBy : std::uint8_t { engine, person, freeze, exhausted, tenant };
// "engine", "operator", "freeze", "exhausted", "tenant".
std::string_view name(HeldBy cause);

struct Stratum {
  std::string name;
  std::int64_t eligible = 0;
  std::int64_t dispatched = 0;
  std::size_t population = 0;  // which one it is a part of

  friend bool operator==(const Stratum&, const Stratum&) = default;
};

// What one horizon has shown and allows.
struct Pacing {
  Outcomes outcomes;    // n_k, X_k
  Capitals control{};   // K_k
  double bound = 1.0;   // U_k now
  double lowest = 1.0;  // Umin_k
  // U of the machines here and the lenders' together, now; 1 while the loan does not count.
  double with_loan = 1.0;

  friend bool operator==(const Pacing&, const Pacing&) = default;
};

// Somebody's word, in most cases to stop it: who, and in their words.
struct Stop {
  std::string by;  // a person's id, or "engine"
  std::string reason;
  Instant at;

  friend bool operator==(const Stop&, const Stop&) = default;
};

// The evidence was beyond doubt, and all harm came from this tenant's devices: they go back and
// start nothing, everybody else waits. Absorbing: a halt of everybody is all that may follow, and
// this tenant's stays when that is resumed.
struct TenantHalt {
  TenantId tenant;
  Instant at;

  friend bool operator==(const TenantHalt&, const TenantHalt&) = default;
};

// Two people saw what the rollout had shown and gave it a larger budget (note 0062).
struct Acceptance {
  std::int64_t budget_before = 0;  // as the rollout started with it
  std::int64_t bad = 0;            // devices that had gone bad by then
  Stop word;

  friend bool operator==(const Acceptance&, const Acceptance&) = default;
};

struct Installs {
  std::int64_t attempts = 0;
  std::int64_t failures = 0;

  friend bool operator==(const Installs&, const Installs&) = default;
};

// Devices among whom lots are drawn: a ring, or early and broad together. Each has budgets and a
// pacing state of its own; the evidence is one for the rollout. They open in their order.
struct Population {
  std::string name;       // "canary"; empty when it is the only one
  Parameters parameters;  // its budgets, toe-dip and holdback; times and alpha are the rollout's
  Millis waits;           // does not open earlier than this after the first permit of the rollout
  std::int64_t size = 0;
  std::int64_t dispatched = 0;        // permits granted and not handed back
  std::int64_t outside = 0;           // of these, devices whose event came before their permit
  std::int64_t limit_dispatched = 0;  // how many may be dispatched in total
  std::int64_t remaining = 0;         // reachable devices without a permit, at its last tick
  std::array<std::int64_t, kChannels> bad{};  // X of the last horizon, by channel
  std::vector<Pacing> pacing;                 // by horizon
  std::optional<Acceptance> accepted;         // the last one
  Decision last_decision;
  bool probing = false;                    // the open wave is a probe
  bool probed = false;                     // some wave was
  std::optional<Millis> holdback_reached;  // active time
  bool holdback_baked = false;
  std::optional<Millis>
      deserted_since;  // active time: since then nobody is left, and nobody took it

  // Everybody has it, is refused by their owner or silent, and every horizon has passed for
  // everybody. A population that nobody took has shown nothing and is not resolved.
  [[nodiscard]] bool resolved() const;
  // Every device that has it went bad before the first horizon, and nobody has accepted that.
  [[nodiscard]] bool broke_all() const;
  // Everybody fell silent or was refused before anybody took it, and it has stayed so for as long
  // as its last horizon: there is nothing to wait for.
  [[nodiscard]] bool deserted(Millis active) const;

  friend bool operator==(const Population&, const Population&) = default;
};

struct State {
  Parameters parameters;  // as drafted; of a population: its own
  Phase phase = Phase::draft;
  std::optional<HeldBy> held_by;  // iff phase is held
  std::string reason;             // of the last transition: gates closed, who approved, why held
  std::vector<Stratum> strata;    // fixed at the start
  std::int64_t fleet_size = 0;
  std::vector<Population> populations;  // in the order in which they open; empty before the start
  std::size_t open = 0;  // the one that is served; those before it are resolved or passed over
  std::optional<Instant> first_permit;
  std::optional<Loan> loan;  // what other fleets have shown; for the bound alone
  Evidence evidence;
  std::optional<Latecomers> latecomers;  // from the completion on
  Tally tally;                           // at the last tick
  bool engine_hold = false;              // hysteresis: entered at hold_at, left below resume_below
  bool install_hold = false;
  std::optional<Stop> operator_hold;
  std::optional<Stop> halt;
  std::optional<TenantHalt> tenant_halt;  // always there when held by tenant
  std::optional<Instant> frozen_since;
  bool freeze_paged = false;
  Installs installs;           // at the last tick
  Installs installs_forgiven;  // what an operator has looked at and continued
  // Words about a budget count from here on: since the served population opened, was given a budget
  // or was exhausted. Whoever spoke before knew of something else.
  Instant words_from;
  std::uint64_t sequence = 0;  // accepted events so far; numbers the effects

  [[nodiscard]] bool started() const { return !populations.empty(); }
  // The population that is served; only of a rollout that has started.
  [[nodiscard]] const Population& served() const { return populations.at(open); }
  [[nodiscard]] Population& served() { return populations.at(open); }
  // Sums over the populations.
  [[nodiscard]] std::int64_t dispatched() const;
  [[nodiscard]] std::int64_t limit_dispatched() const;
  [[nodiscard]] std::int64_t remaining() const;
  // u_k of the served population: the running minimum, or what a loan shows if that is less; the
  // current bound while the engine holds.
  [[nodiscard]] double bound(std::size_t horizon) const;
  // Places of the served population that may be taken right now; 0 unless permits are open.
  [[nodiscard]] std::int64_t open_places() const;
  // Devices of a population that was resolved before: who comes late is let in, as after
  // completion. One that was passed over has shown nothing: its devices wait for the completion.
  [[nodiscard]] bool welcomes_latecomers(std::size_t population) const;
  // Whether the phase lets anybody start at all.
  [[nodiscard]] bool permits_open() const;

  friend bool operator==(const State&, const State&) = default;
};

json::Value encode(const State& state);
Result<State> decode_state(const json::Value& value);

// The live numbers, for API, console and CLI.
struct View {
  Phase phase = Phase::draft;
  std::optional<HeldBy> held_by;
  std::string population;  // the one that is served; empty when there is but one
  std::int64_t fleet_size = 0;
  std::int64_t exposed = 0;
  std::int64_t limit = 0;  // exposure allowed now
  std::int64_t healthy = 0;
  std::int64_t harmed = 0;
  std::int64_t harmed_explicit = 0;
  std::int64_t harmed_silent = 0;
  std::int64_t remaining = 0;
  std::int64_t budget = 0;
  double bound = 1.0;     // u of the binding horizon
  double cap = 0;         // devices the budget pays for; infinite when u <= delta
  double evidence = 1.0;  // E
  double halt_at = 1000;  // 1/alpha
  std::string sentence;
};
View view(const State& state);

// One sentence an operator can read, with the numbers that decided.
std::string sentence(const State& state);
// What came of those who came after everybody else.
std::string sentence_of_latecomers(const Latecomers& late);
// The sentence for devices and for files that anybody may read: no tenant hears another's name.
std::string sentence_for_devices(const State& state);

}  // namespace fb::rollout
