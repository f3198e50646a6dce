// firebreak simulate: one scenario under one rule, as figures or as a page.
#include <memory>

#include <fmt/format.h>

#include "base/limits.h"
#include "exact/rehearsal.h"
#include "main/firebreak_simulate.h"
#include "posix/raw_file.h"
#include "sim/page.h"

namespace fb::cli {
namespace {

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

// The product itself plays, so only its own rule can.
Status fits_exact_model(const SimulateOptions& options, const sim::Order& order) {
  if (options.rule != "hbp")
    return Error{ErrorCode::bad_usage, "--model exact runs the product itself: leave out --rule " +
                                           options.rule + ", or use --model fast"};
  if (!options.page.empty())
    return Error{ErrorCode::bad_usage, "--page draws the fast model: leave out --model exact"};
  return exact::check(order.scenario, exact::depth_for(order.scenario));
}

Result<publisher::Outcome> simulate_exactly(const SimulateOptions& options,
                                            const sim::Order& order) {
  FB_TRY(fits_exact_model(options, order));
  const exact::Depth depth = exact::depth_for(order.scenario);
  FB_ASSIGN(const sim::Summary summary,
            sim::simulate(order, {}, [depth](const sim::Order& each, std::uint64_t run) {
              return exact::play(each.scenario, sim::Chance(each.seed, run), depth);
            }));
  const std::string what = depth == exact::Depth::agents ? "whole agents" : "thin devices";
  return publisher::Outcome{
      publisher::Answer::yes,
      text_of(summary) + "  model        exact: the server and " + what + "\n", encode(summary)};
}

// The first run of the seed in pictures; the other rules play the same scenario a few times each.
Status write_page(const SimulateOptions& options, const sim::Order& order,
                  const sim::Summary& own) {
  sim::Picture picture;
  picture.title = "Simulated rollout: " + options.scenario;
  picture.halt_at = order.scenario.parameters.halt_at();
  picture.command = fmt::format("firebreak simulate --scenario {} --runs {} --seed {} --page {}",
                                options.scenario, options.runs, options.seed, options.page);
  FB_ASSIGN(const sim::Play play,
            sim::play(order.scenario, order.rule, sim::Chance(order.seed, 0),
                      [&](const sim::Moment& moment) { picture.moments.push_back(moment); }));
  picture.sentence = play.sentence;
  picture.rules.push_back(own);
  constexpr std::int64_t kRunsOfOthers = 20;
  for (const std::string& rule : sim::rule_names()) {
    if (rule == order.rule) continue;
    FB_ASSIGN(const sim::Summary summary,
              sim::simulate({order.scenario, rule, kRunsOfOthers, order.seed}));
    picture.rules.push_back(summary);
  }
  return posix::write_file_atomic(options.page, sim::page(picture));
}

}  // namespace

Result<sim::Order> read_order(const SimulateOptions& options) {
  sim::Order order{sim::plain_scenario(8'500'000, 50, rollout::Lane::fast), options.rule,
                   options.runs, options.seed};
  if (options.scenario.empty()) return order;
  FB_ASSIGN(const std::string toml,
            posix::read_file(options.scenario, limits::kJsonBytes).in(options.scenario));
  auto scenario = sim::parse_scenario(toml);
  if (!scenario.ok()) return scenario.error().in(options.scenario);
  order.scenario = std::move(scenario).value();
  return order;
}

Result<publisher::Outcome> simulate(const SimulateOptions& options) {
  if (options.scenario.empty())
    return Error{ErrorCode::bad_usage,
                 "simulate needs --scenario FILE, or --incident I01 (or all) for the known ones"};
  FB_ASSIGN(const sim::Order order, read_order(options));
  if (options.model == "exact") return simulate_exactly(options, order);
  FB_ASSIGN(const sim::Summary summary, sim::simulate(order));
  if (!options.page.empty()) FB_TRY(write_page(options, order, summary));
  return publisher::Outcome{publisher::Answer::yes, text_of(summary), encode(summary)};
}

void register_simulate(CLI::App& app, Program& program) {
  const auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = add_command(
      &app, "simulate", "Play a release, or a known incident, on a made-up fleet under a rule",
      "firebreak simulate --scenario examples/scenarios/july-2024.toml --runs 300 --seed 1");
  command->add_option("--scenario", options->scenario, "Fleet, shocks, fault and rollout, in TOML")
      ->type_name("FILE");
  command->add_option("--rule", options->rule, "Whose rule decides")
      ->type_name("RULE")
      ->capture_default_str();
  command
      ->add_option("--model", options->model,
                   "fast: counts, any size; exact: the real server and agents, small fleets")
      ->check(CLI::IsMember({"fast", "exact"}))
      ->type_name("MODEL")
      ->capture_default_str();
  command->add_option("--runs", options->runs, "How often it is played")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Equal seeds give equal results everywhere")
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--page", options->page, "Also write a web page with plots")
      ->type_name("FILE");
  add_incident_options(command, *options);
  command->callback([&program, options] {
    program.chosen = [options] {
      return options->incident.empty() ? simulate(*options) : replay_incidents(*options);
    };
  });
}

}  // namespace fb::cli
