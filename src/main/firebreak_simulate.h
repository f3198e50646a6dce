// The options of `firebreak simulate`, and the replay of known incidents that shares them with
// `firebreak policy score`.
#pragma once

#include <cstdint>
#include <string>

#include "main/firebreak.h"
#include "sim/simulation.h"

namespace fb::cli {

struct SimulateOptions {
  std::string scenario, rule = "hbp", model = "fast", page, incident, corpus;
  std::int64_t runs = 100;
  std::uint64_t seed = 1;
  bool compare = false;
};

// The scenario that was named, else 8.5 million devices in the fast lane.
Result<sim::Order> read_order(const SimulateOptions& options);

void add_incident_options(CLI::App* command, SimulateOptions& options);
Result<publisher::Outcome> replay_incidents(const SimulateOptions& options);
// firebreak policy score
void register_policy_score(CLI::App* noun, Program& program);

}  // namespace fb::cli
