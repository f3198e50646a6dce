// Step: one update on one device, as a state machine. Read this and you know what a device does.
//
//   Idle -> Fetching -> Staged -> Permitted -> Tasted -> Activating -> Probation -> Healthy
//   with Deferred(until, rule), Refused(rule) and RolledBack(reason)
//
// step() is pure: state, event and `now` in; next state, effects and one sentence of reason out.
// The shell writes the next state durably before it performs the effects; after any power cut the
// state file alone says what to do next (event Recovered). Effects may be performed twice. Events
// that come too late for the state change nothing.
//
// Promises: nothing is parsed or activated but under an unexpired permit on this boot's clock; the
// last-known-good slot is replaced only after probation; going back needs no network; losing the
// server is no event at all.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "install/bans.h"
#include "install/state.h"
#include "policy/customer.h"
#include "statement/plan.h"
#include "statement/speed.h"

namespace fb::install {

struct Now {
  Instant wall;
  Uptime uptime;
};

// ---- What happens ----

// The agent started. `linked`: where the switch points.
struct Recovered {
  std::string boot;
  std::optional<Digest> linked;
  std::optional<Slot> whole = {};  // the linked slot, when its manifest verifies
  std::uint64_t taken = 0;         // the newest report that the outbox ever took over
};
// Local root put a verified release here by hand: it is proved by decree.
struct Provisioned {
  Slot slot;
};
// A verified plan says that this release is for us; or, without a rollout, a bundle in which the
// owning role's released mark does.
struct Offered {
  RolloutId rollout;
  Digest release;
  std::vector<RolloutId> resumed;  // the halts of it that two people, verified here, lifted
  std::string version = {};        // as the plan calls it
  Bans bans = {};
};
// The server says so, but nothing signed agrees.
struct OfferRefused {
  RolloutId rollout;
  Digest release;
  std::string rule;
  std::string sentence;
};
// Every byte is here and is what signed metadata says.
struct Fetched {
  Candidate candidate;
  std::vector<std::string> refused_copies;  // of mirrors that served something else
  std::vector<std::string> skipped = {};    // why other mirrors were left
};
struct FetchFailed {
  Digest release;
  std::string sentence;
  std::string refused;  // the rule, when what came was wrong and not merely unreachable
};
// What on this device bears on starting, or keeping, a release.
struct Judged {
  DeviceId device;
  Bans bans;
  Millis spread;  // over which devices go back after a halt; none while the workload is not running
  std::optional<policy::Policy> policy;
  std::optional<statement::SpeedLimits> limits;
  release::Kind kind = release::Kind::content;
  std::vector<std::string> contract;  // why the contract gate is closed; empty: open
  std::string busy;                   // another component of the same workload is being changed
  std::string missing;                // which list of bans is signed and not here; empty: none
  std::string clock;                  // why this device's clock cannot be right; empty: it may be
  std::vector<policy::Approver> approvers = {};  // of the candidate, verified here
};
// The server holds a place for us; or, without a rollout, the released mark is to be asked.
struct Invited {
  RolloutId rollout;
  Digest release;
  std::string nonce;
};
// Answers to the ask with this nonce; the shell has verified the permit's signatures and contents.
struct PermitGranted {
  std::string nonce;
  Millis valid;
  std::string by = "the server";  // for people
};
struct PermitDenied {
  std::string nonce;
  std::string rule;
  std::string detail;
};
struct PermitRefused {  // what came is no permit for us
  std::string nonce;
  std::string sentence;
  std::string rule = "permit";  // "log…" when the permit is right and the log's proof is not
};
enum class Trial : std::uint8_t { passed, failed, could_not_run };
struct TasteEnded {
  Digest release;
  Trial trial = Trial::failed;
  std::string sentence;
  std::string nonce;  // for the renewal
};
struct Switched {};
struct SwitchFailed {
  std::optional<Digest> linked;
  std::string sentence;
};
struct ProbePassed {};
struct ProbeFailed {
  std::string sentence;
};
struct Crashed {
  std::string sentence;
};
// The switch points to what RolledBack says, and the workload runs from it.
struct FellBack {};
// Reports up to this number are safe in the outbox.
struct ReportsTaken {
  std::uint64_t up_to = 0;
};
struct Tick {};

using Event =
    std::variant<Recovered, Provisioned, Offered, OfferRefused, Fetched, FetchFailed, Judged,
                 Invited, PermitGranted, PermitDenied, PermitRefused, TasteEnded, Switched,
                 SwitchFailed, ProbePassed, ProbeFailed, Crashed, FellBack, ReportsTaken, Tick>;

// ---- What is to be done ----

struct Fetch {
  RolloutId rollout;
  Digest release;
};
struct AskPermit {
  RolloutId rollout;
  Digest release;
  std::string nonce;
  statement::Purpose purpose = statement::Purpose::start;
};
struct Taste {
  Candidate candidate;
};
// Turn the switch to the candidate, unless `until` has passed meanwhile; then Switched.
struct Activate {
  Digest release;
  Uptime until;
};
struct RestartWorkload {};
// Turn the switch back (none: remove it) and restart the workload; then FellBack.
struct FallBack {
  std::optional<Digest> to;
};
// Remove every slot of the component but these.
struct Prune {
  std::vector<Digest> keep;
};

using Effect = std::variant<Fetch, AskPermit, Taste, Activate, RestartWorkload, FallBack, Prune>;

struct Step {
  State next;
  std::vector<Effect> effects;
  std::string reason;
};

Step step(State state, const Event& event, Now now);

// How long the device has been awake with the release; none: never seen.
std::optional<Millis> awake_with(const State& state, const Digest& release, Now now);

}  // namespace fb::install
