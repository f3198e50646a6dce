#include "agent/agent.h"

#include <algorithm>
#include <utility>

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
  const std::string damage =
      outbox.ok() ? ""
                  : "outbox was damaged (" + outbox.error().detail +
                        ") and is begun again; reports that were not sent yet are lost";
  std::unique_ptr<Agent> agent(
      new Agent(std::move(config), std::move(pinned), doors,
                outbox.ok() ? std::move(*outbox) : Outbox::start_over(doors.files)));
  if (!damage.empty()) agent->damages_.push_back(damage);
  if (const Status loaded = agent->courier_.load(); !loaded.ok())
    agent->damages_.push_back(loaded.error().detail);
  agent->knowledge_ = agent->courier_.knowledge();
  // Enrolled and without an outbox: it may have been lost with its numbers.
  if (!agent->outbox_.found() && agent->knowledge_.device) agent->outbox_.forget_sequence();
  agent->count_boot();
  agent->load_units();
  for (const std::string& each : agent->damages_) doors.log.line(port::LogLevel::trouble, each);
  for (auto& [id, unit] : agent->units_) agent->recover(id);
  agent->leave_banned();
  agent->recovering_ = false;
  for (const auto& [id, component] : agent->config_.components) {
    if (component.kind == release::Kind::core) agent->start_recovered(id);
  }
  agent->judge_all();
  agent->rhythm_ = Rhythm(agent->now().uptime);
  return agent;
}

Agent::Agent(Config config, Pinned pinned, Doors doors, Outbox outbox)
    : config_(std::move(config)),
      doors_(doors),
      courier_(config_, std::move(pinned),
               {doors.files, doors.clock, doors.entropy, doors.prompt_http, doors.log}),
      outbox_(std::move(outbox)),
      workloads_({config_, doors.files, doors.agent_pid}, doors.supervisor, doors.log),
      mirrors_(config_.target_bases(), doors.clock.boot_id()) {}

void Agent::load_units() {
  for (const auto& [id, component] : config_.components) {
    Unit& unit = units_[id];
    unit.state = install::fresh(id);
    load_unit(id, unit);
    if (!unit.damage.empty()) damages_.push_back(unit.damage);
  }
}

void Agent::load_unit(const ComponentId& id, Unit& unit) {
  const auto bytes = doors_.files.read(layout::state(id), kStateBytes);
  if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) return;
  auto state = bytes.ok() ? install::decode_state(*bytes) : Result<install::State>(bytes.error());
  if (state.ok()) {
    unit.state = std::move(state).value();
    return;
  }
  unit.damage = damaged(layout::state(id), state.error()).detail;
  // For people and check-ins; nothing is decided from it.
  const auto linked = linked_release(doors_.files, id);
  const auto manifest = workloads_.commands().active_manifest(id);
  if (linked && manifest.ok()) unit.state.active = install::Slot{*linked, manifest->version};
}

// For people only: no reason not to start.
void Agent::count_boot() {
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
  if (boot == before && !boot.empty()) return;
  ++boot_count_;
  const Status counted = doors_.files.write_atomic(
      layout::kBoot, json::pretty({{"boot", boot}, {"count", boot_count_}}));
  if (!counted.ok()) trouble(counted.error().detail);
}

void Agent::recover(const ComponentId& id) {
  install::Recovered event{
      doors_.clock.boot_id(), linked_release(doors_.files, id), {}, outbox_.taken(id)};
  const auto manifest = workloads_.commands().active_manifest(id);
  if (event.linked && manifest.ok()) event.whole = install::Slot{*event.linked, manifest->version};
  feed(id, event);
}

// What this device knows to be bad is left before it runs again: a machine that comes up again and
// again on it would never live to hear of the way out.
void Agent::leave_banned() {
  judge_all();
  for (const auto& [id, unit] : units_) {
    if (unit.state.revert) feed(id, install::Tick{});
  }
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
  if (unit.unsure || !unit.damage.empty()) return;
  install::Step step = install::step(unit.state, event, now());
  if (!(step.next == unit.state)) {
    if (!step.reason.empty()) doors_.log.line(port::LogLevel::note, id.text() + ": " + step.reason);
    const Keep keep = keep_for(unit.state, step.next, event);
    if (!commit(id, std::move(step.next), keep)) return;
  }
  if (!unit.unwritten) {
    for (const install::Effect& effect : std::exchange(unit.owed, {})) perform(id, effect);
  }
  for (const install::Effect& effect : step.effects) {
    // What a newer state does not need, the older one in the file still may.
    if (unit.unwritten && std::holds_alternative<install::Prune>(effect))
      unit.owed.push_back(effect);
    else
      perform(id, effect);
  }
}

// A release that fills the disk and crashes must still be taken back: on probation and on the way
// back the state counts without its file, too. Recovered understands an older file, whatever the
// switch shows by then. Only a proof (Healthy) waits until it is written.
Agent::Keep Agent::keep_for(const install::State& before, const install::State& next,
                            const install::Event& event) {
  using namespace install;
  if (std::holds_alternative<Recovered>(event)) return Keep::always;
  const bool on_probation = std::holds_alternative<Probation>(next.phase);
  const bool going_back = std::holds_alternative<RolledBack>(next.phase);
  const bool was_switched = std::holds_alternative<Activating>(before.phase) ||
                            std::holds_alternative<Probation>(before.phase) ||
                            std::holds_alternative<RolledBack>(before.phase);
  if (going_back && next.active != before.active) return Keep::always;
  return was_switched && (on_probation || going_back) ? Keep::always : Keep::when_written;
}

bool Agent::commit(const ComponentId& id, install::State next, Keep keep) {
  Unit& unit = units_.at(id);
  const Status written = doors_.files.write_atomic(layout::state(id), encode(next));
  if (written.ok()) {
    unit.state = std::move(next);
    unit.unwritten = false;
    return true;
  }
  trouble(layout::state(id) + " cannot be written: " + written.error().detail);
  unit.next_repair = now().uptime + kRepairPause;
  if (keep == Keep::always) {
    unit.state = std::move(next);
    unit.unwritten = true;
    return true;
  }
  // Nobody knows what the file holds now: it is read again before anything else happens. Unless
  // what is known here is newer than any file.
  unit.unsure = !unit.unwritten && written.error().code != ErrorCode::no_space;
  return false;
}

void Agent::write_again(const ComponentId& id) {
  Unit& unit = units_.at(id);
  if (!commit(id, unit.state, Keep::always) || unit.unwritten) return;
  for (const install::Effect& effect : std::exchange(unit.owed, {})) perform(id, effect);
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
  Status turned;
  if (const auto linked = linked_release(doors_.files, id)) {
    turned = doors_.files.point(layout::way_back(id), layout::link_target(id, *linked));
  }
  if (turned.ok()) {
    turned = doors_.files.point(layout::current(id), layout::link_target(id, effect.release));
  }
  if (turned.ok()) return feed(id, install::Switched{});
  trouble(turned.error().detail);
  feed(id, install::SwitchFailed{linked_release(doors_.files, id),
                                 "the switch could not be turned: " + turned.error().detail});
}

void Agent::fall_back(const ComponentId& id, const install::FallBack& effect) {
  units_.at(id).next_repair = now().uptime + kRepairPause;
  const Status turned = turn_back(id, effect);
  if (!turned.ok())
    trouble(layout::current(id) + " cannot be turned back: " + turned.error().detail);
  if (recovering_) return;
  const auto outcome = restart_workload(id);
  if (turned.ok() && outcome != Workloads::Outcome::failed) feed(id, install::FellBack{});
}

// A new link may need room that a full disk does not have; renaming the one made before does not.
Status Agent::turn_back(const ComponentId& id, const install::FallBack& effect) {
  const std::string link = layout::current(id);
  if (!effect.to) return doors_.files.remove(link);
  const std::string target = layout::link_target(id, *effect.to);
  Status turned = doors_.files.point(link, target);
  if (turned.ok() || turned.error().code != ErrorCode::no_space) return turned;
  if (linked_release(doors_.files, id) == effect.to) return {};  // from before a restart
  const auto prepared = doors_.files.pointed(layout::way_back(id));
  if (!prepared.ok() || *prepared != target) return turned;
  return doors_.files.rename(layout::way_back(id), link);
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
    const bool repairs = at.uptime >= unit.next_repair;
    if (unit.unsure && repairs) repair(id);
    if (unit.unwritten && repairs) write_again(id);
    const auto* back = std::get_if<install::RolledBack>(&unit.state.phase);
    const bool unsettled = back != nullptr && !back->settled;
    if (!unsettled || repairs) feed(id, install::Tick{});
    start_fetch(id);
    invite_carried(id);
    let_go_of_bundle(unit);
    if (at.uptime >= unit.next_probe) start_probe(id);
  }
  for (const ComponentId& core : workloads_.start_due(at.uptime))
    crashed(core, workloads_.problem(core));
  hasten_check_in();
  if (now().uptime >= rhythm_.due()) check_in();
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
  if (unit.unwritten) latest = std::min(latest, unit.next_repair);
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
  if (!checking_in_) consider(rhythm_.due());
  if (const auto start = workloads_.next_start()) consider(*start);
  for (const auto& [id, unit] : units_) consider(unit_due(unit, next));
  return next;
}

void Agent::trouble(const std::string& sentence) {
  if (sentence != trouble_) doors_.log.line(port::LogLevel::warning, sentence);
  trouble_ = sentence;
}

std::string Agent::all_troubles() const {
  std::string all;
  for (const std::string& each : damages_) all += (all.empty() ? "" : "; ") + each;
  if (trouble_.empty()) return all;
  return all.empty() ? trouble_ : all + "; " + trouble_;
}

const install::State& Agent::state(const ComponentId& component) const {
  return units_.at(component).state;
}

// ---- For people ----

std::string Agent::answer(const std::string& request_line) {
  const auto request = json::parse(request_line);
  std::string ask, bundle;
  if (request.ok()) {
    json::Reader in(*request, "request");
    ask = in.string("ask", 16);
    if (ask == "install") bundle = in.string("bundle", 4096);
    if (!in.done().ok()) ask.clear();
  }
  if (ask == "status") return json::compact(describe_status());
  if (ask == "bundle") return json::compact(describe_bundle());
  if (ask == "install") return json::compact(hand_in(bundle));
  return json::compact({{"error", R"(the agent answers {"ask":"status"}, {"ask":"bundle"} and )"
                                  R"({"ask":"install","bundle":FILE})"}});
}

json::Value Agent::describe_status() const {
  Live live{knowledge_.device ? knowledge_.device->text() : "", last_contact_, all_troubles(), {}};
  std::vector<const install::State*> states;
  for (const auto& [id, unit] : units_) {
    states.push_back(&unit.state);
    if (config_.components.at(id).kind != release::Kind::core) continue;
    const std::string problem = workloads_.problem(id);
    live.workloads[id] = workloads_.running(id) ? "running"
                         : problem.empty()      ? "not running"
                                                : problem;
  }
  return describe(states, &live);
}

}  // namespace fb::agent
