// Config: agent.toml as a value. Written by local root; an unknown key is an error, so that a
// typing mistake can never silently drop a restriction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "release/kind.h"
#include "statement/plan.h"

namespace fb::agent {

struct ComponentConfig {
  release::Kind kind = release::Kind::content;
  std::optional<ComponentId> reader;  // content, config: the core that interprets it
};

struct WorkloadConfig {
  std::vector<std::string> arguments;  // appended to the core-signed command
};

// This device stands behind an air gap: it takes releases from bundles, on the owning role's
// released mark instead of a permit. Local root alone says so.
struct AirGapped {
  Millis carry = limits::kCarry;  // how long a bundle may have been on its way
};

struct Config {
  std::string server;                // "http://host:port"; "" only behind an air gap: there is none
  std::vector<std::string> mirrors;  // serve targets; tried in order, before the server itself
  std::vector<std::string> metadata_mirrors;  // serve metadata; tried in order, after the server
  TenantId tenant;
  statement::Ring ring = statement::Ring::broad;
  std::string enrolment_token_file;
  std::string root;                       // the pinned root.json
  std::optional<std::string> policy_key;  // the tenant's public key, a TUF key object
  std::string state_dir = "/var/lib/firebreak";
  std::string socket = "/run/firebreak/agent.sock";
  std::map<ComponentId, ComponentConfig> components;
  std::map<std::string, WorkloadConfig> workloads;
  std::optional<AirGapped> air_gapped;

  // The core component whose workload this component belongs to, if any.
  [[nodiscard]] std::optional<ComponentId> core_of(const ComponentId& component) const;
  [[nodiscard]] std::vector<ComponentId> readers_of(const ComponentId& core) const;
  // How long metadata may have been on its way; none where there is a network.
  [[nodiscard]] Millis carry() const { return air_gapped ? air_gapped->carry : Millis{}; }
  // Where targets are served: the mirrors, then the server.
  [[nodiscard]] std::vector<std::string> target_bases() const;
};

// Errors: bad_usage, naming the line or the key and what would be right.
Result<Config> parse_config(std::string_view toml_text);

}  // namespace fb::agent
