// The customer's word: what a tenant allows on its own devices, signed with the tenant's own key.
//
// Checked on the device and stronger than the vendor, for content as for core. A policy can only
// hold back; an expired one keeps its restrictions; versions only grow. judge() is pure and gives
// one sentence that names the rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "policy/approvals.h"
#include "release/kind.h"

namespace fb::policy {

enum class OnHalt : std::uint8_t { revert, hold };

struct Freeze {
  Instant from;
  Instant to;
};

// One rule; exactly one of freeze, delay, pin and approvals is set.
struct Rule {
  std::string id;         // the customer's name for it, shown by `explain`
  std::string component;  // "sensor.channel", "sensor.*" or "*"
  std::optional<Freeze> freeze;
  std::optional<Millis> delay;     // after this device first saw the release
  std::optional<std::string> pin;  // only this version
  // Roles whose approval it takes, each by another person; verified on the device.
  std::vector<statement::Role> approvals = {};
};

struct Policy {
  TenantId tenant;
  std::int64_t version = 0;
  Instant issued;
  OnHalt on_halt = OnHalt::revert;
  std::vector<Rule> rules;
};

// What is asked: may this device start this release now?
struct Question {
  ComponentId component;
  std::string version;
  Instant first_seen;  // by this device
  Instant now;
  std::vector<Approver> approvers = {};
};

struct Refusal {
  std::string rule;              // its id
  std::optional<Instant> until;  // none: until the policy changes
  std::string sentence;          // "acme's rule quarter-end: frozen until 2026-12-01T00:00:00Z"
  std::string change = {};       // what would change it, besides time and another policy
};

// The refusal that ends last, or none: allowed.
std::optional<Refusal> judge(const Policy& policy, const Question& question);

// Errors: malformed.
Result<Policy> decode_policy(std::string_view payload);
std::string encode(const Policy& policy);

}  // namespace fb::policy
