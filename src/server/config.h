// The server's configuration: one TOML file, every key known, every mistake named with the near
// one.
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
#include "crypto/key.h"
#include "rollout/parameters.h"

namespace fb::server {

struct TenantConfig {
  TenantId id;
  Digest enrolment_token;  // SHA-256 of what its machines show when they enrol
  std::optional<crypto::PublicKey> policy_key;
};

struct KeyFiles {
  std::vector<std::string> rollouts, snapshot, timestamp;  // the metadata says which count today
  std::string log;
};

struct Config {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8440;
  bool behind_tls_proxy = false;  // allows listening elsewhere than on loopback
  std::string state_dir = "state";
  std::string repository = "repository";
  std::string api_token_file = "api.token";
  std::string webhook;  // "": none
  unsigned threads = 2;
  rollout::Profile profile = rollout::Profile::production;
  KeyFiles keys;
  // Overrides; the rest comes from the profile.
  std::optional<Millis> heartbeat, silence, tick, freshness;
  std::vector<Millis> horizons;
  std::optional<std::int64_t> budget;
  std::optional<Millis> holdback_bake;
  std::vector<TenantConfig> tenants;

  [[nodiscard]] const TenantConfig* tenant(const TenantId& id) const;
  [[nodiscard]] Millis freshness_interval() const;
  [[nodiscard]] Millis heartbeat_interval() const;
  // What a rollout over `fleet_size` devices in `lane` runs with. Errors: bad_usage
  // (rollout::check).
  [[nodiscard]] Result<rollout::Parameters> parameters(rollout::Lane lane,
                                                       std::int64_t fleet_size) const;
};

// Errors: bad_usage, naming line, key and what would be right.
Result<Config> parse_config(std::string_view toml_text);

}  // namespace fb::server
