// `firebreak simulate`: its options, and the two things it does. `firebreak policy score` shares
// its known incidents and its notes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "main/firebreak.h"
#include "sim/corpus.h"
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
Result<publisher::Outcome> simulate(const SimulateOptions& options);

// The product's own when no file is named.
Result<std::vector<sim::PastIncident>> read_corpus(const std::string& file);
Result<publisher::Outcome> replay_incidents(const SimulateOptions& options);
std::string score_line(const char* which, const sim::Score& score);

// What a reader of the figures should know of the order: what unusual parameters cost; for a replay
// also what it does not use.
std::vector<std::string> notes_of(const sim::Order& order);
std::vector<std::string> replay_notes(const sim::Order& order);
// Lines "note: …" at the end, "warnings" in JSON; nothing without notes.
publisher::Outcome with_notes(publisher::Outcome outcome, const std::vector<std::string>& notes);

// firebreak policy score
void register_policy_score(CLI::App* noun, Program& program);

}  // namespace fb::cli
