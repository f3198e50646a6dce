// firebreak simulate --incident: known incidents under a policy.
#include <fmt/format.h>

#include "base/limits.h"
#include "json/reader.h"
#include "main/firebreak_simulate.h"
#include "posix/raw_file.h"

namespace fb::cli {
namespace {

using sim::PastIncident;
using sim::Replay;

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

// What one line has no room for.
std::string more_of(const Replay& seen) {
  std::string text;
  if (seen.minutes == 0)  // at a gate
    text += fmt::format("     if the gate is waived: {} devices hit\n", seen.past_the_gate);
  return text + "     assumed: " + seen.assumption + "\n";
}

// The same incident under every other rule; only our own comes with gates.
Status compare(const PastIncident& incident, sim::Order order, publisher::Outcome& outcome) {
  const std::string own = order.rule;
  json::Value others = json::Value::object();
  outcome.text += "     " + incident.id + " under other rules:\n";
  for (const std::string& rule : sim::rule_names()) {
    if (rule == own) continue;
    order.rule = rule;
    FB_ASSIGN(const Replay seen, sim::replay(incident, order));
    others[rule] = seen.hit;
    outcome.text += fmt::format("       {:<36} {:>10}\n", rule, seen.hit);
  }
  outcome.document["incidents"].back()["other_rules"] = others;
  return {};
}

}  // namespace

Result<std::vector<PastIncident>> read_corpus(const std::string& file) {
  const std::string path = file.empty() ? FB_INCIDENTS : file;
  FB_ASSIGN(const std::string text, posix::read_file(path, limits::kJsonBytes).in(path));
  auto corpus = sim::decode_incidents(text);
  if (!corpus.ok()) return corpus.error().in(path);
  return corpus;
}

// A scenario with a fault is not refused: one file is played by itself, and is the policy under
// which incidents are replayed.
std::vector<std::string> replay_notes(const sim::Order& order) {
  std::vector<std::string> notes = notes_of(order);
  if (order.scenario.fault)
    notes.emplace_back("[fault] of the scenario is not used: each incident brings its own");
  return notes;
}

std::string score_line(const char* which, const sim::Score& score) {
  return fmt::format("{:<7} {} caught with {} devices hit; {} not caught; {} devices hit in all\n",
                     which, score.caught, score.hit_where_caught, score.not_caught, score.hit);
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
    if (options.incident != "all") outcome.text += more_of(seen);
    outcome.document["incidents"].push_back(encode(seen));
    if (options.compare) FB_TRY(compare(incident, order, outcome));
    replays.push_back(seen);
  }
  outcome.document["score"] = encode(sim::score(replays));
  outcome.text += score_line("sum", sim::score(replays));
  return with_notes(std::move(outcome), replay_notes(order));
}

}  // namespace fb::cli
