#include "agent/agent.h"

#include <algorithm>

#include "agent/explain.h"
#include "agent/layout.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "json/reader.h"

namespace fb::agent {
namespace {

constexpr std::size_t kStateBytes = 1U << 20U;
constexpr Millis kRepairPause = seconds(5);

// Lists are long and sentences short; damage is told with what to do about it.
Error damaged(const std::string& path, const Error& error) {
  return {error.code,
          path + " is damaged (" + error.detail +
              "). Move the file away and put the component in place again " +
              "with 'firebreak-agent provision'; slots and workload data are not touched by that"};
}

}  // namespace

// ---- Starting ----

Result<std::unique_ptr<Agent>> Agent::start(Config config, Pinned pinned, Doors doors) {
  auto outbox = Outbox::load(doors.files);
  if (!outbox.ok()) {
    return Error{outbox.error().code, "outbox is damaged (" + outbox.error().detail +
                                          "). Remove the file; only reports not yet sent are lost"};
  }
  std::unique_ptr<Agent> agent(
      new Agent(std::move(config), std::move(pinned), doors, std::move(*outbox)));
  FB_TRY(agent->courier_.load());
  agent->knowledge_ = agent->courier_.knowledge();
  FB_TRY(agent->count_boot());
  FB_TRY(agent->load_units());
  for (auto& [id, unit] : agent->units_) agent->recover(id);
  agent->recovering_ = false;
  for (const auto& [id, component] : agent->config_.components) {
    if (component.kind == release::Kind::core) agent->start_recovered(id);
  }
  agent->judge_all();
  agent->next_check_in_ = agent->now().uptime;
  return agent;
}

Agent::Agent(Config config, Pinned pinned, Doors doors, Outbox outbox)
    : config_(std::move(config)),
      doors_(doors),
      courier_(config_, std::move(pinned),
               {doors.files, doors.clock, doors.entropy, doors.prompt_http, doors.log}),
      outbox_(std::move(outbox)),
      workloads_({config_, doors.files, doors.agent_pid}, doors.supervisor, doors.log) {}

Status Agent::load_units() {
  for (const auto& [id, component] : config_.components) {
    Unit& unit = units_[id];
    const auto bytes = doors_.files.read(layout::state(id), kStateBytes);
    if (!bytes.ok() && bytes.error().code != ErrorCode::not_found) return bytes.error();
    if (!bytes.ok()) {
      unit.state = install::fresh(id);
      continue;
    }
    auto state = install::decode_state(*bytes);
    if (!state.ok()) return damaged(layout::state(id), state.error());
    unit.state = std::move(state).value();
  }
  return {};
}

Status Agent::count_boot() {
  std::string before;
  if (const auto bytes = doors_.files.read(layout::kBoot, 4096); bytes.ok()) {
    if (const auto value = json::parse(*bytes); value.ok()) {
      json::Reader in(*value, "boot");
      before = in.string("boot", 256);
      boot_count_ = in.integer("count", 0, 1'000'000'000);
      if (!in.done().ok()) boot_count_ = 0;  // counts for people only
    }
  } else {
    boot_count_ = 0;
  }
  const std::string boot = doors_.clock.boot_id();
  if (boot == before && !boot.empty()) return {};
  ++boot_count_;
  return doors_.files.write_atomic(layout::kBoot,
                                   json::pretty({{"boot", boot}, {"count", boot_count_}}));
}

void Agent::recover(const ComponentId& id) {
  feed(id, install::Recovered{doors_.clock.boot_id(), linked_release(doors_.files, id)});
}

// Every component has been recovered; only now may the workload start.
void Agent::start_recovered(const ComponentId& core) {
  const bool failed = workloads_.restart(core, now().uptime) == Workloads::Outcome::failed;
  if (const auto problem = workloads_.problem(core); !problem.empty()) trouble(problem);
  if (failed) return;
  for (auto& [id, unit] : units_) {
    const auto* back = std::get_if<install::RolledBack>(&unit.state.phase);
    if (back == nullptr || back->settled || config_.core_of(id) != core) continue;
    const auto to = back->to ? std::optional(back->to->release) : std::nullopt;
    if (linked_release(doors_.files, id) == to) feed(id, install::FellBack{});
  }
}

// ---- State first, then effects ----

void Agent::feed(const ComponentId& id, const install::Event& event) {
  Unit& unit = units_.at(id);
  if (unit.unsure) return;
  install::Step step = install::step(unit.state, event, now());
  if (!(step.next == unit.state)) {
    if (!step.reason.empty()) doors_.log.line(port::LogLevel::note, id.text() + ": " + step.reason);
    if (!commit(id, std::move(step.next))) return;
  }
  for (const install::Effect& effect : step.effects) perform(id, effect);
}

bool Agent::commit(const ComponentId& id, install::State next) {
  Unit& unit = units_.at(id);
  const Status written = doors_.files.write_atomic(layout::state(id), encode(next));
  if (written.ok()) {
    unit.state = std::move(next);
    return true;
  }
  trouble(layout::state(id) + " cannot be written: " + written.error().detail);
  // Going back must not wait for a disk: Recovered understands a switch that was turned back.
  if (const auto* back = std::get_if<install::RolledBack>(&next.phase);
      back != nullptr && !back->settled) {
    unit.state = std::move(next);
    return true;
  }
  // Nobody knows what the file holds now: it is read again before anything else happens.
  unit.unsure = written.error().code != ErrorCode::no_space;
  unit.next_repair = now().uptime + kRepairPause;
  return false;
}

void Agent::perform(const ComponentId& id, const install::Effect& effect) {
  struct Doer {
    Agent& agent;
    const ComponentId& id;
    void operator()(const install::Fetch&) const { agent.start_fetch(id); }
    void operator()(const install::AskPermit& ask) const { agent.start_ask(id, ask); }
    void operator()(const install::Taste& taste) const { agent.start_taste(id, taste.candidate); }
    void operator()(const install::Activate& activate) const { agent.activate(id, activate); }
    void operator()(const install::RestartWorkload&) const { agent.restart_workload(id); }
    void operator()(const install::FallBack& back) const { agent.fall_back(id, back); }
    void operator()(const install::Prune& prune) const { agent.prune(id, prune); }
  };
  std::visit(Doer{*this, id}, effect);
}

void Agent::activate(const ComponentId& id, const install::Activate& effect) {
  if (now().uptime >= effect.until) {
    return feed(id, install::SwitchFailed{linked_release(doors_.files, id),
                                          "the permit ran out before the switch"});
  }
  const Status turned =
      doors_.files.point(layout::current(id), layout::link_target(id, effect.release));
  if (turned.ok()) return feed(id, install::Switched{});
  trouble(turned.error().detail);
  feed(id, install::SwitchFailed{linked_release(doors_.files, id),
                                 "the switch could not be turned: " + turned.error().detail});
}

void Agent::fall_back(const ComponentId& id, const install::FallBack& effect) {
  units_.at(id).next_repair = now().uptime + kRepairPause;
  const std::string link = layout::current(id);
  const Status turned = effect.to ? doors_.files.point(link, layout::link_target(id, *effect.to))
                                  : doors_.files.remove(link);
  if (!turned.ok()) trouble(link + " cannot be turned back: " + turned.error().detail);
  if (recovering_) return;
  const auto outcome = restart_workload(id);
  if (turned.ok() && outcome != Workloads::Outcome::failed) feed(id, install::FellBack{});
}

void Agent::prune(const ComponentId& id, const install::Prune& effect) {
  const auto names = doors_.files.list(layout::slots(id));
  if (!names.ok()) return trouble(names.error().detail);
  const auto linked = linked_release(doors_.files, id);
  for (const std::string& name : *names) {
    const auto digest = Digest::from_hex(name);
    if (digest.ok()) {
      const bool kept =
          std::find(effect.keep.begin(), effect.keep.end(), *digest) != effect.keep.end();
      if (kept || linked == *digest) continue;
    }
    const Status removed = doors_.files.remove(layout::slots(id) + "/" + name);
    if (!removed.ok()) trouble(removed.error().detail);
  }
}

Workloads::Outcome Agent::restart_workload(const ComponentId& id) {
  const auto core = config_.core_of(id);
  if (!core) return Workloads::Outcome::nothing;
  units_.at(id).next_probe = now().uptime + probe_interval(units_.at(id).state);
  const auto outcome = workloads_.restart(*core, now().uptime);
  if (outcome == Workloads::Outcome::failed) crashed(*core, workloads_.problem(*core));
  return outcome;
}

// The component on probation is to blame; without one, whatever is active is told of.
void Agent::crashed(const ComponentId& core, const std::string& sentence) {
  std::vector<ComponentId> members = config_.readers_of(core);
  members.push_back(core);
  for (const ComponentId& id : members) {
    if (std::holds_alternative<install::Probation>(units_.at(id).state.phase)) {
      return feed(id, install::Crashed{sentence});
    }
  }
  for (const ComponentId& id : members) feed(id, install::Crashed{sentence});
}

void Agent::workload_ended(const std::string& workload, const port::Exit& exit) {
  doors_.log.line(port::LogLevel::warning,
                  "workload " + workload + " ended by itself: " + exit.in_words());
  const auto core = workloads_.ended(workload, now().uptime);
  if (core) crashed(*core, exit.in_words());
}

// ---- Time ----

Millis Agent::tick() {
  const install::Now at = now();
  for (auto& [id, unit] : units_) {
    if (unit.unsure && at.uptime >= unit.next_repair) repair(id);
    const auto* back = std::get_if<install::RolledBack>(&unit.state.phase);
    const bool unsettled = back != nullptr && !back->settled;
    if (!unsettled || at.uptime >= unit.next_repair) feed(id, install::Tick{});
    start_fetch(id);
    if (at.uptime >= unit.next_probe) start_probe(id);
  }
  for (const ComponentId& core : workloads_.start_due(at.uptime))
    crashed(core, workloads_.problem(core));
  hasten_check_in();
  if (now().uptime >= next_check_in_) check_in();
  return std::clamp(next_due() - now().uptime, milliseconds(5), minutes(1));
}

void Agent::repair(const ComponentId& id) {
  Unit& unit = units_.at(id);
  unit.next_repair = now().uptime + kRepairPause;
  const auto bytes = doors_.files.read(layout::state(id), kStateBytes);
  if (!bytes.ok() && bytes.error().code != ErrorCode::not_found)
    return trouble(bytes.error().detail);
  install::State read = install::fresh(id);
  if (bytes.ok()) {
    auto state = install::decode_state(*bytes);
    if (!state.ok()) return trouble(damaged(layout::state(id), state.error()).detail);
    read = std::move(state).value();
  }
  unit.state = std::move(read);
  unit.unsure = false;
  recover(id);
}

// Never in the past for something that cannot happen yet: that would keep the loop spinning.
Uptime Agent::unit_due(const Unit& unit, Uptime latest) {
  if (unit.unsure) return unit.next_repair;
  const auto& phase = unit.state.phase;
  const auto* back = std::get_if<install::RolledBack>(&phase);
  if (back != nullptr && !back->settled) return unit.next_repair;
  Uptime next = latest;
  const auto* staged = std::get_if<install::Staged>(&phase);
  const bool asks =
      (staged != nullptr && staged->ask) || std::holds_alternative<install::Tasted>(phase);
  if (asks && !unit.asking) next = std::min(next, unit.next_ask);
  const bool probes = std::holds_alternative<install::Probation>(phase) && !unit.probing;
  if (probes) next = std::min(next, unit.next_probe);
  if (unit.state.revert) next = std::min(next, unit.state.revert->due);
  return next;
}

Uptime Agent::next_due() const {
  const Uptime at = now().uptime;
  Uptime next = at + minutes(1);
  const auto consider = [&](Uptime due) { next = std::min(next, due); };
  if (!checking_in_) consider(next_check_in_);
  if (const auto start = workloads_.next_start()) consider(*start);
  for (const auto& [id, unit] : units_) consider(unit_due(unit, next));
  return next;
}

void Agent::trouble(const std::string& sentence) {
  if (sentence != trouble_) doors_.log.line(port::LogLevel::warning, sentence);
  trouble_ = sentence;
}

const install::State& Agent::state(const ComponentId& component) const {
  return units_.at(component).state;
}

// ---- For people ----

std::string Agent::answer(const std::string& request_line) const {
  const auto request = json::parse(request_line);
  std::string ask;
  if (request.ok()) {
    json::Reader in(*request, "request");
    ask = in.string("ask", 16);
    if (!in.done().ok()) ask.clear();
  }
  if (ask != "status") {
    return json::compact({{"error", "the agent answers {\"ask\":\"status\"}"}});
  }
  Live live{knowledge_.device ? knowledge_.device->text() : "", last_contact_, trouble_, {}};
  std::vector<const install::State*> states;
  for (const auto& [id, unit] : units_) {
    states.push_back(&unit.state);
    if (config_.components.at(id).kind != release::Kind::core) continue;
    const std::string problem = workloads_.problem(id);
    live.workloads[id] = workloads_.running(id) ? "running"
                         : problem.empty()      ? "not running"
                                                : problem;
  }
  return json::compact(describe(states, &live));
}

}  // namespace fb::agent
