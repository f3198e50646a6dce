// The server's configuration: one TOML file, every key known, every mistake named with the near
// one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"
#include "release/kind.h"
#include "rollout/floors.h"

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

// What an operator sets of a rollout's parameters; the rest comes from the profile.
struct RolloutSettings {
  std::vector<Millis> horizons;  // ages, instead of the first ones in order
  std::optional<std::int64_t> budget;
  std::optional<Millis> holdback_bake;
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
  std::optional<Millis> heartbeat, silence, tick, freshness;  // none: the profile's
  Millis reboot_allowance;
  RolloutSettings every_kind;                       // [rollout]
  std::map<release::Kind, RolloutSettings> own_of;  // [rollout.core]: comes first
  std::vector<TenantConfig> tenants;

  [[nodiscard]] const TenantConfig* tenant(const TenantId& id) const;
  [[nodiscard]] Millis freshness_interval() const;
  [[nodiscard]] Millis heartbeat_interval() const;
  // What is configured for this kind, key by key.
  [[nodiscard]] RolloutSettings settings_of(release::Kind kind) const;
  // Whether a population takes the configured budget, or the usual one of its size.
  enum class Budget : std::uint8_t { configured, usual };
  // What a rollout of `kind` over `fleet_size` devices in `lane` runs with. Errors: conflict (the
  // lane does not carry the kind), bad_usage (below a floor, or rollout::check).
  [[nodiscard]] Result<rollout::Parameters> parameters(release::Kind kind, rollout::Lane lane,
                                                       std::int64_t fleet_size,
                                                       Budget whose = Budget::configured) const;
  // Those of content in the standard lane: tick, heartbeat and silence are one for all. Errors:
  // bad_usage, when a rollout of some kind in some lane would be refused over however large a
  // fleet.
  [[nodiscard]] Result<rollout::Parameters> common_parameters() const;
};

// Errors: bad_usage, naming line, key and what would be right.
Result<Config> parse_config(std::string_view toml_text);

}  // namespace fb::server
