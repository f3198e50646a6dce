// firebreak policy score: what the known incidents would cost under a policy, and under its edit.
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "main/firebreak_simulate.h"

namespace fb::cli {
namespace {

using sim::PastIncident;
using sim::Replay;
using sim::Score;

struct Scored {
  Score score;
  std::int64_t devices = 0;
  std::vector<std::string> notes;
};

Result<Scored> scored(const std::vector<PastIncident>& corpus, const std::string& policy,
                      const SimulateOptions& options) {
  SimulateOptions each = options;
  each.scenario = policy;
  FB_ASSIGN(const sim::Order order, read_order(each));
  std::vector<Replay> replays;
  for (const PastIncident& incident : corpus) {
    FB_ASSIGN(const Replay seen, sim::replay(incident, order));
    replays.push_back(seen);
  }
  return Scored{sim::score(replays), order.scenario.fleet.devices, replay_notes(order)};
}

std::string difference(std::int64_t before, std::int64_t after, const char* what) {
  if (before == after) return fmt::format("as many {}", what);
  return fmt::format("{} {} {}", std::abs(after - before), after > before ? "more" : "fewer", what);
}

std::string edit_line(const Score& before, const Score& after) {
  return fmt::format("the edit: {}, {}\n", difference(before.caught, after.caught, "caught"),
                     difference(before.hit, after.hit, "devices hit"));
}

std::vector<std::string> notes_on(const Scored& before, const Scored& after) {
  std::vector<std::string> notes;
  for (const std::string& note : before.notes) notes.push_back("before: " + note);
  for (const std::string& note : after.notes) notes.push_back("after: " + note);
  if (before.devices != after.devices)
    notes.push_back(fmt::format("the fleets differ, {} devices before and {} after: so do the hits",
                                before.devices, after.devices));
  return notes;
}

Result<publisher::Outcome> score_policy(const SimulateOptions& options, const std::string& after) {
  FB_ASSIGN(const auto corpus, read_corpus(options.corpus));
  FB_ASSIGN(const Scored before, scored(corpus, options.scenario, options));
  publisher::Outcome outcome;
  outcome.document = {{"before", encode(before.score)}};
  outcome.text = score_line(after.empty() ? "policy" : "before", before.score);
  if (after.empty()) return with_notes(std::move(outcome), before.notes);
  FB_ASSIGN(const Scored edited, scored(corpus, after, options));
  outcome.document["after"] = encode(edited.score);
  outcome.text += score_line("after", edited.score) + edit_line(before.score, edited.score);
  return with_notes(std::move(outcome), notes_on(before, edited));
}

}  // namespace

void register_policy_score(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<SimulateOptions>();
  const auto after = std::make_shared<std::string>();
  options->runs = 5;
  CLI::App* command = add_command(
      noun, "score", "What the known incidents would cost under a rollout policy, and its edit",
      "firebreak policy score --scenario policy.toml --after edited.toml");
  command->add_option("--scenario", options->scenario, "Fleet, rollout and gates, in TOML")
      ->type_name("FILE");
  command->add_option("--after", *after, "The same after an edit")->type_name("FILE");
  command->add_option("--incidents", options->corpus, "A file of incidents instead of the own one")
      ->type_name("FILE");
  command->add_option("--runs", options->runs, "How often each is played")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000}))
      ->capture_default_str();
  command->callback([&program, options, after] {
    program.chosen = [options, after] { return score_policy(*options, *after); };
  });
}

}  // namespace fb::cli
