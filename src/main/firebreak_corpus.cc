// firebreak simulate --incident, firebreak policy score
#include <memory>

#include <fmt/format.h>

#include "base/limits.h"
#include "json/reader.h"
#include "main/firebreak_simulate.h"
#include "posix/raw_file.h"
#include "sim/corpus.h"

namespace fb::cli {
namespace {

using sim::PastIncident;
using sim::Replay;

Result<std::vector<PastIncident>> read_corpus(const std::string& file) {
  const std::string path = file.empty() ? FB_INCIDENTS : file;
  FB_ASSIGN(const std::string text, posix::read_file(path, limits::kJsonBytes).in(path));
  auto corpus = sim::decode_incidents(text);
  if (!corpus.ok()) return corpus.error().in(path);
  return corpus;
}

Result<std::vector<PastIncident>> chosen(const SimulateOptions& options) {
  FB_ASSIGN(auto corpus, read_corpus(options.corpus));
  if (options.incident == "all") return corpus;
  std::vector<std::string> ids = {"all"};
  for (const PastIncident& each : corpus) {
    if (each.id == options.incident) return std::vector<PastIncident>{each};
    ids.push_back(each.id);
  }
  const std::string near = json::nearest(options.incident, ids);
  return Error{ErrorCode::bad_usage, "there is no incident '" + options.incident + "'" +
                                         (near.empty() ? "; ids are like I01, or say all"
                                                       : "; did you mean '" + near + "'?")};
}

std::string line_of(const Replay& seen) {
  const std::string when = seen.minutes < 0 ? "-" : fmt::format("{} min", seen.minutes);
  return fmt::format("{:<4} {:<38} {:>10} {:>8}  {}\n", seen.id, seen.name.substr(0, 38), seen.hit,
                     when, seen.stopped_by);
}

// The same incident under every other rule; they have no gates.
Status compare(const PastIncident& incident, sim::Order order, publisher::Outcome& outcome) {
  json::Value others = json::Value::object();
  for (const std::string& rule : sim::rule_names()) {
    if (rule == "hbp") continue;
    order.rule = rule;
    FB_ASSIGN(const Replay seen, sim::replay(incident, order));
    others[rule] = seen.hit;
    outcome.text += fmt::format("       {:<36} {:>10}\n", rule, seen.hit);
  }
  outcome.document["incidents"].back()["other_rules"] = others;
  return {};
}

Result<sim::Score> score_of(const std::vector<PastIncident>& corpus, const std::string& policy,
                            const SimulateOptions& options) {
  SimulateOptions each = options;
  each.scenario = policy;
  FB_ASSIGN(const sim::Order order, read_order(each));
  std::vector<Replay> replays;
  for (const PastIncident& incident : corpus) {
    FB_ASSIGN(const Replay seen, sim::replay(incident, order));
    replays.push_back(seen);
  }
  return sim::score(replays);
}

std::string score_line(const char* which, const sim::Score& score) {
  return fmt::format("{:<7} {} caught with {} devices hit; {} not caught; {} devices hit in all\n",
                     which, score.caught, score.hit_where_caught, score.not_caught, score.hit);
}

Result<publisher::Outcome> score_policy(const SimulateOptions& options, const std::string& after) {
  FB_ASSIGN(const auto corpus, read_corpus(options.corpus));
  FB_ASSIGN(const sim::Score before, score_of(corpus, options.scenario, options));
  publisher::Outcome outcome;
  outcome.document = {{"before", encode(before)}};
  outcome.text = score_line(after.empty() ? "policy" : "before", before);
  if (after.empty()) return outcome;
  FB_ASSIGN(const sim::Score edited, score_of(corpus, after, options));
  outcome.document["after"] = encode(edited);
  outcome.text += score_line("after", edited);
  return outcome;
}

}  // namespace

void add_incident_options(CLI::App* command, SimulateOptions& options) {
  command->add_option("--incident", options.incident, "Replay a known incident, or all of them")
      ->type_name("ID|all");
  command->add_option("--incidents", options.corpus, "A file of incidents instead of the own one")
      ->type_name("FILE");
  command->add_flag("--compare", options.compare, "Show each incident under the other rules too");
}

Result<publisher::Outcome> replay_incidents(const SimulateOptions& options) {
  FB_ASSIGN(const auto incidents, chosen(options));
  FB_ASSIGN(const sim::Order order, read_order(options));
  publisher::Outcome outcome;
  outcome.document = {{"incidents", json::Value::array()}};
  outcome.text = fmt::format("{:<43} {:>10} {:>8}  stopped by\n", "incident", "hit", "after");
  std::vector<Replay> replays;
  for (const PastIncident& incident : incidents) {
    FB_ASSIGN(const Replay seen, sim::replay(incident, order));
    outcome.text += line_of(seen);
    outcome.document["incidents"].push_back(encode(seen));
    if (options.compare) FB_TRY(compare(incident, order, outcome));
    replays.push_back(seen);
  }
  outcome.document["score"] = encode(sim::score(replays));
  outcome.text += score_line("sum", sim::score(replays));
  return outcome;
}

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
