// How far the exact model and the fast one agree, on samples too large for a test; and what a word
// of a device costs in each depth.
//
//   exact_bench [SHARE]      SHARE of the runs (default .4: four minutes on one idle core; 1: nine)
//
// Exit code 0 whatever comes out: this measures, and docs/decision.md says what came out.
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "exact/agreement.h"
#include "exact/rehearsal.h"

namespace fb::exact {
namespace {

using rollout::Channel;

constexpr std::uint64_t kFastRuns = 2000;
constexpr double kLevel = .001;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Cell {
  const char* name;
  std::int64_t devices;
  double p;
  Channel channel;
  double runs;
  Depth depth;
  std::uint64_t seed;  // its own: cells that share their fates err together
};

struct Sample {
  std::vector<std::int64_t> harmed, exposed, t100, halt;
  void add(const sim::Play& play) {
    harmed.push_back(play.harmed);
    exposed.push_back(play.exposed);
    t100.push_back(play.t100_minute);
    halt.push_back(play.halt_minute);
  }
};

sim::Scenario scenario_of(const Cell& cell) {
  sim::Scenario scenario = sim::plain_scenario(cell.devices, 2, rollout::Lane::fast);
  scenario.horizon = hours(6);
  if (cell.p > 0) scenario.fault = sim::Fault{cell.p, cell.channel, {}, {}, 1};
  return scenario;
}

Status measure(const Cell& cell, double share) {
  const sim::Scenario scenario = scenario_of(cell);
  const auto runs = static_cast<std::uint64_t>(std::max(2.0, cell.runs * share));
  Sample fast, exact;
  for (std::uint64_t run = 0; run < kFastRuns; ++run) {
    FB_ASSIGN(const auto play, sim::play(scenario, "hbp", sim::Chance(1, run)));
    fast.add(play);
  }
  const double start = cpu_seconds();
  for (std::uint64_t run = 0; run < runs; ++run) {
    FB_ASSIGN(const auto play, exact::play(scenario, sim::Chance(cell.seed, run), cell.depth));
    exact.add(play);
  }
  const double seconds = (cpu_seconds() - start) / static_cast<double>(runs);
  fmt::print(
      "{:<36} harmed {:.3f}  exposed {:.3f}  t100 {:.3f}  halt {:.3f}  (allowed {:.3f}; {} and {} "
      "runs; {:.2f} s each)\n",
      cell.name, distance(fast.harmed, exact.harmed), distance(fast.exposed, exact.exposed),
      distance(fast.t100, exact.t100), distance(fast.halt, exact.halt),
      allowed_distance(kFastRuns, runs, kLevel), kFastRuns, runs, seconds);
  return {};
}

int run(double share) {
  const Cell cells[] = {
      {"good, 400 thin", 400, 0, Channel::silence, 60, Depth::thin, 11},
      {"good, 2,000 thin", 2000, 0, Channel::silence, 20, Depth::thin, 12},
      {"silent 1, 400 thin", 400, 1, Channel::silence, 150, Depth::thin, 13},
      {"silent .1, 400 thin", 400, .1, Channel::silence, 100, Depth::thin, 14},
      {"silent .1, 2,000 thin", 2000, .1, Channel::silence, 30, Depth::thin, 15},
      {"explicit .1, 400 thin", 400, .1, Channel::explicit_failure, 100, Depth::thin, 16},
      {"explicit .1, 2,000 thin", 2000, .1, Channel::explicit_failure, 30, Depth::thin, 17},
      {"good, 200 whole agents", 200, 0, Channel::silence, 10, Depth::agents, 18},
      {"silent 1, 400 whole agents", 400, 1, Channel::silence, 15, Depth::agents, 19}};
  for (const Cell& cell : cells) {
    const Status measured = measure(cell, share);
    if (!measured.ok()) fmt::print("{}: {}\n", cell.name, measured.error().detail);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace fb::exact

int main(int argc, char** argv) {
  constexpr double kShare = .4;  // all benchmarks together stay below a quarter of an hour
  const double share = argc > 1 ? std::atof(argv[1]) : kShare;
  return fb::exact::run(share > 0 ? share : kShare);
}
