// The device API: what an agent and a server say to each other. docs/protocol.md tells the story;
// golden files fix bytes.
//
// POST /v1/enroll   Enrolment   -> EnrolmentReply
// POST /v1/check-in CheckIn     -> CheckInReply    (Authorization: Bearer <device token>)
// POST /v1/permit   PermitAsk   -> PermitReply     (the same)
// GET  /v1/policy               -> the tenant's newest policy envelope, 404 when there is none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "statement/plan.h"

namespace fb::wire {

struct Enrolment {
  TenantId tenant;
  std::string enrolment_token;  // the tenant's; lets a machine join
  Digest
      token_hash;  // of the secret the device drew; also makes a repeated enrolment the same device
  statement::Ring ring = statement::Ring::broad;
  std::string os;
  std::string arch;
};

struct EnrolmentReply {
  DeviceId device;
  Instant issued;
};

// What happened to one component. Harm is told by crashed, probe_failed, boot_loop and rolled_back;
// install_failed happened before activation and is never harm.
enum class EventKind : std::uint8_t {
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
std::string_view word(EventKind kind);
// Whether this event, from a device that holds the release, counts against it.
bool is_harm(EventKind kind);

struct DeviceEvent {
  EventKind kind = EventKind::staged;
  ComponentId component;
  Digest release;
  std::int32_t rollout = 0;  // 0: none
  std::string detail;        // one sentence
  Instant at;                // the device's clock; shown, never believed
};

struct ComponentReport {
  ComponentId component;
  std::string version;  // of the active slot; "" when there is none
  std::optional<Digest> active;
  std::optional<Digest> staged;  // fetched and verified, waiting to start
  bool ready = false;            // staged, customer policy open, speed limit open
  std::string waiting;           // the rule and sentence when staged and not ready
  std::string state;             // install state, for people
};

struct CheckIn {
  std::uint64_t sequence =
      0;  // 0 without events; else previous + 1. A repeated one gets the stored reply.
  std::string boot_id;
  std::int64_t boot_count = 0;
  Millis uptime;
  std::int64_t root_version = 0;
  std::int64_t policy_version = 0;
  std::vector<ComponentReport> components;
  std::vector<DeviceEvent> events;
};

// "This rollout has this release for you." `ask`: a place is held for you, ask for a permit now.
struct Offer {
  RolloutId rollout;
  ComponentId component;
  Digest release;
  bool ask = false;
};

// Of `next` in a reply.
inline constexpr Millis kShortestPause = milliseconds(100);

struct CheckInReply {
  Instant issued;
  Millis next;  // until the next check-in; the device adds its own jitter
  std::int64_t root_version = 0;
  std::int64_t policy_version = 0;
  std::int64_t policy_key_version = 0;  // of the tenant's newest key rotation; 0: never rotated
  std::string timestamp;                // the current timestamp.json, byte-exact
  std::vector<Offer> offers;
};

struct PermitAsk {
  RolloutId rollout;
  Digest release;
  std::string nonce;
  statement::Purpose purpose = statement::Purpose::start;
  std::uint64_t log_size = 0;  // of the last checkpoint that the device accepted; 0: none
};

struct Denial {
  std::string rule;    // "halted", "held", "no-place", "frozen", "unknown", …
  std::string detail;  // with numbers, kept by the device for `explain`
  Millis retry;
};

// Exactly one is set. The permit is an envelope, byte for byte as signed.
struct PermitReply {
  std::optional<statement::Envelope> permit;
  std::optional<Denial> denied;
};

// encode() gives compact JSON; decoding errors are malformed or too_large.
std::string encode(const Enrolment& value);
std::string encode(const EnrolmentReply& value);
std::string encode(const CheckIn& value);
std::string encode(const CheckInReply& value);
std::string encode(const PermitAsk& value);
std::string encode(const PermitReply& value);
Result<Enrolment> decode_enrolment(std::string_view bytes);
Result<EnrolmentReply> decode_enrolment_reply(std::string_view bytes);
Result<CheckIn> decode_check_in(std::string_view bytes);
Result<CheckInReply> decode_check_in_reply(std::string_view bytes);
Result<PermitAsk> decode_permit_ask(std::string_view bytes);
Result<PermitReply> decode_permit_reply(std::string_view bytes);

}  // namespace fb::wire
