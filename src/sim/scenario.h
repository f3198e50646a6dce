// Scenario: a made-up fleet, what strikes it, and how a release goes out to it. Read from TOML.
//
// Unknown keys are mistakes, and the near one is named; a model that silently ignored a misspelt
// `onset_min` would answer another question than the one asked. Values, read once.
//
//   const auto scenario = sim::parse_scenario(text);
//   const auto result = sim::simulate({*scenario, "hbp", 300, 1});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "rollout/floors.h"
#include "rollout/tick_counts.h"

namespace fb::sim {

struct FleetStratum {
  std::string name;
  std::int64_t devices = 0;
};

struct FleetShape {
  std::int64_t devices = 0;
  std::vector<FleetStratum> strata;
  Millis heartbeat = minutes(5);
  double background_crash_per_hour = 0.0005;
  double background_silence_per_hour = 0.02;
};

// The background of both arms is `factor` times as high for a while.
struct Shock {
  rollout::Channel channel = rollout::Channel::silence;
  double factor = 1;
  Millis from;
  Millis to;
  double strata_share = 1;  // the first so many of the strata only
  Millis period;            // 0: constant; else from 1 to `factor` and back in this time
};

// What the release does to a device: with probability p it fails `onset` after its permit.
struct Fault {
  double p = 0;
  rollout::Channel channel = rollout::Channel::silence;
  Millis onset;
  std::optional<std::size_t> stratum;  // only that one
  double strata_share = 1;             // or the first so many of the strata
};

struct DeviceTraits {
  double install_error = 0;   // share that fails before activation; the permit comes back
  double deferred_share = 0;  // behind a maintenance window …
  Millis deferred_until;      // … that opens then
  Millis reboot;              // no heartbeat for so long after the permit
};

// Which gates the policy asks for before a release goes anywhere; for replays of incidents.
struct GatePolicy {
  bool contract = true;
};

struct Scenario {
  FleetShape fleet;
  std::vector<Shock> shocks;
  std::optional<Fault> fault;
  DeviceTraits traits;
  GatePolicy gates;
  std::optional<release::Kind> kind;  // named: its floors hold
  rollout::Parameters parameters;
  Millis horizon = hours(13);
};

// Errors: bad_usage, naming line, key, and what would be right.
Result<Scenario> parse_scenario(std::string_view toml);

// Checks what the parser checks, for scenarios that are made in code.
Status check(const Scenario& scenario);

// A fleet of `devices` in `strata` equal strata, with the defaults of its lane.
Scenario plain_scenario(std::int64_t devices, std::size_t strata, rollout::Lane lane);

}  // namespace fb::sim
