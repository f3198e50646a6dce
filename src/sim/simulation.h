// Simulation: a scenario played many times under one rule, and what came of it.
//
// Equal scenario, rule, seed and number of runs give equal results on every machine; run i is the
// same whether or not the others are made. One thread per call; calls are independent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "json/json.h"
#include "sim/rule.h"
#include "sim/scenario.h"

namespace fb::sim {

struct Spread {
  std::int64_t median = 0;
  std::int64_t p99 = 0;
  std::int64_t max = 0;
};

// One run.
struct Play {
  std::int64_t harmed = 0;   // by the release, background excluded
  std::int64_t exposed = 0;  // held or used a permit
  bool halted = false;
  std::int64_t halt_minute = -1;
  bool unfinished = false;        // not halted, and somebody waits or a person is asked at the end
  std::int64_t t100_minute = -1;  // first minute at which no living device waits
  double lowest_bound = 1;        // the lowest Umin ever
  std::string sentence;           // the rule's last word
};

// What a curve shows after one tick.
struct Moment {
  std::int64_t minute = 0;
  std::int64_t exposed = 0;
  std::int64_t harmed = 0;
  Gauge gauge;
};
using Watcher = std::function<void(const Moment&)>;

// Ends at the halt, at the scenario's horizon, or when nothing can change any more.
Result<Play> play(const Scenario& scenario, const std::string& rule, const Chance& chance,
                  const Watcher& watcher = {});

struct Order {
  Scenario scenario;
  std::string rule = "hbp";
  std::int64_t runs = 100;
  std::uint64_t seed = 1;
};

struct Summary {
  std::string rule;
  std::int64_t runs = 0;
  Spread harmed;
  Spread exposed;
  double halted = 0;  // share of runs
  Spread halt_minute;
  double exhausted = 0;  // share exhausted or unfinished at the end
  Spread t100;
};

// Of each run in turn, for callers that look at more than the summary.
using Each = std::function<void(const Play&)>;

// Plays run number `run`; by default play() above, the fast model.
using Player = std::function<Result<Play>(const Order& order, std::uint64_t run)>;

Result<Summary> simulate(const Order& order, const Each& each = {}, const Player& player = {});

// {rule, runs, harmed {median, p99, max}, exposed {…}, halted, halt_minute {median, p99},
// exhausted, t100_min {median, p99}}; minutes are null when no run has any.
json::Value encode(const Summary& summary);

// The p-quantile of sorted values: the smallest that at least a share p does not exceed.
std::int64_t quantile(const std::vector<std::int64_t>& sorted, double p);

}  // namespace fb::sim
