// Every row of what the rollout decision must reach: measured, beside what was asked, with runs,
// seed and the time it took.
//
//   decision_bench [SHARE]      SHARE of the runs (default 1: about ten minutes on two idle cores)
//
// Times of the machine are printed, never judged. Exit code 0 also when a row is not reached: this
// measures, and docs/decision.md says what came out.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "rollout/bound.h"
#include "sim/simulation.h"

namespace fb::sim {
namespace {

using rollout::Channel;
using rollout::Lane;

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kMainRuns = 300;
constexpr std::int64_t kNullRuns = 70;

struct Cell {
  std::string name;
  Scenario scenario;
  std::int64_t runs = kMainRuns;
  std::string rule = "hbp";
  std::string asked;
  std::function<bool(const Summary&)> reached;
  Summary summary;
  std::int64_t bound_missed = 0;  // runs in which the bound was once below the truth
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// CPU time of this process: what a busy machine next door does not change much.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void run_cell(Cell& cell, double share) {
  cell.runs = std::max<std::int64_t>(1, std::llround(static_cast<double>(cell.runs) * share));
  const double p = cell.scenario.fault ? cell.scenario.fault->p : 0;
  auto summary = simulate({cell.scenario, cell.rule, cell.runs, kSeed}, [&](const Play& play) {
    if (play.lowest_bound < p) ++cell.bound_missed;
  });
  if (summary.ok()) cell.summary = *summary;
}

// Two threads take cells in turn; a cell's result does not depend on which.
void run_all(std::vector<Cell>& cells, double share) {
  const auto worker = [&](std::size_t first) {
    for (std::size_t i = first; i < cells.size(); i += 2) run_cell(cells[i], share);
  };
  std::thread other(worker, 1);
  worker(0);
  other.join();
}

std::string pair(const Spread& spread) { return fmt::format("{}/{}", spread.median, spread.p99); }

void print(const Cell& cell) {
  const Summary& s = cell.summary;
  const char* verdict = !cell.reached ? "" : cell.reached(s) ? "reached" : "NOT REACHED";
  fmt::print(
      "{:<44} harmed {:>15} halted {:>7.3f} by {:>9} t100 {:>9} stuck {:>6.3f} | asked {:<22} {} "
      "({} runs)\n",
      cell.name, pair(s.harmed), s.halted, s.halt_minute.median < 0 ? "-" : pair(s.halt_minute),
      s.t100.median < 0 ? "-" : pair(s.t100), s.exhausted, cell.asked, verdict, cell.runs);
}

std::function<bool(const Summary&)> at_most(std::int64_t median, std::int64_t p99) {
  return [=](const Summary& s) { return s.harmed.median <= median && s.harmed.p99 <= p99; };
}

Cell bad(std::string name, std::int64_t devices, Lane lane, const Fault& fault) {
  Cell cell{std::move(name), plain_scenario(devices, 50, lane), kMainRuns, "hbp", "", {}, {}, 0};
  cell.scenario.fault = fault;
  return cell;
}

Cell asked(Cell cell, std::int64_t median, std::int64_t p99) {
  cell.asked = fmt::format("{}/{}", median, p99);
  cell.reached = at_most(median, p99);
  return cell;
}

constexpr std::int64_t kAll = 8'500'000;

void add_faults(std::vector<Cell>& cells) {
  for (const double p : {1.0, .3, .1, .03, .01, .003, .001}) {
    Cell cell =
        bad(fmt::format("silent p={:g}", p), kAll, Lane::standard, {p, Channel::silence, {}, {}});
    cells.push_back(p == 1     ? asked(cell, 10, 10)
                    : p < .002 ? asked(cell, 60, 300)
                               : asked(cell, 30, 110));
  }
  for (const double p : {1.0, .3, .1, .03, .01, .003, .001}) {
    Cell cell = bad(fmt::format("explicit p={:g}", p), kAll, Lane::standard,
                    {p, Channel::explicit_failure, {}, {}});
    cells.push_back(p == 1 ? asked(cell, 10, 10) : asked(cell, 15, 50));
  }
  cells.push_back(
      asked(bad("one 2 % stratum silent p=1", kAll, Lane::standard, {1, Channel::silence, {}, 7U}),
            6, 110));
  struct Late {
    double p;
    std::int64_t median, p99;
  };
  for (const Late& late : {Late{1, 15, 50}, Late{.1, 40, 300}, Late{.01, 115, 900}}) {
    for (const std::int64_t onset : {95, 110, 120, 140, 165, 200}) {
      cells.push_back(asked(bad(fmt::format("silent p={:g} after {} min", late.p, onset), kAll,
                                Lane::standard, {late.p, Channel::silence, minutes(onset), {}}),
                            late.median, late.p99));
    }
  }
  struct Small {
    std::int64_t devices;
    double p;
    std::int64_t median, p99;
  };
  for (const Small& small :
       {Small{60'000, 1, 10, 10}, Small{60'000, .1, 20, 40}, Small{60'000, .01, 25, 90},
        Small{60'000, .003, 25, 100}, Small{2'000, 1, 8, 10}, Small{2'000, .03, 8, 12},
        Small{2'000, .01, 10, 20}}) {
    cells.push_back(asked(bad(fmt::format("{}k fast silent p={:g}", small.devices / 1000, small.p),
                              small.devices, Lane::fast, {small.p, Channel::silence, {}, {}}),
                          small.median, small.p99));
  }
}

Cell restarting(Cell cell) {
  cell.scenario.traits.reboot = minutes(5);
  cell.scenario.parameters =
      with_times(cell.scenario.parameters, {minutes(5), minutes(12), minutes(5)});
  return cell;
}

Cell slow_beat(Cell cell) {
  cell.scenario.fleet.heartbeat = minutes(15);
  cell.scenario.parameters = with_times(cell.scenario.parameters, {minutes(15), minutes(36), {}});
  return cell;
}

Cell good(std::string name, std::int64_t devices, Lane lane, std::int64_t runs) {
  return {std::move(name), plain_scenario(devices, 50, lane), runs, "hbp", "", {}, {}, 0};
}

Cell in_time(Cell cell, std::int64_t minutes) {
  cell.asked = fmt::format("t100 <= {}", minutes);
  cell.reached = [=](const Summary& s) { return s.t100.median >= 0 && s.t100.median <= minutes; };
  return cell;
}

void add_others(std::vector<Cell>& cells) {
  cells.push_back(in_time(good("good, fast", kAll, Lane::fast, 100), 150));
  cells.push_back(in_time(good("good, standard", kAll, Lane::standard, 100), 345));
  cells.push_back(in_time(good("good, 2k fast", 2'000, Lane::fast, 300), 160));
  for (const std::int64_t devices : {kAll, std::int64_t{60'000}}) {
    const std::string size = devices == kAll ? "8.5M" : "60k";
    cells.push_back(asked(restarting(bad("restarting R=5, " + size + " fast silent p=1", devices,
                                         Lane::fast, {1, Channel::silence, {}, {}})),
                          10, 10));
    cells.push_back(asked(restarting(bad("restarting R=5, " + size + " fast silent p=.01", devices,
                                         Lane::fast, {.01, Channel::silence, {}, {}})),
                          60, 190));
    cells.push_back(in_time(
        restarting(good("restarting R=5, " + size + " fast good", devices, Lane::fast, 100)), 160));
  }
  cells.push_back(
      asked(slow_beat(bad("T_hb=15, silent p=1", kAll, Lane::fast, {1, Channel::silence, {}, {}})),
            10, 10));
  cells.push_back(asked(
      slow_beat(bad("T_hb=15, silent p=.1", kAll, Lane::fast, {.1, Channel::silence, {}, {}})), 40,
      100));
  Cell installs = good("good, .5 % install errors, 60k fast", 60'000, Lane::fast, kMainRuns);
  installs.scenario.traits.install_error = .005;
  installs.asked = "no halt";
  installs.reached = [](const Summary& s) { return s.halted == 0; };
  cells.push_back(installs);
  Cell window = asked(bad("half behind a window at 5 h, silent p=1", kAll, Lane::fast,
                          {1, Channel::silence, {}, {}}),
                      10, 10);
  window.scenario.traits.deferred_share = .5;
  window.scenario.traits.deferred_until = hours(5);
  cells.push_back(window);
}

std::vector<std::pair<std::string, std::vector<Shock>>> backgrounds() {
  const auto silent = [](double factor, std::int64_t from, std::int64_t to) {
    return Shock{Channel::silence, factor, minutes(from), minutes(to), 1, {}};
  };
  Shock some = silent(10, 60, 120);
  some.strata_share = .3;
  Shock diurnal = silent(5, 0, 60 * 24);
  diurnal.period = hours(8);
  Shock crashes = silent(20, 60, 120);
  crashes.channel = Channel::explicit_failure;
  return {{"quiet", {}},
          {"silence x5 at 60-120", {silent(5, 60, 120)}},
          {"silence x10 at 0-60", {silent(10, 0, 60)}},
          {"silence x5 at 0-60", {silent(5, 0, 60)}},
          {"silence x3 at 30-90", {silent(3, 30, 90)}},
          {"silence x10 at 90-150", {silent(10, 90, 150)}},
          {"diurnal 1..5x in 8 h", {diurnal}},
          {"silence x10 in 30 % of strata", {some}},
          {"crash x20 at 60-120", {crashes}}};
}

Cell without_person(Cell cell, const std::vector<Shock>& shocks) {
  cell.scenario.shocks = shocks;
  cell.asked = "stuck <= .02";
  cell.reached = [](const Summary& s) { return s.exhausted <= .02; };
  return cell;
}

void add_nulls(std::vector<Cell>& cells) {
  for (const Lane lane : {Lane::fast, Lane::standard}) {
    for (const std::int64_t devices :
         {std::int64_t{2'000}, std::int64_t{10'000}, std::int64_t{20'000}, std::int64_t{60'000},
          std::int64_t{250'000}, std::int64_t{1'000'000}, kAll}) {
      for (const auto& [name, shocks] : backgrounds()) {
        Cell cell = good(fmt::format("null {} {} {}", rollout::name(lane), devices, name), devices,
                         lane, kNullRuns);
        cells.push_back(without_person(std::move(cell), shocks));
      }
    }
  }
  // Harder than what was asked: a fleet just too small for lots of a fifth, a shock of twenty, and
  // machines that restart into one.
  const Shock steep{Channel::silence, 20, minutes(90), minutes(150), 1, {}};
  const Shock early{Channel::silence, 10, minutes(30), minutes(90), 1, {}};
  for (const std::int64_t devices : {2'000, 24'900})
    cells.push_back(without_person(good(fmt::format("null fast {} silence x20 at 90-150", devices),
                                        devices, Lane::fast, kMainRuns),
                                   {steep}));
  for (const std::int64_t devices : {std::int64_t{60'000}, kAll})
    cells.push_back(without_person(
        restarting(good(fmt::format("null fast {} R=5, silence x10 at 30-90", devices), devices,
                        Lane::fast, kMainRuns)),
        {early}));
}

void add_rivals(std::vector<Cell>& cells) {
  for (const std::string& rule : rule_names()) {
    for (const double p : {1.0, .01, .001}) {
      Cell cell = bad(fmt::format("rule {} silent p={:g}", rule, p), kAll, Lane::fast,
                      {p, Channel::silence, {}, {}});
      cell.rule = rule;
      cell.runs = 10;
      cells.push_back(cell);
    }
    Cell evening = good(fmt::format("rule {} good, evening shutdown", rule), kAll, Lane::fast, 10);
    evening.scenario.shocks = {Shock{Channel::silence, 5, minutes(60), minutes(120), 1, {}}};
    evening.rule = rule;
    cells.push_back(evening);
  }
}

void sum_up(const std::vector<Cell>& cells) {
  double runs = 0, halts = 0, with_fault = 0, missed = 0;
  for (const Cell& cell : cells) {
    if (cell.rule != "hbp") continue;
    if (cell.scenario.fault) {
      const auto& fault = *cell.scenario.fault;
      if (fault.stratum || fault.onset.ms > 0) continue;
      with_fault += static_cast<double>(cell.runs);
      missed += static_cast<double>(cell.bound_missed);
    } else {
      runs += static_cast<double>(cell.runs);
      halts += cell.summary.halted * static_cast<double>(cell.runs);
    }
  }
  fmt::print("\nfalse halts: {:.0f} in {:.0f} good releases (asked: at most 1 in 1000)\n", halts,
             runs);
  fmt::print(
      "bound below the truth at any time: {:.0f} of {:.0f} runs with a fault from the start = "
      "{:.4f} (asked: at most .01 per horizon)\n",
      missed, with_fault, with_fault > 0 ? missed / with_fault : 0);
}

// What a loop over devices costs: the least it can do, one random number per device and heartbeat.
double naive_day(std::int64_t devices) {
  const double start = cpu_seconds();
  std::vector<std::uint8_t> alive(static_cast<std::size_t>(devices), 1);
  std::uint64_t state = 1;
  std::int64_t dead = 0;
  constexpr int kBeats = 288;
  for (int beat = 0; beat < kBeats; ++beat) {
    for (std::uint8_t& device : alive) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      if (device != 0 && (state >> 40U) < 28'000) device = 0, ++dead;
    }
  }
  if (dead == 0) fmt::print("(nobody died)\n");
  return cpu_seconds() - start;
}

void print_times() {
  Scenario day = plain_scenario(kAll, 50, Lane::standard);
  day.horizon = hours(24);
  const Background background(day);
  auto rule = make_rule("hbp", day).value();
  FleetModel fleet(day, background, Chance(kSeed, 0));
  const double start = cpu_seconds();
  double engine = 0, worst = 0;
  for (std::int64_t t = 0; t < 24 * 60; ++t) {
    rule->took(fleet.live(rule->open_places()));
    const auto counts = fleet.counts();
    const double before = cpu_seconds();
    rule->see({counts, fleet.remaining(), fleet.installs(), fleet.heard(), minutes(t + 1)});
    const double took = cpu_seconds() - before;
    engine += took;
    worst = std::max(worst, took);
  }
  fmt::print(
      "\n8.5 M devices x 24 h, engine on, to the end: {:.3f} s of CPU time (asked: 1 s); of these "
      "the engine {:.3f} s\n",
      cpu_seconds() - start, engine);
  fmt::print("one decision, 50 strata: mean {:.0f} us; slowest {:.0f} us (asked: 1000 us)\n",
             1e6 * engine / 1440, 1e6 * worst);
  fmt::print("the same day as a loop over devices, deaths only, no engine: {:.2f} s of CPU time\n",
             naive_day(kAll));
}

int bench(double share) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Cell> cells;
  add_faults(cells);
  add_others(cells);
  add_nulls(cells);
  add_rivals(cells);
  print_times();
  fmt::print("\nseed {}, runs as shown; median/99th percentile; minutes\n", kSeed);
  run_all(cells, share);
  for (const Cell& cell : cells) print(cell);
  sum_up(cells);
  fmt::print("{:.0f} s in all\n", seconds_since(start));
  return 0;
}

}  // namespace
}  // namespace fb::sim

int main(int argc, char** argv) {
  const double share = argc > 1 ? std::atof(argv[1]) : 1.0;
  return fb::sim::bench(share > 0 ? share : 1.0);
}
