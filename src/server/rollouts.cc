#include "server/rollouts.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "rollout/step.h"
#include "server/authority.h"
#include "server/loans.h"
#include "server/plan_acts.h"

namespace fb::server {
namespace {

using statement::ActKind;
using statement::Role;

constexpr const char* kIncidentSpace = "incident";
// How far a signer's clock may be ahead of this one.
constexpr Millis kMostAhead = minutes(5);
constexpr const char* kOrderSpace = "order";

// The engine's sentences say who held or halted; an incident record names roles.
std::string blameless(std::string text, const statement::People& people) {
  for (const auto& person : people.people) {
    std::string role;
    for (const Role each : person.roles)
      role += (role.empty() ? "" : "/") + std::string(word(each));
    const std::string name = " by " + person.id.text() + ":";
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
      text.replace(at, name.size(), " by " + role + ":");
  }
  return text;
}

}  // namespace

Status Rollouts::load(Transaction& tx, Instant now) {
  FB_TRY(
      n_.store.scan("rollout", "", [&](const std::string& key, const std::string& value) -> Status {
        FB_ASSIGN(auto run, RolloutRun::load(n_.store, key, value, n_.devices, now));
        last_id_ = std::max(last_id_, run.record().id);
        const RolloutId id = run.record().id;
        runs_.emplace(id, std::make_unique<RolloutRun>(std::move(run)));
        return {};
      }));
  FB_TRY(n_.store.scan(kOrderSpace, "", [&](const std::string& key, const std::string&) -> Status {
    used_.insert(key);
    return {};
  }));
  audiences_.listen_from(now);
  FB_TRY(obey_bans(tx, now));
  for (const auto& [id, run] : runs_) FB_TRY(incident_that_a_crash_left(*run));
  plans_changed_ = true;  // published only where they differ from what stands there
  return flush(tx, now);
}

Result<Rollouts::Done> Rollouts::order(const statement::SignedAct& act, Transaction& tx,
                                       Instant now) {
  // Words count for an hour after they were signed: none gets more by a date ahead.
  if (act.act.issued > now + kMostAhead) {
    return Error{ErrorCode::conflict, "this " + std::string(word(act.act.kind)) + " is dated " +
                                          to_rfc3339(act.act.issued) + ", and here it is " +
                                          to_rfc3339(now) + "; set the clock that signed it"};
  }
  switch (act.act.kind) {
    case ActKind::approve:
    case ActKind::waive: {
      FB_TRY(check_word(act));
      FB_TRY(n_.releases.add_act(act, tx, now));
      tell_devices(act.act.release, now);
      return Done{{}, std::string(word(act.act.kind)) + " recorded"};
    }
    case ActKind::start:
    case ActKind::resume:
    case ActKind::hold:
    case ActKind::go_on:
    case ActKind::accept:
    case ActKind::halt:
    case ActKind::revert: return carry_out(act, tx, now);
  }
  FB_CHECK(false);
}

// Envelopes stand in the log for everybody to read: whoever sends one again must not hold, continue
// or start anything.
Result<Rollouts::Done> Rollouts::carry_out(const statement::SignedAct& act, Transaction& tx,
                                           Instant now) {
  const std::string key = act.act.person.text() + "/" + act.act.nonce;
  if (used_.contains(key)) {
    return Error{ErrorCode::already_exists, "this " + std::string(word(act.act.kind)) +
                                                " was carried out already; sign a new one"};
  }
  auto done = act.act.kind == ActKind::start    ? start(act, nullptr, tx, now)
              : act.act.kind == ActKind::resume ? resume(act, tx, now)
              : act.act.kind == ActKind::accept ? accept(act, tx, now)
                                                : steer(act, tx, now);
  if (!done.ok()) return done;
  tx.put(kOrderSpace, key, to_rfc3339(act.act.expires));
  used_.insert(key);
  return done;
}

// An approval or a waiver that could never count is refused where it is given, not passed over in
// silence.
Status Rollouts::check_word(const statement::SignedAct& signed_act) const {
  const auto& act = signed_act.act;
  const ReleaseEntry* release = n_.releases.find(act.release);
  if (release == nullptr)
    return Error{ErrorCode::not_found, "no release " + act.release.text() + " was submitted here"};
  if (act.kind == ActKind::approve && act.person == release->manifest.author) {
    return Error{ErrorCode::forbidden,
                 act.person.text() + " made this release; somebody else must approve it"};
  }
  if (act.kind != ActKind::waive) return {};
  std::string known;
  for (const std::string_view gate : gate::kGates) {
    if (gate == act.gate) return {};
    known += (known.empty() ? "" : ", ") + std::string(gate);
  }
  return Error{ErrorCode::malformed, "there is no gate '" + act.gate + "'; gates are " + known};
}

// What speaks against a start before anybody looks at the fleet; the open gates when nothing does.
Result<std::vector<gate::GateResult>> Rollouts::may_start(const statement::Act& act,
                                                          const RolloutRun* resumed,
                                                          Instant now) const {
  if (resumed == nullptr && !may(n_.people, act.person, {Role::operations})) {
    return Error{ErrorCode::forbidden,
                 act.person.text() + " may not start rollouts: the role operations may"};
  }
  const ReleaseEntry* release = n_.releases.find(act.release);
  if (release == nullptr)
    return Error{ErrorCode::not_found, "no release " + act.release.text() + " was submitted here"};
  FB_TRY(not_banned(act.release, resumed));
  FB_TRY(rollout::check_lane(release->manifest.kind, engine_lane(act.lane)));
  if (act.lane == statement::Lane::emergency && act.reason.empty()) {
    return Error{ErrorCode::bad_usage,
                 "the emergency lane needs a reason: who looks back at it will ask"};
  }
  auto gates = n_.releases.gates(act.release, n_.devices, n_.people, now, act.lane);
  if (!gate::all_open(gates)) return Error{ErrorCode::conflict, gate::closed_reasons(gates)};
  return gates;
}

Result<RolloutRecord> Rollouts::new_record(const statement::Act& act, const RolloutRun* resumed,
                                           const std::set<statement::Ring>& rings,
                                           Instant now) const {
  const ReleaseEntry& release = *n_.releases.find(act.release);
  RolloutRecord record;
  record.id = last_id_.next();
  record.release = act.release;
  record.version = release.manifest.version;
  record.release_index = release.log_index;
  record.started = now;
  if (resumed != nullptr) record.resumes = resumed->record().id;
  FB_ASSIGN(record.salt, resumed != nullptr
                             ? Result<rollout::Salt>(resumed->record().salt)
                             : rollout::Salt::from_hex(to_hex(n_.entropy.bytes(16))));
  record.plan = {.rollout = record.id,
                 .component = release.manifest.component,
                 .kind = release.manifest.kind,
                 .cls = release.manifest.cls,
                 .manifest_path = release::manifest_path(release.manifest),
                 .manifest = act.release,
                 .lane = act.lane,
                 .rings = rings,
                 .state = statement::PlanState::running,
                 .started = now,
                 .acts = {},
                 .halted_tenants = {}};
  FB_ASSIGN(record.plan.halted_tenants, marks_of_halted(act.release));
  record.plan.acts = acts_for_devices(release.acts, lifted_halts(act.release, record.resumes), now);
  if (record.plan.acts.size() <= limits::kActsPerPlan) return record;
  return Error{ErrorCode::too_many, std::to_string(record.plan.acts.size()) +
                                        " approvals, waivers and resumes; a plan carries at most " +
                                        std::to_string(limits::kActsPerPlan)};
}

// Each halt of this release that two people lifted: a device that was off knows the block and not
// who lifted it, whichever rollout it comes back to.
std::set<RolloutId> Rollouts::lifted_halts(const Digest& release,
                                           const std::optional<RolloutId>& resumed_now) const {
  std::set<RolloutId> out;
  if (resumed_now) out.insert(*resumed_now);
  for (const auto& [id, run] : runs_) {
    if (run->record().release == release && run->record().resumes)
      out.insert(*run->record().resumes);
  }
  return out;
}

std::vector<statement::Envelope> Rollouts::acts_of(const Digest& release, Instant now) const {
  return acts_for_devices(n_.releases.find(release)->acts, lifted_halts(release, {}), now);
}

// Somebody spoke about a release that is on its way: devices that wait for that word hear it.
void Rollouts::tell_devices(const Digest& release, Instant now) {
  for (const auto& [id, run] : runs_) {
    if (run->record().release != release || !run->live()) continue;
    auto acts = acts_for_devices(n_.releases.find(release)->acts,
                                 lifted_halts(release, run->record().resumes), now);
    if (acts.size() <= limits::kActsPerPlan) run->carry(std::move(acts));
  }
}

Result<Rollouts::Done> Rollouts::start(const statement::SignedAct& signed_act,
                                       const RolloutRun* resumed, Transaction& tx, Instant now) {
  const auto& act = signed_act.act;
  FB_ASSIGN(const auto gates, may_start(act, resumed, now));
  const ReleaseEntry& release = *n_.releases.find(act.release);
  const ComponentId& component = release.manifest.component;
  FB_ASSIGN(Audience audience,
            audiences_.gather({act.release, act.lane, resumed, halted_tenants(act.release), now}));
  for (int retry = retries(resumed); retry > 0; --retry)
    audience.scope = rollout::for_retry(std::move(audience.scope));
  FB_ASSIGN(audience.scope, borrowing(std::move(audience.scope), act.release, act.borrow, runs_));
  const auto size = static_cast<std::int64_t>(audience.members.size());
  FB_ASSIGN(auto record, new_record(act, resumed, audience.rings, now));
  FB_ASSIGN(auto state, rollout::draft(audience.scope.parameters, size));
  FB_TRY(make_room(component, record.id, tx, now));

  const RolloutId id = record.id;
  auto run = std::make_unique<RolloutRun>(std::move(record), std::move(state),
                                          std::move(audience.members), n_.devices);
  FB_TRY(run->apply(rollout::GateVerdict{rollout::GateVerdict::Verdict::open, {}}, tx, now));
  FB_TRY(run->apply(rollout::ApprovalsMet{act.person.text()}, tx, now));
  const auto loan = audience.scope.start.loan;
  tx.log(now, "start",
         {{"rollout", id.number()},
          {"borrowed", loan ? loan_view(*loan) : json::Value()},
          {"release", act.release.text()},
          {"lane", word(act.lane)},
          {"person", act.person.text()},
          {"reason", act.reason},
          {"salt", run->record().salt.hex()},
          {"gates", gate::encode(gates)},
          {"envelope", statement::encode(signed_act.envelope)}});
  FB_TRY(run->apply(std::move(audience.scope.start), tx, now));
  run->store_members(tx);
  if (act.lane == statement::Lane::emergency) ask_for_review(id, act, tx, now);
  last_id_ = id;
  runs_.emplace(id, std::move(run));
  return Done{id, "rollout " + id.text() + " started over " + std::to_string(size) +
                      (size == 1 ? " device" : " devices") +
                      (loan ? "; " + assumption(*loan) : "")};
}

// Whatever becomes of it, somebody looks back at why it could not wait.
void Rollouts::ask_for_review(RolloutId id, const statement::Act& act, Transaction& tx,
                              Instant now) {
  const Instant due = now + limits::kEmergencyReview;
  tx.log(now, "review",
         {{"rollout", id.number()},
          {"release", act.release.text()},
          {"reason", act.reason},
          {"due", to_rfc3339(due)}});
  const ReleaseEntry& release = *n_.releases.find(act.release);
  notices_.push_back({.event = "review",
                      .rollout = id,
                      .component = release.manifest.component.text(),
                      .version = release.manifest.version,
                      .reason = "Started by the emergency lane: " + act.reason +
                                ". To be reviewed by " + to_rfc3339(due) + ".",
                      .at = now});
}

// One running rollout per component; one that has completed makes room for its successor.
Status Rollouts::make_room(const ComponentId& component, RolloutId newcomer, Transaction& tx,
                           Instant now) {
  for (const auto& [id, run] : runs_) {
    if (!run->live() || run->record().plan.component != component) continue;
    if (run->state().phase != rollout::Phase::completed) {
      return Error{ErrorCode::conflict, "rollout " + id.text() + " of " + component.text() +
                                            " is " +
                                            std::string(rollout::name(run->state().phase)) +
                                            "; one at a time: wait for it, or halt it"};
    }
    FB_TRY(run->apply(rollout::Supersede{newcomer.text()}, tx, now));
  }
  return {};
}

// The m-th retry runs at alpha / 2^m, so that all tries together err at most twice alpha.
int Rollouts::retries(const RolloutRun* resumed) const {
  int count = 0;
  for (; resumed != nullptr; ++count)
    resumed = resumed->record().resumes ? find(*resumed->record().resumes) : nullptr;
  return count;
}

Result<rollout::Scope> Rollouts::scope(const Digest& release, statement::Lane lane,
                                       const std::vector<RolloutId>& borrow, Instant now) const {
  const ReleaseEntry* entry = n_.releases.find(release);
  if (entry == nullptr)
    return Error{ErrorCode::not_found, "no release " + release.text() + " was submitted here"};
  FB_TRY(rollout::check_lane(entry->manifest.kind, engine_lane(lane)));
  FB_ASSIGN(Audience out,
            audiences_.gather({release, lane, nullptr, halted_tenants(release), now}));
  return borrowing(std::move(out.scope), release, borrow, runs_);
}

// The rollout that an order names, if it carries the release that the order names.
Result<RolloutRun*> Rollouts::steered(const statement::Act& act) const {
  const auto it = runs_.find(*act.rollout);
  if (it == runs_.end())
    return Error{ErrorCode::not_found, "there is no rollout " + act.rollout->text()};
  RolloutRun* run = it->second.get();
  if (run->record().release == act.release) return run;
  return Error{ErrorCode::mismatch,
               "rollout " + act.rollout->text() + " carries " + run->record().release.text()};
}

Result<Rollouts::Done> Rollouts::steer(const statement::SignedAct& signed_act, Transaction& tx,
                                       Instant now) {
  const auto& act = signed_act.act;
  FB_ASSIGN(RolloutRun * steered_run, steered(act));
  RolloutRun& run = *steered_run;
  const std::string person = act.person.text();
  const bool on_duty =
      may(n_.people, act.person, {Role::operations, Role::security, Role::reviewer, Role::author});
  if (!on_duty || (act.kind == ActKind::go_on && !may(n_.people, act.person, {Role::operations}))) {
    return Error{ErrorCode::forbidden,
                 person + " may not " + std::string(word(act.kind)) + " rollouts"};
  }
  rollout::Event event = rollout::OperatorHalt{person, act.reason};
  if (act.kind == ActKind::hold) event = rollout::OperatorHold{person, act.reason};
  const auto& held = run.state().operator_hold;
  if (act.kind == ActKind::go_on && held && act.issued + kClockSlack <= held->at) {
    return Error{ErrorCode::conflict, "this continue was signed before the hold that stands now"};
  }
  if (act.kind == ActKind::go_on)
    FB_TRY(n_.bans.check(act.release, n_.releases.find(act.release)->manifest));
  if (act.kind == ActKind::go_on) event = rollout::OperatorContinue{person, act.reason};
  FB_TRY(run.apply(event, tx, now));
  tx.log(now, std::string(word(act.kind)),
         {{"rollout", act.rollout->number()},
          {"person", person},
          {"reason", act.reason},
          {"envelope", statement::encode(signed_act.envelope)}});
  return Done{*act.rollout, rollout::sentence(run.state())};
}

// Two people with different roles sign the resume, each naming the halted rollout; the second one
// starts it.
Result<Rollouts::Done> Rollouts::resume(const statement::SignedAct& signed_act, Transaction& tx,
                                        Instant now) {
  const auto& act = signed_act.act;
  const auto it = runs_.find(*act.rollout);
  if (it == runs_.end())
    return Error{ErrorCode::not_found, "there is no rollout " + act.rollout->text()};
  const RolloutRun& halted = *it->second;
  if (!halted.halted() || halted.record().release != act.release) {
    return Error{ErrorCode::conflict,
                 "rollout " + act.rollout->text() + " was not halted with " + act.release.text()};
  }
  for (const auto& [id, run] : runs_) {
    if (run->record().resumes == act.rollout) {
      return Error{ErrorCode::conflict, "rollout " + act.rollout->text() +
                                            " was resumed as rollout " + id.text() + " already"};
    }
  }
  FB_TRY(check_agreeing(act));
  FB_TRY(not_banned(act.release, &halted));
  const auto& acts = n_.releases.find(act.release)->acts;
  const auto same = [&](const auto& each) {
    return each.act.nonce == act.nonce && each.act.person == act.person;
  };
  // Recorded before when it could not start then: it may be tried again.
  if (std::none_of(acts.begin(), acts.end(), same))
    FB_TRY(n_.releases.add_act(signed_act, tx, now));
  if (!agreed(acts, act, n_.people, {{}, now}).empty()) return start(signed_act, &halted, tx, now);
  return Done{*act.rollout, "resume recorded; a second person with another role must sign it too"};
}

Status Rollouts::check_agreeing(const statement::Act& act) const {
  if (may_agree(n_.people, act.person)) return {};
  const std::string what = act.kind == ActKind::accept ? "accept budgets" : "resume rollouts";
  return Error{ErrorCode::forbidden,
               act.person.text() + " may not " + what + ": operations, security and reviewers may"};
}

// Two people with different roles sign the same budget; with the second word it is in force.
Result<Rollouts::Done> Rollouts::accept(const statement::SignedAct& signed_act, Transaction& tx,
                                        Instant now) {
  const auto& act = signed_act.act;
  FB_ASSIGN(RolloutRun * run, steered(act));
  FB_TRY(check_agreeing(act));
  FB_TRY(n_.bans.check(act.release, n_.releases.find(act.release)->manifest));
  const Instant since = run->state().words_from;
  if (act.issued + kClockSlack <= since) {
    return Error{ErrorCode::conflict, "this acceptance was signed before what stands since " +
                                          to_rfc3339(since) + "; look at it and sign a new one"};
  }
  rollout::AcceptBudget event{act.person.text(), act.reason, act.budget};
  // A word that could change nothing is refused where it is given.
  FB_TRY(rollout::step(run->state(), event, now));
  FB_TRY(n_.releases.add_act(signed_act, tx, now));
  const auto people = agreed(n_.releases.find(act.release)->acts, act, n_.people, {since, now});
  if (people.empty()) {
    return Done{*act.rollout, "budget of " + std::to_string(act.budget) +
                                  " recorded; a second person with another role must sign it too"};
  }
  event.by = in_words(people);
  FB_TRY(run->apply(event, tx, now));
  tx.log(now, "budget",
         {{"rollout", act.rollout->number()},
          {"release", act.release.text()},
          {"budget", act.budget},
          {"people", event.by},
          {"reason", act.reason}});
  return Done{*act.rollout, rollout::sentence(run->state())};
}

void Rollouts::heard(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx,
                     Instant now) {
  for (const auto& [id, run] : runs_) {
    run->heard(device, now);
    for (const auto& event : check_in.events) {
      if (event.component == run->record().plan.component) run->happened(device, event, tx, now);
    }
    if (!run->live()) continue;
    const auto* report = n_.devices.component(device, run->record().plan.component);
    if (report != nullptr) run->reported(device, *report, tx, now);
  }
}

void Rollouts::heard_again(DeviceIndex device, Instant now) {
  for (const auto& [id, run] : runs_) run->heard(device, now);
}

std::vector<wire::Offer> Rollouts::offers(DeviceIndex device) const {
  std::vector<wire::Offer> out;
  for (const auto& [id, run] : runs_) {
    if (auto offer = run->offer(device)) out.push_back(std::move(*offer));
  }
  return out;
}

RolloutRun::Answer Rollouts::ask(DeviceIndex device, const wire::PermitAsk& ask, Transaction& tx,
                                 Instant now) {
  const auto it = runs_.find(ask.rollout);
  if (it != runs_.end()) return it->second->ask(device, ask, tx, now);
  return wire::Denial{"unknown-rollout", "there is no rollout " + ask.rollout.text(),
                      n_.config.heartbeat_interval()};
}

std::uint64_t Rollouts::release_index(RolloutId rollout) const {
  return runs_.at(rollout)->record().release_index;
}

const RolloutRun* Rollouts::find(RolloutId id) const {
  const auto it = runs_.find(id);
  return it == runs_.end() ? nullptr : it->second.get();
}

// The newest rollout of a release decides: a resume lifts the block that the halt set, and so does
// the publisher's unblock.
const RolloutRun* Rollouts::blocking(const Digest& release) const {
  const RolloutRun* newest = nullptr;
  for (const auto& [id, run] : runs_) {
    if (run->record().release == release) newest = run.get();
  }
  if (newest == nullptr || !newest->halted()) return nullptr;
  return n_.bans.lifts(release, newest->record().id) ? nullptr : newest;
}

// Halts of this release for one tenant alone that the publisher has not lifted. No resume lifts
// them: harm at one customer must not stop all others for ever.
std::vector<const RolloutRun*> Rollouts::halted_for_one(const Digest& release) const {
  std::vector<const RolloutRun*> out;
  for (const auto& [id, run] : runs_) {
    if (run->record().release != release || !run->halted_tenant()) continue;
    if (!n_.bans.lifts(release, id)) out.push_back(run.get());
  }
  return out;
}

// With room for one more: this rollout may halt one, too.
Result<std::vector<Digest>> Rollouts::marks_of_halted(const Digest& release) const {
  std::vector<Digest> marks;
  for (const TenantId& tenant : halted_tenants(release))
    marks.push_back(statement::tenant_mark(release, tenant));
  if (marks.size() < limits::kHaltedTenants) return marks;
  return Error{ErrorCode::too_many, "this release is blocked for " + std::to_string(marks.size()) +
                                        " tenants; a plan names fewer than " +
                                        std::to_string(limits::kHaltedTenants) +
                                        ": make a new version, or unblock it"};
}

std::set<TenantId> Rollouts::halted_tenants(const Digest& release) const {
  std::set<TenantId> out;
  for (const RolloutRun* run : halted_for_one(release)) out.insert(*run->halted_tenant());
  return out;
}

// What no gate opens: the publisher's offline word, and a halt that nobody lifted.
Status Rollouts::not_banned(const Digest& release, const RolloutRun* resumed) const {
  FB_TRY(n_.bans.check(release, n_.releases.find(release)->manifest));
  const RolloutRun* halted = resumed == nullptr ? blocking(release) : nullptr;
  if (halted == nullptr) return {};
  return Error{ErrorCode::conflict,
               "rollout " + halted->record().id.text() + " of this release was halted on " +
                   to_rfc3339(halted->record().halted.value_or(halted->record().started)) +
                   "; two people resume it (firebreak rollout resume), or the publisher's keys "
                   "unblock it (firebreak release unblock)"};
}

Status Rollouts::obey_bans(Transaction& tx, Instant now) {
  for (const auto& [id, run] : runs_) {
    const ReleaseEntry* release = n_.releases.find(run->record().release);
    if (!run->live() || release == nullptr) continue;
    if (const auto* ban = n_.bans.revoked(run->record().release)) {
      FB_TRY(
          run->apply(rollout::OperatorHalt{"the publisher", "revoked: " + ban->reason}, tx, now));
    } else if (const auto* floor = n_.bans.floor(release->manifest)) {
      FB_TRY(run->apply(rollout::OperatorHold{"the publisher", "below version " + floor->version +
                                                                   ": " + floor->reason},
                        tx, now));
    }
  }
  plans_changed_ = true;  // an unblock may have taken something off the list of blocks
  return {};
}

void Rollouts::tick(Transaction& tx, Instant now, rollout::Continuity continuity) {
  for (const auto& [id, run] : runs_) run->tick(tx, now, continuity);
}

Status Rollouts::flush(Transaction& tx, Instant now) {
  // Those of earlier transactions: a record tells of a halt that has been committed, never of one
  // that may still fail, and reading the log for it never delays one.
  for (const auto& [id, effect] : incidents_) open_incident(*runs_.at(id), effect, tx, now);
  incidents_.clear();
  for (const auto& [id, run] : runs_) {
    auto outbox = run->take_outbox();
    plans_changed_ = plans_changed_ || outbox.plans_changed;
    for (const auto& notice : outbox.notices) {
      notices_.push_back({.event = std::string(rollout::name(notice.occasion)),
                          .rollout = id,
                          .component = run->record().plan.component.text(),
                          .version = run->record().version,
                          .reason = notice.text,
                          .at = now});
    }
    if (outbox.incident) incidents_.emplace(id, *outbox.incident);
    run->flush(tx);
  }
  if (!plans_changed_) return {};
  plans_changed_ = false;
  return publish_plans(tx, now);
}

Status Rollouts::publish_plans(Transaction& tx, Instant now) {
  std::map<std::string, std::string> files;
  for (const auto& [id, run] : runs_)
    files[statement::plan_path(id)] = statement::encode(run->record().plan);
  files[std::string(statement::kBlockedPath)] = statement::encode(block_list(now));
  FB_ASSIGN(const auto before, n_.repository.newest_targets("rollouts"));
  FB_ASSIGN(auto next, n_.repository.next_rollouts(files, now));
  if (!next) return {};
  for (const auto& [path, bytes] : files) {
    const auto it = before.targets.find(path);
    if (it == before.targets.end() || it->second != tuf::describe(bytes))
      log_plan(path, bytes, tx, now);
  }
  FB_ASSIGN(auto publication, n_.repository.compose({{"rollouts", std::move(*next)}}, now));
  n_.repository.adopt(std::move(publication), tx);
  return {};
}

// Newest release first. For one tenant alone before for everybody: of two with the same rollout a
// device remembers the first, and that one is lifted by no resume.
std::vector<statement::Blocked> Rollouts::block_list(Instant now) const {
  std::vector<statement::Blocked> list;
  std::set<Digest> releases;
  for (auto it = runs_.rbegin(); it != runs_.rend(); ++it) {
    const Digest& release = it->second->record().release;
    if (!releases.insert(release).second) continue;
    for (const RolloutRun* run : halted_for_one(release)) {
      list.push_back({release,
                      run->record().id,
                      run->state().tenant_halt->at,
                      rollout::sentence_for_devices(run->state()),
                      {statement::tenant_mark(release, *run->halted_tenant())}});
    }
    if (const RolloutRun* run = blocking(release)) {
      list.push_back({release, run->record().id, run->record().halted.value_or(now),
                      rollout::sentence(run->state())});
    }
  }
  return list;
}

// What devices are told from now on, by digest; the file itself is a target.
void Rollouts::log_plan(const std::string& path, const std::string& bytes, Transaction& tx,
                        Instant now) const {
  json::Value data{{"path", path}, {"digest", crypto::sha256(bytes).text()}};
  for (const auto& [id, run] : runs_) {
    if (statement::plan_path(id) != path) continue;
    data["rollout"] = id.number();
    data["release"] = run->record().release.text();
    data["state"] = word(run->record().plan.state);
  }
  tx.log(now, "plan", std::move(data));
}

// Halted, and no record of that: the process ended between the two. A record from before tells of
// the halt for one tenant alone, which everybody's came after.
Status Rollouts::incident_that_a_crash_left(const RolloutRun& run) {
  if (!run.halted() && !run.halted_tenant()) return {};
  FB_ASSIGN(const auto stored, n_.store.get(kIncidentSpace, run.record().id.text()));
  if (stored) {
    FB_ASSIGN(const auto record, incident::decode_incident(*stored));
    if (!run.halted() || record.opened.ms / 1000 >= run.record().halted->ms / 1000) return {};
  }
  rollout::OpenIncident effect{rollout::sentence(run.state()), {}};
  for (const std::size_t s : rollout::harmed_strata(run.state().evidence.by_stratum()))
    effect.strata.push_back(run.state().strata[s].name);
  incidents_.emplace(run.record().id, std::move(effect));
  return {};
}

void Rollouts::open_incident(const RolloutRun& run, const rollout::OpenIncident& effect,
                             Transaction& tx, Instant now) {
  incident::Incident record{.rollout = run.record().id,
                            .component = run.record().plan.component,
                            .version = run.record().version,
                            .release = run.record().release,
                            .opened = now,
                            .sentence = effect.text,
                            .strata = effect.strata,
                            .exposed = run.state().dispatched(),
                            .eligible = run.state().fleet_size,
                            .timeline = {}};
  const auto add = [&](const std::string& bytes) {
    const auto entry = audit::decode_entry(bytes);
    if (entry.ok()) incident::add_to_timeline(record, entry->at, entry->kind, entry->data);
  };
  const Status read = n_.store.scan_log(run.record().release_index,
                                        [&](std::uint64_t, const std::string& bytes) -> Status {
                                          add(bytes);
                                          return {};
                                        });
  if (!read.ok())
    record.timeline.push_back({now, "the log could not be read: " + read.error().detail});
  record.sentence = blameless(std::move(record.sentence), n_.people);
  for (auto& moment : record.timeline) moment.what = blameless(std::move(moment.what), n_.people);
  tx.put(kIncidentSpace, run.record().id.text(), incident::encode(record));
  tx.log(now, "incident", {{"rollout", run.record().id.number()}});
}

std::vector<Notice> Rollouts::take_notices() { return std::exchange(notices_, {}); }

}  // namespace fb::server
