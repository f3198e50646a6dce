// How far the exact model and the fast one agree, on samples too large for a test; and what a word
// of a device costs in each depth. Then what both are spared: lines that lose things, and a server
// that dies.
//
//   exact_bench [SHARE]      SHARE of the runs (default .4: five minutes on one idle core; 1:
//   twelve)
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

// What must not harm a good release, nor make the bound of a bad one wrong.
struct Trouble {
  const char* name;
  double p;  // silent
  Losses losses;
  Telling telling;
  std::int64_t kills;  // one in so many minutes; 0: none
  double runs;
  std::uint64_t seed;
};

Result<sim::Play> play(const sim::Scenario& scenario, const Trouble& trouble,
                       std::uint64_t number) {
  FB_ASSIGN(const auto run,
            Rehearsal::prepare(scenario, sim::Chance(trouble.seed, number), Depth::thin));
  run->lose(trouble.losses);
  run->tell(trouble.telling);
  sim::Chance chance(trouble.seed + 1, number);
  while (run->step()) {
    if (trouble.kills == 0 || !run->server().running() || chance.below(trouble.kills) != 0)
      continue;
    run->restart_after(minutes(3) + Millis{chance.below(minutes(7).ms)});
    run->server().kill();
  }
  return run->result();
}

Status measure(const Trouble& trouble, double share) {
  sim::Scenario scenario = sim::plain_scenario(1000, 20, rollout::Lane::fast);
  scenario.horizon = hours(6);
  if (trouble.p > 0) scenario.fault = sim::Fault{trouble.p, Channel::silence, {}, {}, 1};
  const auto runs = static_cast<std::uint64_t>(std::max(2.0, trouble.runs * share));
  std::int64_t halted = 0, below = 0, everybody = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    FB_ASSIGN(const auto made, play(scenario, trouble, run));
    halted += made.halted ? 1 : 0;
    everybody += made.t100_minute > 0 ? 1 : 0;
    below += made.lowest_bound < trouble.p ? 1 : 0;
  }
  fmt::print("{:<36} halted {}  with everybody {}  bound below the truth {}  ({} runs)\n",
             trouble.name, halted, everybody, below, runs);
  return {};
}

void say(const char* name, const Status& measured) {
  if (!measured.ok()) fmt::print("{}: {}\n", name, measured.error().detail);
  std::fflush(stdout);
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
  for (const Cell& cell : cells) say(cell.name, measure(cell, share));
  const Trouble troubles[] = {
      {"good, 5 % of replies lost, hasty", 0, {0, .05}, Telling::at_once, 0, 8, 21},
      {"good, 20 % of replies lost, quiet", 0, {0, .2}, Telling::with_heartbeats, 0, 8, 22},
      {"good, 5 % of requests lost, hasty", 0, {.05, 0}, Telling::at_once, 0, 8, 23},
      {"good, server killed", 0, {}, Telling::with_heartbeats, 40, 8, 24},
      {"silent .05, server killed", .05, {}, Telling::with_heartbeats, 40, 8, 25}};
  for (const Trouble& trouble : troubles) say(trouble.name, measure(trouble, share));
  return 0;
}

}  // namespace
}  // namespace fb::exact

int main(int argc, char** argv) {
  constexpr double kShare = .4;  // all benchmarks together stay below a quarter of an hour
  const double share = argc > 1 ? std::atof(argv[1]) : kShare;
  return fb::exact::run(share > 0 ? share : kShare);
}
