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
// `envelope`: the file's bytes.
Result<Outcome> submit_policy(Desk& desk, const std::string& envelope);
// The newest that lies here, verified with the tenant's key. Errors: not_found, bad_signature.
Result<Outcome> show_policy(Desk& desk, const std::string& tenant);

}  // namespace fb::publisher
