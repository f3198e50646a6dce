// What the `rollouts` role tells devices: plans, the block list, permits.
//
// Plans and the block list are TUF targets (rollouts/<id>.json, rollouts/blocked.json), signed
// online; they change only on start, ring, halt and completion. A permit is one device's leave to
// start one release, good for seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "release/kind.h"
#include "statement/envelope.h"
#include "statement/people.h"

namespace fb::statement {

enum class Ring : std::uint8_t { internal, canary, early, broad, critical };
std::string_view word(Ring ring);
const std::vector<std::pair<std::string_view, Ring>>& ring_words();

enum class PlanState : std::uint8_t { running, halted, completed, superseded };
std::string_view word(PlanState state);

struct Plan {
  RolloutId rollout;
  ComponentId component;
  release::Kind kind = release::Kind::content;
  release::Class cls = release::Class::feature;
  std::string manifest_path;  // its TUF target path
  Digest manifest;            // the release's id
  Lane lane = Lane::standard;
  std::set<Ring> rings;  // open ones
  PlanState state = PlanState::running;
  Instant started;
  std::vector<Envelope> acts;  // approvals, waivers and resumes that devices check for themselves
  // By tenant_mark(): for their devices the plan is halted, whatever its state says.
  std::vector<Digest> halted_tenants;
};

// How a file that anybody may read names one tenant to its own devices: SHA-256 of
// "firebreak/halted-tenant/1\n" + manifest digest text + "\n" + tenant id. Whoever guesses the id
// can check the guess; nobody can read a list of customers, or of whose machines failed.
Digest tenant_mark(const Digest& manifest, const TenantId& tenant);

std::string plan_path(RolloutId rollout);  // "rollouts/7.json"
Result<Plan> decode_plan(std::string_view bytes);
std::string encode(const Plan& plan);

struct Blocked {
  Digest manifest;
  RolloutId rollout;
  Instant since;
  std::string reason;
  std::vector<Digest> tenants = {};  // by tenant_mark(): for their devices alone; empty: for all
};

inline constexpr std::string_view kBlockedPath = "rollouts/blocked.json";
Result<std::vector<Blocked>> decode_blocked(std::string_view bytes);
std::string encode(const std::vector<Blocked>& blocked);

// start: counts the device as exposed. renew: asked again just before activation, counted once.
enum class Purpose : std::uint8_t { start, renew };
std::string_view word(Purpose purpose);
const std::vector<std::pair<std::string_view, Purpose>>& purpose_words();

// The log's word that the release was published for everybody: its entry, the proof that leads from
// there to a signed checkpoint, and the proof that this checkpoint continues the one the asker
// knows. What they mean is for audit/ to say.
struct LogProof {
  std::uint64_t index = 0;  // of the release's entry
  std::string entry;        // its exact bytes
  std::string checkpoint;   // a signed note
  std::vector<Digest> inclusion;
  std::vector<Digest> consistency;  // from the size that the asker named
};

struct Permit {
  DeviceId device;
  RolloutId rollout;
  Digest manifest;
  std::string nonce;  // the asker's, 32 hex digits
  Purpose purpose = Purpose::start;
  Instant issued;
  Millis valid;  // on the device's boot clock, from the moment it asked; never above
                 // limits::kFreshness
  LogProof log;
};

std::string encode(const Permit& permit);
Result<Permit> decode_permit(std::string_view payload);

}  // namespace fb::statement
