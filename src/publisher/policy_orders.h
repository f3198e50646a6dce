// The customer's word: making, signing and handing in a tenant's policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/customer.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::publisher {

struct PolicyOrder {
  std::string tenant;
  std::int64_t version = 0;  // 0: one above the newest that lies here
  std::vector<policy::Rule> rules;
  policy::OnHalt on_halt = policy::OnHalt::revert;
};

// "2026-12-20T00:00:00Z..2027-01-05T00:00:00Z", days alone allowed. Errors: bad_usage.
Result<policy::Freeze> parse_freeze(const std::string& text);
// "24h", "30min", "90s", "7d". Errors: bad_usage.
Result<Millis> parse_delay(const std::string& text);
// "reviewer", "security". Errors: bad_usage.
Result<std::vector<statement::Role>> parse_roles(const std::vector<std::string>& texts);

// Writes tenants/<tenant>/policy-<version>.json. Errors: not_found (tenant's key), already_exists
// (version), bad_usage.
Result<Outcome> sign_policy(Desk& desk, const PolicyOrder& order);
// The tenant's next key, signed by the old and the new one: writes
// tenants/<tenant>/policy-key-<version>.json, and from then on policies here are signed with the
// new key; the old one is kept beside it. `pem`: the new private key's file, as `key new` wrote it.
// Errors: not_found (tenant), bad_usage (the key of today), and those of the keys.
struct KeyRotationOrder {
  std::string tenant;
  std::string pem;
  std::string pem_path;
};
Result<Outcome> rotate_policy_key(Desk& desk, const KeyRotationOrder& order);
// `envelope`: the file's bytes, a policy or a rotation of the key.
Result<Outcome> submit_policy(Desk& desk, const std::string& envelope);
// The newest that lies here, verified with the tenant's key. Errors: not_found, bad_signature.
Result<Outcome> show_policy(Desk& desk, const std::string& tenant);

}  // namespace fb::publisher
