// State: where one component of one device stands, and what it remembers. The whole state file.
//
// A phase carries exactly what is true in it, so a permit cannot outlive its phase and nothing is
// on probation that was not activated. Every Uptime in here belongs to the boot named in `boot`.
// Pure values; encode() and decode_state() are the file's two directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "release/manifest.h"

namespace fb::install {

struct Slot {
  Digest release;
  std::string version;
  friend bool operator==(const Slot&, const Slot&) = default;
};

// A release that was fetched and verified, with what its signed manifest says about trying it.
struct Candidate {
  RolloutId rollout;
  Slot slot;
  release::Class cls = release::Class::feature;
  Millis probation;
  int restarts = 1;
  int probe_failures = 3;
  bool one_way = false;
  int tries = 0;  // starts of a trial that the agent did not live to see the end of
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// A question for a permit that is under way. Asked again with the same nonce when no answer came.
struct Ask {
  std::string nonce;
  Uptime asked;
  friend bool operator==(const Ask&, const Ask&) = default;
};

struct Idle {
  friend bool operator==(const Idle&, const Idle&) = default;
};
struct Fetching {
  RolloutId rollout;
  Digest release;
  friend bool operator==(const Fetching&, const Fetching&) = default;
};
// Fetched and verified, not yet parsed. `ready`: nothing on this device speaks against starting.
struct Staged {
  Candidate candidate;
  bool ready = false;
  std::optional<Ask> ask;
  friend bool operator==(const Staged&, const Staged&) = default;
};
// Staged, but something on this device says "not now".
struct Deferred {
  Candidate candidate;
  std::string rule;
  std::string sentence;
  std::optional<Instant> until;
  friend bool operator==(const Deferred&, const Deferred&) = default;
};
// A permit is held; the trial load runs.
struct Permitted {
  Candidate candidate;
  Uptime until;
  friend bool operator==(const Permitted&, const Permitted&) = default;
};
// The trial load went well; the permit is being renewed.
struct Tasted {
  Candidate candidate;
  Ask renewal;
  friend bool operator==(const Tasted&, const Tasted&) = default;
};
// Intent: the switch is about to be turned.
struct Activating {
  Candidate candidate;
  friend bool operator==(const Activating&, const Activating&) = default;
};
struct Probation {
  Candidate candidate;
  Uptime since;
  Uptime run;      // when the agent last started
  int starts = 0;  // of the agent since a probe last passed in a run that lasted
  int crashes = 0;
  int probe_failures = 0;  // in a row
  bool passed = false;     // a probe, at least once
  friend bool operator==(const Probation&, const Probation&) = default;
};
struct Healthy {
  RolloutId rollout;
  friend bool operator==(const Healthy&, const Healthy&) = default;
};
// harm: judged here, without anybody. halt: ordered by the block list.
enum class Cause : std::uint8_t { harm, halt };
// Back on `to`. Until `settled`, switch and workload may still have to follow.
struct RolledBack {
  Slot from;
  RolloutId rollout;
  std::optional<Slot> to;  // none: there was nothing before
  Cause cause = Cause::harm;
  std::string reason;
  bool settled = false;
  friend bool operator==(const RolledBack&, const RolledBack&) = default;
};
struct Refused {
  Slot slot;
  RolloutId rollout;
  std::string rule;
  std::string sentence;
  friend bool operator==(const Refused&, const Refused&) = default;
};

using Phase = std::variant<Idle, Fetching, Staged, Deferred, Permitted, Tasted, Activating,
                           Probation, Healthy, RolledBack, Refused>;

// "staged", "probation", ...: stable words, for people and for check-ins.
std::string_view word(const Phase& phase);
// The release on its way, if this phase has one.
const Candidate* candidate_of(const Phase& phase);

// Never taken again by this device, unless two people resume it or the publisher unblocks the halt.
struct Rejection {
  Digest release;
  std::string reason;
  std::optional<RolloutId> halted = {};  // not this device's own finding: that rollout was halted
  friend bool operator==(const Rejection&, const Rejection&) = default;
};
// Two people lifted the block that halting `halted` put on `release`.
struct Lift {
  Digest release;
  RolloutId halted;
  friend bool operator==(const Lift&, const Lift&) = default;
};
// Since when this device knows a release, and how long it has been awake with it.
struct Sighting {
  Digest release;
  Instant first;
  Millis awake;
  Uptime mark;  // up to where `awake` counts
  friend bool operator==(const Sighting&, const Sighting&) = default;
};
struct PlannedRevert {
  Uptime due;
  Slot to;
  std::string reason;
  std::optional<RolloutId> halted = {};  // none: the release was revoked
  friend bool operator==(const PlannedRevert&, const PlannedRevert&) = default;
};

// What `explain` tells: which rule, the sentence with its numbers, and what would change it.
struct Decision {
  Instant at;
  std::string rule;
  std::string sentence;
  std::string change;
  friend bool operator==(const Decision&, const Decision&) = default;
};

enum class ReportKind : std::uint8_t {
  staged,
  refused,
  deferred,
  tasted,
  install_failed,
  handed_back,
  activated,
  healthy,
  crashed,
  probe_failed,
  boot_loop,
  rolled_back,
  reverted_on_halt,
};
// For the server. Numbered per component, so that each leaves the device exactly once.
struct Report {
  std::uint64_t number = 0;
  ReportKind kind = ReportKind::staged;
  Digest release;
  std::int32_t rollout = 0;  // 0: none
  std::string detail;
  Instant at;
  friend bool operator==(const Report&, const Report&) = default;
};

struct State {
  ComponentId component;
  std::string boot;
  std::optional<Slot> active;  // what the switch points to, or is about to after a roll-back
  std::optional<Slot> lkg;
  std::optional<Slot> previous_lkg;
  bool crash_told = false;  // a crash of `active` outside probation was reported
  Phase phase;
  std::optional<PlannedRevert> revert;
  std::vector<Rejection> rejected;
  std::vector<Lift> lifted;
  std::vector<Sighting> seen;
  std::vector<Decision> decisions;  // oldest first
  std::vector<Report> reports;      // not yet taken over by the outbox
  std::uint64_t reported = 0;       // number of the newest report
  friend bool operator==(const State&, const State&) = default;
};

// How much of each list is kept. Far more than anybody reads; small enough for one page of disk.
inline constexpr std::size_t kDecisions = 32;
inline constexpr std::size_t kRejections = 64;
inline constexpr std::size_t kSightings = 16;
inline constexpr std::size_t kReports = 256;

State fresh(ComponentId component);

// Whether `release` may still be needed: active, last-known-good, the one before, or on its way.
bool holds(const State& state, const Digest& release);

std::string encode(const State& state);
// Errors: malformed, naming the field.
Result<State> decode_state(std::string_view bytes);

}  // namespace fb::install
