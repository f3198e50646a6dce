// firebreak simulate: one scenario under one rule, as figures or as a page.
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
  picture.command =
      fmt::format("firebreak simulate --scenario {} --rule {} --runs {} --seed {} --page {}",
                  options.scenario, options.rule, options.runs, options.seed, options.page);
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

Result<publisher::Outcome> simulate_fast(const SimulateOptions& options, const sim::Order& order) {
  FB_ASSIGN(const sim::Summary summary, sim::simulate(order));
  if (!options.page.empty()) FB_TRY(write_page(options, order, summary));
  return publisher::Outcome{publisher::Answer::yes, text_of(summary), encode(summary)};
}

}  // namespace

Result<sim::Order> read_order(const SimulateOptions& options) {
  sim::Order order{sim::plain_scenario(8'500'000, 50, rollout::Lane::fast), options.rule,
                   options.runs, options.seed};
  // Not every incident is played, and a rule that does not exist is a mistake in any case.
  FB_TRY(sim::make_rule(options.rule, order.scenario));
  if (options.scenario.empty()) return order;
  FB_ASSIGN(const std::string toml,
            posix::read_file(options.scenario, limits::kJsonBytes).in(options.scenario));
  FB_ASSIGN(order.scenario, sim::parse_scenario(toml).in(options.scenario));
  return order;
}

std::vector<std::string> notes_of(const sim::Order& order) {
  if (order.rule != "hbp") return {};  // whose parameters they are
  return rollout::warnings(order.scenario.parameters, order.scenario.fleet.devices);
}

publisher::Outcome with_notes(publisher::Outcome outcome, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) outcome.text += "note: " + note + "\n";
  if (!notes.empty()) outcome.document["warnings"] = notes;
  return outcome;
}

Result<publisher::Outcome> simulate(const SimulateOptions& options) {
  if (options.scenario.empty())
    return Error{ErrorCode::bad_usage,
                 "simulate needs --scenario FILE, or --incident I01 (or all) for the known ones"};
  FB_ASSIGN(const sim::Order order, read_order(options));
  FB_ASSIGN(publisher::Outcome outcome, options.model == "exact" ? simulate_exactly(options, order)
                                                                 : simulate_fast(options, order));
  return with_notes(std::move(outcome), notes_of(order));
}

}  // namespace fb::cli
