// The agent's part in updates: fetching, asking, trying, probing, judging.
#include <algorithm>

#include "agent/agent.h"
#include "agent/layout.h"
#include "base/bytes.h"
#include "bundle/client.h"
#include "gate/gate.h"
#include "install/notes.h"

namespace fb::agent {
namespace {

constexpr Millis kAskPause = seconds(2);
// Clocks of a fleet differ by this much without being wrong; rules are judged at the later time.
constexpr Millis kClockSlack = minutes(5);

install::Candidate candidate_from(const release::Manifest& manifest, const Digest& release,
                                  RolloutId rollout) {
  install::Candidate candidate;
  candidate.rollout = rollout;
  candidate.slot = {release, manifest.version};
  candidate.cls = manifest.cls;
  candidate.probation = manifest.health.probation;
  candidate.restarts = manifest.health.restarts;
  candidate.probe_failures = manifest.health.probe_failures;
  candidate.one_way = manifest.one_way;
  return candidate;
}

std::string outcome_words(const port::RunResult& run) {
  std::string words = run.timed_out ? "no end within its time limit" : run.exit.in_words();
  const std::string output = install::plain(run.output, 300);
  return output.empty() ? words : words + ": " + output;
}

bool passed(const port::RunResult& run) {
  return !run.timed_out && run.exit.code == 0 && run.exit.signal == 0;
}

}  // namespace

// ---- Fetching ----

void Agent::start_fetch(const ComponentId& id) {
  Unit& unit = units_.at(id);
  const auto* fetching = std::get_if<install::Fetching>(&unit.state.phase);
  if (fetching == nullptr || unit.fetching || unit.unsure) return;
  if (!unit.order || unit.order->plan.manifest != fetching->release || !knowledge_.trusted) return;
  const ComponentConfig& component = config_.components.at(id);
  const auto bundle = unit.order->bundle;
  const StagingOrder order{id,
                           component.kind,
                           component.reader,
                           fetching->release,
                           unit.order->plan.manifest_path,
                           bundle ? std::vector{std::string(bundle::kBase) + "/targets"}
                                  : mirrors_.in_order(now().uptime)};
  unit.fetching = true;
  auto trusted = knowledge_.trusted;
  doors_.bulk([this, order, trusted, bundle]() -> port::Completion {
    port::HttpClient& http = bundle ? *bundle : doors_.bulk_http;
    auto outcome = std::make_shared<StagingOutcome>(stage(order, *trusted, http, doors_.files));
    return [this, order, outcome] { finish_fetch(order.component, order.release, *outcome); };
  });
}

void Agent::finish_fetch(const ComponentId& id, const Digest& release,
                         const StagingOutcome& outcome) {
  Unit& unit = units_.at(id);
  unit.fetching = false;
  for (const std::string& base : outcome.served) mirrors_.served(base);
  mirrors_.failed(outcome.failures, now().uptime);
  const auto* fetching = std::get_if<install::Fetching>(&unit.state.phase);
  if (fetching == nullptr || fetching->release != release) return;
  if (!outcome.manifest) {
    trouble(outcome.sentence);
    return feed(id, install::FetchFailed{release, outcome.sentence, outcome.rule});
  }
  feed(id, install::Fetched{candidate_from(*outcome.manifest, release, fetching->rollout),
                            outcome.refused_copies, outcome.skipped});
  judge(id);
}

// ---- Permits ----

void Agent::start_ask(const ComponentId& id, const install::AskPermit& ask) {
  Unit& unit = units_.at(id);
  if (unit.asking || now().uptime < unit.next_ask) return;
  unit.asking = true;
  unit.next_ask = now().uptime + kAskPause;
  const wire::PermitAsk question{ask.rollout, ask.release, ask.nonce, ask.purpose, 0};
  const release::Kind kind = config_.components.at(id).kind;
  doors_.prompt([this, id, question, kind]() -> port::Completion {
    auto outcome = std::make_shared<Result<PermitOutcome>>(courier_.ask(question, kind));
    return [this, id, question, outcome] { finish_ask(id, question.nonce, *outcome); };
  });
}

void Agent::finish_ask(const ComponentId& id, const std::string& nonce,
                       const Result<PermitOutcome>& outcome) {
  Unit& unit = units_.at(id);
  unit.asking = false;
  if (!outcome.ok()) return trouble("asking for a permit: " + outcome.error().detail);
  unit.next_ask = {};
  judge(id);  // what has changed on this device since asking comes first
  struct Teller {
    Agent& agent;
    const ComponentId& id;
    const std::string& nonce;
    void operator()(const Granted& granted) const {
      agent.feed(id, install::PermitGranted{nonce, granted.valid, granted.by});
    }
    void operator()(const wire::Denial& denial) const {
      agent.feed(id, install::PermitDenied{nonce, denial.rule, denial.detail});
    }
    void operator()(const NoPermit& no) const {
      agent.feed(id, install::PermitRefused{nonce, no.sentence, no.rule});
    }
  };
  std::visit(Teller{*this, id, nonce}, *outcome);
}

// ---- Trial and probes ----

void Agent::start_taste(const ComponentId& id, const install::Candidate& candidate) {
  const Digest release = candidate.slot.release;
  const auto tell = [this, id, release](install::Trial trial, const std::string& sentence) {
    feed(id, install::TasteEnded{release, trial, sentence, to_hex(doors_.entropy.bytes(16))});
  };
  const auto command = workloads_.commands().taste(id, release);
  if (!command.ok()) return tell(install::Trial::could_not_run, command.error().detail);
  if (!*command) return tell(install::Trial::passed, "no trial load is defined for it");
  const port::Command to_run = **command;
  doors_.prompt([this, to_run, tell]() -> port::Completion {
    const auto run = doors_.sandbox.run(to_run, {});
    if (!run.ok()) {
      const std::string why = run.error().detail;
      return [tell, why] { tell(install::Trial::could_not_run, why); };
    }
    const auto trial = passed(*run) ? install::Trial::passed : install::Trial::failed;
    const std::string words = outcome_words(*run);
    return [tell, trial, words] { tell(trial, words); };
  });
}

Millis Agent::probe_interval(const install::State& state) {
  const auto* candidate = install::candidate_of(state.phase);
  const Millis probation = candidate == nullptr ? minutes(1) : candidate->probation;
  return std::clamp(probation / 10, milliseconds(200), seconds(30));
}

void Agent::start_probe(const ComponentId& id) {
  Unit& unit = units_.at(id);
  const auto* probation = std::get_if<install::Probation>(&unit.state.phase);
  if (probation == nullptr || unit.probing || unit.unsure) return;
  unit.next_probe = now().uptime + probe_interval(unit.state);
  const Digest release = probation->candidate.slot.release;
  const auto core = config_.core_of(id);
  const bool runs = core && workloads_.running(*core);
  if (core && !runs && !workloads_.idle(*core)) return;  // it is about to be started again
  const auto command = core ? workloads_.commands().probe(*core)
                            : Result<std::optional<port::Command>>(std::nullopt);
  if (!command.ok()) return finish_probe(id, release, command.error().detail);
  if (!*command) return finish_probe(id, release, "");
  unit.probing = true;
  const port::Command to_run = **command;
  doors_.prompt([this, id, release, to_run]() -> port::Completion {
    const auto run = doors_.sandbox.run(to_run, {});
    const bool well = run.ok() && passed(*run);
    const std::string failure = well ? "" : run.ok() ? outcome_words(*run) : run.error().detail;
    return [this, id, release, failure] { finish_probe(id, release, failure); };
  });
}

void Agent::finish_probe(const ComponentId& id, const Digest& release, const std::string& failure) {
  Unit& unit = units_.at(id);
  unit.probing = false;
  const auto* probation = std::get_if<install::Probation>(&unit.state.phase);
  if (probation == nullptr || probation->candidate.slot.release != release) return;
  if (failure.empty())
    feed(id, install::ProbePassed{});
  else
    feed(id, install::ProbeFailed{failure});
}

// ---- Judging ----

void Agent::judge_all() {
  for (const auto& [id, unit] : units_) judge(id);
}

void Agent::judge(const ComponentId& id) {
  if (!knowledge_.device) return;
  install::Judged judged;
  judged.device = *knowledge_.device;
  judged.bans = knowledge_.bans;
  judged.missing = knowledge_.missing;
  if (!recovering_) judged.spread = std::min(minutes(5), rhythm_.heartbeat() * 10);
  judged.policy = knowledge_.policy;
  judged.limits = knowledge_.limits;
  judged.kind = config_.components.at(id).kind;
  judged.contract = contract_reasons(id);
  judged.busy = busy(id);
  judged.clock = clock_doubt();
  judged.approvers = approvers(id);
  feed(id, judged);
}

// What people said of a release, by its plan or by the bundle that brought it.
const std::vector<statement::SignedAct>& Agent::acts_of(const ComponentId& id,
                                                        const Digest& release) const {
  static const std::vector<statement::SignedAct> kNone;
  const Unit& unit = units_.at(id);
  const auto* candidate = install::candidate_of(unit.state.phase);
  const bool by_bundle = candidate != nullptr && candidate->rollout == RolloutId();
  const auto carried = knowledge_.carried.find(id);
  const bool known = carried != knowledge_.carried.end() && carried->second.release == release;
  if (by_bundle) return known ? carried->second.acts : kNone;
  return unit.order ? unit.order->acts : kNone;
}

// Who approved the candidate; asked only for a customer who wants to know.
std::vector<policy::Approver> Agent::approvers(const ComponentId& id) const {
  const Unit& unit = units_.at(id);
  const auto* candidate = install::candidate_of(unit.state.phase);
  if (candidate == nullptr || !knowledge_.policy) return {};
  const Digest& release = candidate->slot.release;
  const auto manifest = read_manifest(doors_.files, id, release);
  if (!manifest.ok()) return {};
  const Instant at = std::max(now().wall, knowledge_.authenticated);
  return policy::approvers_of(release, manifest->author, acts_of(id, release), knowledge_.people,
                              at);
}

// What is signed with a time cannot lie in the future: the clock stands behind it.
std::string Agent::clock_doubt() const {
  const Instant clock = doors_.clock.wall();
  if (clock + kClockSlack >= knowledge_.authenticated) return "";
  return "this device's clock says " + to_rfc3339(clock) + ", and something was signed at " +
         to_rfc3339(knowledge_.authenticated);
}

// The contract gate, asked about the one core build that is here.
std::vector<std::string> Agent::contract_reasons(const ComponentId& id) const {
  const Unit& unit = units_.at(id);
  const auto* candidate = install::candidate_of(unit.state.phase);
  const auto core = config_.core_of(id);
  if (candidate == nullptr || !core) return {};
  const auto manifest = read_manifest(doors_.files, id, candidate->slot.release);
  if (!manifest.ok()) return {manifest.error().detail};
  std::vector<std::pair<release::Manifest, gate::Fleet>> pairs;
  const auto meet = [&](const release::Manifest& content, const Result<release::Manifest>& reader) {
    gate::Fleet fleet;
    if (reader.ok() && reader->contract && reader->contract->reads == content.component) {
      fleet.readers.push_back({*reader->contract, 1});
    } else {
      fleet.unknown_devices = 1;
    }
    pairs.emplace_back(content, std::move(fleet));
  };
  if (*core != id) {
    meet(*manifest, workloads_.commands().active_manifest(*core));
  } else {
    for (const ComponentId& reader : config_.readers_of(id)) {
      const auto content = workloads_.commands().active_manifest(reader);
      if (content.ok() && content->needs) meet(*content, manifest);
    }
  }
  const auto& acts = acts_of(id, candidate->slot.release);
  std::vector<std::string> reasons;
  for (const auto& [content, fleet] : pairs) {
    const gate::GateResult result = gate::contract_gate(
        {content, candidate->slot.release, fleet, acts, knowledge_.people, now().wall});
    if (result.verdict == gate::Verdict::closed)
      reasons.insert(reasons.end(), result.reasons.begin(), result.reasons.end());
  }
  return reasons;
}

// Two changes at once under one process: nobody could tell which of them did the harm.
std::string Agent::busy(const ComponentId& id) const {
  const auto core = config_.core_of(id);
  for (const auto& [other, unit] : units_) {
    if (other == id || !core || config_.core_of(other) != core) continue;
    const auto& phase = unit.state.phase;
    const auto* back = std::get_if<install::RolledBack>(&phase);
    const bool changing = std::holds_alternative<install::Permitted>(phase) ||
                          std::holds_alternative<install::Tasted>(phase) ||
                          std::holds_alternative<install::Activating>(phase) ||
                          std::holds_alternative<install::Probation>(phase) ||
                          (back != nullptr && !back->settled);
    if (changing) return other.text() + ", which shares the workload, is being changed";
  }
  return "";
}

}  // namespace fb::agent
