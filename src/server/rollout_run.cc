#include "server/rollout_run.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "server/loans.h"

namespace fb::server {
namespace {

constexpr std::uint64_t kLast = std::uint64_t{1} << 63U;  // lots from here on are drawn last

}  // namespace

RolloutRun::RolloutRun(RolloutRecord record, rollout::State state, std::vector<Member> members,
                       const Devices& devices)
    : devices_(&devices),
      record_(std::move(record)),
      state_(std::move(state)),
      exposure_(state_.parameters, state_.strata.size(), record_.started),
      members_(std::move(members)),
      listening_since_(record_.started) {
  index_members(devices);
}

void RolloutRun::index_members(const Devices& devices) {
  ready_.resize(state_.strata.size());
  gone_.resize(state_.populations.size());
  standing_.assign(members_.size(), Standing::absent);
  for (Local local = 0; local < members_.size(); ++local) {
    local_[members_[local].device] = local;
    rank_.push_back(rollout::rank(devices.at(members_[local].device).record.id, record_.salt) &
                    ~kLast);
  }
  std::vector<rollout::Speaker> speakers;
  std::map<TenantId, std::uint32_t> tenants;
  for (const Member& member : members_) {
    const fleet::Device& device = devices.at(member.device).record;
    const auto next = static_cast<std::uint32_t>(tenants.size());
    speakers.push_back({tenants.try_emplace(device.tenant, next).first->second,
                        rollout::voice_lot(device.id, record_.salt)});
  }
  voice_ = rollout::voices(speakers);
  many_tenants_ = tenants.size() >= rollout::kManyTenants;
}

bool RolloutRun::live() const {
  using rollout::Phase;
  return state_.phase == Phase::running || state_.phase == Phase::held ||
         state_.phase == Phase::completed;
}

bool RolloutRun::halted() const {
  using rollout::Phase;
  return state_.phase == Phase::halted || state_.phase == Phase::reverting ||
         state_.phase == Phase::reverted;
}

bool RolloutRun::halted_for(DeviceIndex device) const {
  return halted() || halted_tenant() == devices_->at(device).record.tenant;
}

std::optional<TenantId> RolloutRun::halted_tenant() const {
  if (!state_.tenant_halt) return std::nullopt;
  return state_.tenant_halt->tenant;
}

// --- standing: what each eligible device is to this rollout, and how many are still to come ---

void RolloutRun::set_standing(Local local, Standing standing) {
  const Standing before = standing_[local];
  if (before == standing) return;
  const auto lot = std::pair(rank_[local], local);
  auto& ready = ready_[members_[local].stratum];
  if (before == Standing::ready) ready.erase(lot);
  if (standing == Standing::ready) ready.insert(lot);
  const auto gone = [](Standing s) { return s == Standing::refused || s == Standing::silent; };
  gone_[population_of(local)] += (gone(standing) ? 1 : 0) - (gone(before) ? 1 : 0);
  standing_[local] = standing;
}

void RolloutRun::heard(DeviceIndex device, Instant now) {
  const auto it = local_.find(device);
  if (it == local_.end()) return;
  if (live()) exposure_.heard(it->second, now);
  if (standing_[it->second] == Standing::silent) set_standing(it->second, Standing::absent);
}

void RolloutRun::reported(DeviceIndex device, const wire::ComponentReport& report, Transaction& tx,
                          Instant now) {
  const auto it = local_.find(device);
  if (it == local_.end() || standing_[it->second] == Standing::dispatched) return;
  const Local local = it->second;
  const bool staged = report.staged == record_.release;
  if (staged && report.ready) {
    const bool was_control = exposure_.is_control(local);
    if (live()) exposure_.add_ready(local, members_[local].stratum, now, voice_[local]);
    if (exposure_.is_control(local) != was_control) remember_control(local, tx);
    // Whoever had an event while waiting goes last: as a fresh device it would speak against the
    // release (spec 2.2).
    if (standing_[local] != Standing::ready && exposure_.had_control_event(local))
      rank_[local] |= kLast;
    return set_standing(local, Standing::ready);
  }
  if (exposure_.is_control(local)) {
    exposure_.leave_ready(local);
    remember_control(local, tx);
  }
  places_.erase(local);
  if (staged) declined_.erase(local);
  // Its owner says no, it found the release unfit, or it has it already: nobody waits for it.
  const bool no = (staged && !report.waiting.empty()) || declined_.contains(local) ||
                  report.active == record_.release;
  set_standing(local, no ? Standing::refused : Standing::absent);
}

std::optional<wire::Offer> RolloutRun::offer(DeviceIndex device) const {
  const auto it = local_.find(device);
  if (!live() || it == local_.end() || halted_for(device)) return std::nullopt;
  const auto exposed = exposed_.find(device);
  const bool out = exposed != exposed_.end() && !exposed->second.handed_back;
  if (out && (exposed->second.healthy || exposed->second.reverted)) return std::nullopt;
  const bool ask =
      places_.contains(it->second) || (out && state_.permits_open() && !exposed->second.activated);
  return wire::Offer{record_.id, record_.plan.component, record_.release, ask};
}

// --- permits: the one exchange that exposes a device ---

RolloutRun::Answer RolloutRun::ask(DeviceIndex device, const wire::PermitAsk& ask, Transaction& tx,
                                   Instant now) {
  const Millis again = state_.parameters.heartbeat;
  const auto denied = [&](std::string rule, std::string detail) {
    return wire::Denial{std::move(rule), std::move(detail), again};
  };
  if (ask.release != record_.release)
    return denied("wrong-release",
                  "rollout " + record_.id.text() + " carries " + record_.release.text());
  if (halted_for(device)) return denied("halted", rollout::sentence_for_devices(state_));
  if (!live())
    return denied("not-running", "rollout " + record_.id.text() + " is " +
                                     std::string(rollout::name(state_.phase)));
  if (!state_.permits_open()) return denied("held", rollout::sentence_for_devices(state_));
  const auto it = local_.find(device);
  if (it == local_.end())
    return denied("not-eligible",
                  "this device was not on the list when rollout " + record_.id.text() + " started");

  heard(device, now);
  const auto known = exposed_.find(device);
  if (known != exposed_.end() && !known->second.handed_back) return Dispatch::before;
  if (ask.purpose == statement::Purpose::renew)
    return denied("not-started", "a permit to start comes first");
  const Local local = it->second;
  if (!places_.contains(local)) {
    return denied("no-place", std::to_string(state_.dispatched()) + " of at most " +
                                  std::to_string(state_.limit_dispatched()) +
                                  " devices have it now; lots decide who is next. " +
                                  rollout::sentence(state_));
  }
  const auto counted =
      exposure_.had_control_event(local) ? rollout::Counted::outside : rollout::Counted::inside;
  if (const auto stepped = apply(rollout::Dispatched{members_[local].stratum, counted}, tx, now);
      !stepped.ok()) {
    return denied("no-place", stepped.error().detail);
  }
  places_.erase(local);
  set_standing(local, Standing::dispatched);
  exposure_.dispatch(local, members_[local].stratum, now);
  exposed_[device] = ExposedDevice{now, ask.nonce, exposure_.facts(local)};
  store_exposed(device, tx);
  tx.log(now, "dispatch",
         {{"rollout", record_.id.number()},
          {"device", devices_->at(device).record.id.text()},
          {"release", record_.release.text()}});
  return Dispatch::now;
}

void RolloutRun::happened(DeviceIndex device, const wire::DeviceEvent& event, Transaction& tx,
                          Instant now) {
  using wire::EventKind;
  const auto it = local_.find(device);
  if (it == local_.end()) return;
  const Local local = it->second;
  const auto found = exposed_.find(device);
  const bool out = found != exposed_.end() && !found->second.handed_back;
  const bool ours = event.release == record_.release;
  if (ours && event.kind == EventKind::refused && standing_[local] != Standing::dispatched)
    declined_.insert(local);
  if (ours && !out && found != exposed_.end() &&
      (event.kind == EventKind::activated || wire::is_harm(event.kind))) {
    take_back(local, found->second, tx, now);
  }
  const bool treated = found != exposed_.end() && !found->second.handed_back;
  // Harm counts against what it happened with: the release for who has it, what came before for who
  // has not.
  if (wire::is_harm(event.kind) && live() && ours == treated) {
    exposure_.explicit_event(local, now);
    if (!treated) remember_control(local, tx);
  }
  if (!treated || !ours) return;

  ExposedDevice& exposed = found->second;
  switch (event.kind) {
    case EventKind::activated:
      exposed.activated = true;
      ++record_.attempts;
      dirty_ = true;
      break;
    case EventKind::healthy: exposed.healthy = true; break;
    case EventKind::crashed:
    case EventKind::probe_failed:
    case EventKind::boot_loop: exposed.harmed = true; break;
    case EventKind::rolled_back: exposed.harmed = exposed.reverted = true; break;
    case EventKind::reverted_on_halt: exposed.reverted = true; break;
    case EventKind::install_failed:
      ++record_.attempts;
      ++record_.failures;
      dirty_ = true;
      [[fallthrough]];
    case EventKind::handed_back: hand_back(local, exposed, tx, now); break;
    case EventKind::staged:
    case EventKind::refused:
    case EventKind::deferred:
    case EventKind::tasted: break;
  }
  note_harm(device, exposed);
  touched_.insert(device);
  store_exposed(device, tx);
}

// At once, and as it is stored: a new process knows the same tenants.
void RolloutRun::note_harm(DeviceIndex device, const ExposedDevice& exposed) {
  const bool treated = exposed.facts.arm == rollout::DeviceFacts::Arm::treated;
  if (!treated || exposed.handed_back || (!exposed.harmed && !exposed.silent)) return;
  harmed_tenants_.insert(devices_->at(device).record.tenant);
}

// It said that it gave the permit back, and used it all the same (a reply that came late): it is
// exposed, place or no place.
void RolloutRun::take_back(Local local, ExposedDevice& exposed, Transaction& tx, Instant now) {
  exposed.handed_back = false;
  set_standing(local, Standing::dispatched);
  exposure_.dispatch(local, members_[local].stratum, now);
  exposed.facts = exposure_.facts(local);
  const auto counted = exposed.facts.arm == rollout::DeviceFacts::Arm::outside
                           ? rollout::Counted::outside
                           : rollout::Counted::inside;
  const Status counted_in = apply(rollout::Dispatched{members_[local].stratum, counted}, tx, now);
  tx.log(now, "dispatch",
         {{"rollout", record_.id.number()},
          {"device", devices_->at(members_[local].device).record.id.text()},
          {"release", record_.release.text()},
          {"late",
           counted_in.ok() ? "its permit was handed back before" : "no place was open any more"}});
}

void RolloutRun::hand_back(Local local, ExposedDevice& exposed, Transaction& tx, Instant now) {
  if (exposure_.hand_back(local, now) == rollout::HandBack::stays_counted) return;
  const auto counted = exposed.facts.arm == rollout::DeviceFacts::Arm::outside
                           ? rollout::Counted::outside
                           : rollout::Counted::inside;
  if (!apply(rollout::HandedBack{members_[local].stratum, counted}, tx, now).ok())
    return;  // nobody of this stratum is out
  exposed.handed_back = true;
  exposed.facts = exposure_.facts(local);
  remember_control(local, tx);
  set_standing(local, Standing::absent);  // its next check-in says whether it is ready again
}

// --- places: who may ask next ---

void RolloutRun::give_places(Instant now) {
  for (auto it = places_.begin(); it != places_.end();)
    it = it->second < now ? places_.erase(it) : std::next(it);
  const Instant until = now + state_.parameters.heartbeat * 2;
  const std::int64_t open = state_.open_places();
  std::int64_t given = 0;
  for (auto it = places_.begin(); it != places_.end();) {
    const std::size_t population = population_of(it->first);
    const bool stays =
        population == state_.open ? given < open : state_.welcomes_latecomers(population);
    given += population == state_.open && stays ? 1 : 0;
    it = stays ? std::next(it) : places_.erase(it);
  }
  if (open > given) {
    for (const Local local : draw(open - given)) places_[local] = until;
  }
  give_latecomers_places(until);
}

std::size_t RolloutRun::population_of(Local local) const {
  return state_.strata[members_[local].stratum].population;
}

// Whoever comes to a population that is resolved finds the door open, as after completion.
void RolloutRun::give_latecomers_places(Instant until) {
  for (std::size_t s = 0; s < ready_.size(); ++s) {
    if (!state_.welcomes_latecomers(state_.strata[s].population)) continue;
    for (const auto& [lot, local] : ready_[s]) places_.emplace(local, until);
  }
}

// In proportion to what remains, a stratum that nobody was heard from first.
std::vector<std::int64_t> RolloutRun::shares_of(std::int64_t want,
                                                const std::vector<std::int64_t>& remaining) const {
  const auto places = rollout::apportion(want, remaining);
  std::vector<rollout::Share> strata;
  for (std::size_t s = 0; s < places.size(); ++s) {
    const rollout::Stratum& stratum = state_.strata[s];
    const bool served = stratum.population == state_.open;
    strata.push_back({places[s], remaining[s], stratum.dispatched, served ? stratum.eligible : 0});
  }
  return rollout::unheard_first(want, state_.served().parameters.toe_dip, strata);
}

// From the population that is served; the others wait.
std::vector<RolloutRun::Local> RolloutRun::draw(std::int64_t want) {
  std::vector<std::int64_t> remaining(ready_.size());
  for (std::size_t s = 0; s < ready_.size(); ++s) {
    if (state_.strata[s].population == state_.open)
      remaining[s] = static_cast<std::int64_t>(ready_[s].size());
  }
  for (const auto& [local, until] : places_) {
    if (population_of(local) == state_.open) --remaining[members_[local].stratum];
  }
  const auto shares = shares_of(want, remaining);
  std::vector<Local> drawn;
  count_tenants();
  std::set<Local> taken;
  const auto take = [&](std::size_t stratum, std::int64_t most) {
    for (const auto& [lot, local] : ready_[stratum]) {
      if (most == 0) return;
      if (places_.contains(local) || taken.contains(local) || tenant_full(local)) continue;
      ++by_tenant_[devices_->at(members_[local].device).record.tenant];
      taken.insert(local);
      drawn.push_back(local);
      --most;
    }
  };
  for (std::size_t s = 0; s < ready_.size(); ++s) take(s, shares[s]);
  // What a stratum cannot take because its tenants have their share goes to the others.
  for (std::size_t s = 0; s < ready_.size(); ++s) {
    if (state_.strata[s].population == state_.open)
      take(s, want - static_cast<std::int64_t>(drawn.size()));
  }
  return drawn;
}

// No tenant holds more than a third of the toe-dip; of one or two tenants that can take part, each
// holds its share.
void RolloutRun::count_tenants() {
  by_tenant_.clear();
  const rollout::Population& served = state_.served();
  tenant_limit_ = served.parameters.toe_dip;
  if (served.dispatched >= served.parameters.toe_dip) return;
  const auto counts = [this](Local local) { return population_of(local) == state_.open; };
  for (const auto& [device, exposed] : exposed_) {
    if (!exposed.handed_back && counts(local_.at(device)))
      ++by_tenant_[devices_->at(device).record.tenant];
  }
  for (const auto& [local, until] : places_) {
    if (counts(local)) ++by_tenant_[devices_->at(members_[local].device).record.tenant];
  }
  std::set<TenantId> taking_part;
  for (const auto& [tenant, devices] : by_tenant_) taking_part.insert(tenant);
  for (std::size_t s = 0; s < ready_.size(); ++s) {
    if (state_.strata[s].population != state_.open) continue;
    for (auto it = ready_[s].begin(); it != ready_[s].end() && taking_part.size() < 3; ++it) {
      taking_part.insert(devices_->at(members_[it->second].device).record.tenant);
    }
  }
  const auto shares = std::clamp<std::int64_t>(static_cast<std::int64_t>(taking_part.size()), 1, 3);
  tenant_limit_ = std::max<std::int64_t>(1, (served.parameters.toe_dip + shares - 1) / shares);
}

bool RolloutRun::tenant_full(Local local) const {
  if (state_.served().dispatched >= state_.served().parameters.toe_dip) return false;
  const auto it = by_tenant_.find(devices_->at(members_[local].device).record.tenant);
  return it != by_tenant_.end() && it->second >= tenant_limit_;
}

// --- the tick ---

rollout::Tick RolloutRun::tick_event(rollout::TickCounts counts) const {
  const rollout::Population& served = state_.served();
  return {std::move(counts),
          served.size - served.dispatched - gone_[state_.open],
          {record_.attempts, record_.failures},
          many_tenants_ && harmed_tenants_.size() == 1 ? std::optional(*harmed_tenants_.begin())
                                                       : std::nullopt};
}

void RolloutRun::tick(Transaction& tx, Instant now, rollout::Continuity continuity) {
  if (halted()) {
    watch_exposed(tx, now);
    if (state_.phase != rollout::Phase::reverted) finish_revert(tx, now);
    return;
  }
  if (!live()) return;
  sweep_silent(now);
  auto counts = exposure_.tick(now, continuity);
  note_silence(tx);
  if (!counts.frozen) note_events(tx);  // a frozen tick counts nothing yet
  record_.active = counts.active;
  const auto before = state_;
  const Status applied = apply(tick_event(std::move(counts)), tx, now);
  FB_CHECK(applied.ok());  // a live rollout takes its own ticks
  if (!halted()) give_places(now);
  // The sequence number alone is no news: an idle rollout writes nothing.
  auto after = state_;
  after.sequence = before.sequence;
  if (after == before)
    state_.sequence = before.sequence;
  else
    dirty_ = true;
}

void RolloutRun::note_silence(Transaction& tx) {
  for (const auto local : exposure_.take_silent()) {
    const DeviceIndex device = members_[local].device;
    const auto it = exposed_.find(device);
    if (it == exposed_.end() || it->second.handed_back) {
      set_standing(local, Standing::silent);
      places_.erase(local);
      remember_control(local, tx);
      continue;
    }
    it->second.silent = true;
    it->second.facts = exposure_.facts(local);
    note_harm(device, it->second);
    store_exposed(device, tx);
  }
}

// Facts say "counted" only together with the state that counted: a restart in between must count
// the event again.
void RolloutRun::note_events(Transaction& tx) {
  for (const Local local : exposure_.take_compared()) {
    const auto exposed = exposed_.find(members_[local].device);
    if (exposed == exposed_.end() || exposed->second.handed_back)
      remember_control(local, tx);
    else
      touched_.insert(exposed->first);
  }
  for (const DeviceIndex device : touched_) {
    exposed_.at(device).facts = exposure_.facts(local_.at(device));
    store_exposed(device, tx);
  }
  if (!touched_.empty()) dirty_ = true;
  touched_.clear();
}

// After a halt nothing is compared any more, but people must know which of the exposed machines say
// nothing.
void RolloutRun::watch_exposed(Transaction& tx, Instant now) {
  const Millis deadline = state_.parameters.silence_deadline();
  for (auto& [device, exposed] : exposed_) {
    const Instant heard = devices_->at(device).last_heard.value_or(record_.halted.value_or(now));
    if (exposed.silent || now - heard <= deadline) continue;
    exposed.silent = true;
    store_exposed(device, tx);
  }
}

// Devices that were never ready, or had their event already, are judged by nobody else; the rollout
// must not wait for them for ever.
void RolloutRun::sweep_silent(Instant now) {
  constexpr Local kPerTick = 4096;
  const Millis deadline = state_.parameters.silence_deadline();
  for (Local i = 0; i < kPerTick && i < members_.size();
       ++i, sweep_ = (sweep_ + 1) % static_cast<Local>(members_.size())) {
    const bool judged =
        standing_[sweep_] == Standing::ready && !exposure_.had_control_event(sweep_);
    if (judged || standing_[sweep_] == Standing::dispatched ||
        standing_[sweep_] == Standing::silent)
      continue;
    const auto heard = devices_->at(members_[sweep_].device).last_heard.value_or(listening_since_);
    if (now - heard <= deadline * 2) continue;
    places_.erase(sweep_);
    set_standing(sweep_, Standing::silent);
  }
}

Status RolloutRun::apply(const rollout::Event& event, Transaction& tx, Instant now) {
  FB_ASSIGN(auto stepped, rollout::step(state_, event, now));
  const bool was_halted = halted();
  const bool was_halted_for_one = state_.tenant_halt.has_value();
  state_ = std::move(stepped.next);
  if (std::holds_alternative<rollout::Start>(event)) {
    exposure_ = rollout::Exposure(state_.parameters, state_.strata.size(), now);
    ready_.resize(state_.strata.size());
    gone_.resize(state_.populations.size());
  }
  absorb(stepped.effects, now);
  if (!stepped.effects.empty()) {
    tx.log(now, "verdict",
           {{"rollout", record_.id.number()},
            {"state", rollout::name(state_.phase)},
            {"limit", state_.limit_dispatched()},
            {"exposed", state_.dispatched()},
            {"sentence", stepped.reason}});
  }
  if (!was_halted_for_one && state_.tenant_halt) {
    places_.clear();
    tx.log(now, "halted",
           {{"rollout", record_.id.number()},
            {"release", record_.release.text()},
            {"tenant", state_.tenant_halt->tenant.text()},
            {"sentence", stepped.reason}});
  }
  if (!was_halted && halted()) {
    record_.halted = now;
    places_.clear();
    tx.log(now, "halted",
           {{"rollout", record_.id.number()},
            {"release", record_.release.text()},
            {"sentence", stepped.reason}});
    FB_TRY(apply(rollout::RevertBegun{}, tx, now));
  }
  dirty_ = dirty_ || !std::holds_alternative<rollout::Tick>(event);
  return {};
}

void RolloutRun::absorb(const std::vector<rollout::Effect>& effects, Instant now) {
  for (const rollout::Effect& effect : effects) {
    if (std::holds_alternative<rollout::PublishPlan>(effect.what) ||
        std::holds_alternative<rollout::BlockDigest>(effect.what)) {
      outbox_.plans_changed = true;
    } else if (const auto* revert = std::get_if<rollout::RevertTenant>(&effect.what)) {
      record_.plan.halted_tenants.push_back(
          statement::tenant_mark(record_.release, revert->tenant));
      outbox_.plans_changed = true;
    } else if (const auto* notify = std::get_if<rollout::Notify>(&effect.what)) {
      outbox_.notices.push_back(*notify);
      if (notify->occasion == rollout::Occasion::completed) record_.ended = now;
    } else if (const auto* incident = std::get_if<rollout::OpenIncident>(&effect.what)) {
      outbox_.incident = *incident;
    }
  }
  using statement::PlanState;
  record_.plan.state = halted()                                     ? PlanState::halted
                       : state_.phase == rollout::Phase::completed  ? PlanState::completed
                       : state_.phase == rollout::Phase::superseded ? PlanState::superseded
                                                                    : PlanState::running;
}

// Reverted: every exposed device said that it went back, or had the time to say that it activated
// and did not, or fell silent. A permit given just before the halt may still be used: who says
// nothing is waited for.
void RolloutRun::finish_revert(Transaction& tx, Instant now) {
  const Millis deadline = state_.parameters.silence_deadline();
  const Instant since = std::max(record_.halted.value_or(now), listening_since_);
  const bool waited = now - since > deadline;
  const auto back = [&](const auto& pair) {
    const auto& [device, d] = pair;
    if (d.reverted || d.handed_back) return true;
    const Instant heard = std::max(devices_->at(device).last_heard.value_or(since), since);
    return waited && (!d.activated || now - heard > deadline);
  };
  if (!std::all_of(exposed_.begin(), exposed_.end(), back)) return;
  if (!apply(rollout::AllReverted{}, tx, now).ok()) return;
  record_.ended = now;
  tx.log(now, "reverted", {{"rollout", record_.id.number()}, {"devices", exposed_.size()}});
}

void RolloutRun::carry(std::vector<statement::Envelope> acts) {
  record_.plan.acts = std::move(acts);
  dirty_ = outbox_.plans_changed = true;
}

RolloutRun::Outbox RolloutRun::take_outbox() { return std::exchange(outbox_, {}); }

// --- what people see ---

json::Value RolloutRun::view() const {
  const auto seen = rollout::view(state_);
  std::int64_t healthy = 0, reverted = 0, activated = 0, handed_back = 0, harmed = 0;
  for (const auto& [device, each] : exposed_) {
    healthy += each.healthy && !each.reverted ? 1 : 0;
    reverted += each.reverted ? 1 : 0;
    activated += each.activated ? 1 : 0;
    handed_back += each.handed_back ? 1 : 0;
    harmed += each.harmed || each.silent ? 1 : 0;
  }
  json::Value rings = json::Value::array();
  for (const auto ring : record_.plan.rings) rings.push_back(word(ring));
  json::Value out{
      {"rollout", record_.id.number()},
      {"release", record_.release.text()},
      {"component", record_.plan.component.text()},
      {"version", record_.version},
      {"lane", word(record_.plan.lane)},
      {"rings", std::move(rings)},
      {"population", seen.population},
      {"state", rollout::name(seen.phase)},
      {"held", seen.held_by ? json::Value(rollout::name(*seen.held_by)) : json::Value()},
      {"reason", seen.sentence},
      {"eligible", members_.size()},
      {"limit", seen.limit},
      {"exposed", seen.exposed},
      {"activated", activated},
      {"healthy", healthy},
      {"harmed", harmed},
      {"silent", seen.harmed_silent},
      {"reverted", reverted},
      {"handed_back", handed_back},
      {"remaining", seen.remaining},
      {"budget", seen.budget},
      {"bound", seen.bound},
      {"cap", std::isfinite(seen.cap) ? json::Value(seen.cap) : json::Value()},
      {"evidence", std::isfinite(seen.evidence) ? json::Value(seen.evidence) : json::Value(1e300)},
      {"halt_at", seen.halt_at},
      {"started", to_rfc3339(record_.started)},
      {"started_ms", record_.started.ms},
      {"ended", record_.ended ? json::Value(to_rfc3339(*record_.ended)) : json::Value()},
      {"halted_at", record_.halted ? json::Value(to_rfc3339(*record_.halted)) : json::Value()},
      {"halt_committed_ms", record_.halted ? json::Value(record_.halted->ms) : json::Value()}};
  const auto tenant = halted_tenant();
  out["halted_tenant"] = tenant ? json::Value(tenant->text()) : json::Value();
  if (record_.resumes) out["resumes"] = record_.resumes->number();
  out["borrowed"] = state_.loan ? loan_view(*state_.loan) : json::Value();
  return out;
}

}  // namespace fb::server
