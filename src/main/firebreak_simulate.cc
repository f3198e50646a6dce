// firebreak simulate
#include <memory>

#include <fmt/format.h>

#include "base/limits.h"
#include "main/firebreak.h"
#include "posix/raw_file.h"
#include "sim/simulation.h"

namespace fb::cli {
namespace {

struct Options {
  std::string scenario, rule = "hbp";
  std::int64_t runs = 100;
  std::uint64_t seed = 1;
};

std::string minutes_text(const sim::Spread& spread) {
  if (spread.median < 0) return "never";
  return fmt::format("median {} min, 99 % by {} min", spread.median, spread.p99);
}

std::string text_of(const sim::Summary& s) {
  const auto spread = [](const sim::Spread& each) {
    return fmt::format("median {}, 99 % at most {}, worst {}", each.median, each.p99, each.max);
  };
  return fmt::format(
      "{} over {} runs\n  harmed       {}\n  exposed      {}\n  halted       {:.2f} % of runs, {}\n"
      "  whole fleet  {}\n  unfinished   {:.2f} % of runs need a person or more time\n",
      s.rule, s.runs, spread(s.harmed), spread(s.exposed), 100 * s.halted,
      minutes_text(s.halt_minute), minutes_text(s.t100), 100 * s.exhausted);
}

Result<publisher::Outcome> simulate(const Options& options) {
  FB_ASSIGN(const std::string toml,
            posix::read_file(options.scenario, limits::kJsonBytes).in(options.scenario));
  auto scenario = sim::parse_scenario(toml);
  if (!scenario.ok()) return scenario.error().in(options.scenario);
  sim::Order order{std::move(scenario).value(), options.rule, options.runs, options.seed};
  FB_ASSIGN(const sim::Summary summary, sim::simulate(order));
  return publisher::Outcome{publisher::Answer::yes, text_of(summary), encode(summary)};
}

}  // namespace

void register_simulate(CLI::App& app, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      &app, "simulate", "Play a release on a made-up fleet under Firebreak's rule or another's",
      "firebreak simulate --scenario examples/scenarios/july-2024.toml --runs 300 --seed 1");
  command->add_option("--scenario", options->scenario, "Fleet, shocks, fault and rollout, in TOML")
      ->required()
      ->type_name("FILE");
  command->add_option("--rule", options->rule, "Whose rule decides")
      ->type_name("RULE")
      ->capture_default_str();
  command->add_option("--runs", options->runs, "How often it is played")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Equal seeds give equal results everywhere")
      ->type_name("S")
      ->capture_default_str();
  command->callback(
      [&program, options] { program.chosen = [options] { return simulate(*options); }; });
}

}  // namespace fb::cli
