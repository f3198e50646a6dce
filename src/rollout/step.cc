#include "rollout/step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace fb::rollout {
namespace {

constexpr std::uint64_t kEffectsPerEvent = 100;  // far more than any event has

bool live(const State& state) {
  return state.phase == Phase::running || state.phase == Phase::held ||
         state.phase == Phase::completed;
}

bool over(const State& state) {
  return state.phase == Phase::halted || state.phase == Phase::reverting ||
         state.phase == Phase::reverted;
}

Error refused(const State& state, std::string_view event, std::string_view legal) {
  return {ErrorCode::conflict, std::string(event) + " is not possible in state " +
                                   std::string(name(state.phase)) + ": " + std::string(legal)};
}

std::string machines(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " machine" : " machines");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

// One event on its way through: the state as it becomes, and what the shell shall do.
class Stepping {
 public:
  Stepping(State state, Instant now) : state_(std::move(state)), now_(now) {}

  Result<Step> finish(const Status& status) && {
    if (!status.ok()) return status.error();
    ++state_.sequence;
    for (Effect& effect : effects_) {
      effect.id = state_.sequence * kEffectsPerEvent +
                  static_cast<std::uint64_t>(&effect - effects_.data());
    }
    std::string reason = quiet_ ? state_.reason : sentence(state_);
    return Step{std::move(state_), std::move(effects_), std::move(reason)};
  }

  // --- before the start ---

  Status on(const GateVerdict& event) {
    if (state_.phase != Phase::draft && state_.phase != Phase::gated &&
        state_.phase != Phase::approved) {
      return refused(state_, "a gate verdict", "gates are judged before the start");
    }
    if (event.verdict == GateVerdict::Verdict::open) {
      if (state_.phase == Phase::draft) state_.phase = Phase::gated;
      state_.reason = "All gates are open.";
      return {};
    }
    state_.phase = Phase::draft;
    state_.reason = event.reasons.empty() ? "a gate is closed and gave no reason"
                                          : "gates are closed: " + joined(event.reasons);
    return {};
  }

  Status on(const ApprovalsMet& event) {
    if (state_.phase != Phase::gated) {
      return refused(state_, "approval", "gates must be open first, and approvals are given once");
    }
    state_.phase = Phase::approved;
    state_.reason = "Approved by " + event.by + ".";
    return {};
  }

  Status on(const Start& event) {
    if (state_.phase != Phase::approved)
      return refused(state_, "a start", "it needs open gates and approvals");
    if (event.strata.empty() || event.strata.size() > limits::kStrata) {
      return Error{ErrorCode::bad_usage,
                   "a rollout has 1 to " + std::to_string(limits::kStrata) + " strata"};
    }
    FB_TRY(populate(event));
    FB_TRY(borrow(event.loan));
    state_.evidence = Evidence(event.strata.size());
    state_.phase = Phase::running;
    state_.reason = "Started.";
    state_.words_from = now_;
    served().last_decision = caps(served().parameters, situation());
    effect(PublishPlan{});
    return {};
  }

  // --- permits ---

  Status on(const Dispatched& event) {
    FB_TRY(known_stratum(event.stratum));
    FB_TRY(places_are_open(event.stratum, event.count));
    change_dispatched(event.stratum, event.counted, event.count);
    count_latecomers(event.counted, event.count);
    Population& population = population_of(event.stratum);
    population.remaining = std::max<std::int64_t>(0, population.remaining - event.count);
    // Late joiners are beyond any limit: it has been all for a while.
    population.limit_dispatched = std::max(population.limit_dispatched, population.dispatched);
    if (!state_.first_permit) state_.first_permit = now_;
    quiet_ = true;
    return {};
  }

  Status on(const HandedBack& event) {
    FB_TRY(known_stratum(event.stratum));
    Population& population = population_of(event.stratum);
    if (event.count < 1 || state_.strata[event.stratum].dispatched < event.count ||
        (event.counted == Counted::outside && population.outside < event.count)) {
      return refused(state_, "a permit handed back", "none of this stratum is out");
    }
    change_dispatched(event.stratum, event.counted, -event.count);
    count_latecomers(event.counted, -event.count);
    population.remaining += event.count;
    quiet_ = true;
    // After a halt nothing that comes back may go out again.
    if (over(state_) || state_.tenant_halt) close_places();
    return {};
  }

  // --- people ---

  Status on(const OperatorHold& event) {
    if (!live(state_)) return refused(state_, "a hold", "only a rollout that runs can be held");
    state_.operator_hold = Stop{event.person, event.reason, now_};
    state_.reason = "Held by " + event.person + ": " + event.reason;
    hold(HeldBy::person);
    return {};
  }

  Status on(const OperatorContinue& event) {
    if (state_.held_by == HeldBy::tenant) {
      return refused(state_, "a continue",
                     "harm at tenant " + state_.tenant_halt->tenant.text() +
                         " is beyond doubt, and nobody takes that back. Halt it, then two people "
                         "resume it as a new rollout at half of alpha; that tenant stays out until "
                         "the publisher unblocks it");
    }
    if (!state_.operator_hold && !state_.install_hold && !state_.frozen_since) {
      return refused(
          state_, "a continue",
          "no person holds it; what the engine holds ends by evidence, and a halt never");
    }
    if (over(state_) || state_.phase == Phase::superseded) {
      return refused(state_, "a continue",
                     "a halt is final; a new rollout at half of alpha may follow");
    }
    state_.operator_hold.reset();
    if (state_.install_hold) state_.installs_forgiven = state_.installs;
    state_.install_hold = false;
    state_.reason = "Continued by " + event.person + ": " + event.reason;
    settle();
    return {};
  }

  // The bound holds at all times, whatever is done with it: the promise becomes that of the larger
  // budget, and nothing else changes (note 0062).
  Status on(const AcceptBudget& event) {
    FB_TRY(may_accept());
    Population& p = served();
    const std::int64_t budget = p.parameters.budget();
    const bool as_it_is = event.budget == budget && p.broke_all();
    if (!as_it_is && (event.budget <= budget || event.budget > p.size)) {
      return Error{ErrorCode::conflict, "the budget" + (p.name.empty() ? "" : " of " + p.name) +
                                            " is " + machines(budget) + " of " +
                                            std::to_string(p.size) + "; accept " +
                                            (p.broke_all() ? "the same or " : "") +
                                            "a larger one, and no more than there are"};
    }
    const std::int64_t before = p.accepted ? p.accepted->budget_before : budget;
    p.accepted = Acceptance{before, p.pacing.front().outcomes.bad, {event.by, event.reason, now_}};
    if (p.last_decision.move == Move::exhausted) {
      if (!goes_on_with(event.budget)) return changes_nothing(event.budget);
      p.last_decision.move = Move::wait;
    }
    p.parameters = with_larger_budget(std::move(p.parameters), p.size, event.budget);
    state_.reason =
        "A budget of " + machines(event.budget) + " accepted by " + event.by + ": " + event.reason;
    state_.words_from = now_;
    settle();
    return {};
  }

  Status on(const OperatorHalt& event) {
    if (over(state_)) return {};  // whoever comes second is right too
    halt(Stop{event.by, event.reason, now_});
    return {};
  }

  // --- after a halt, and the end ---

  Status on(const RevertBegun&) {
    if (state_.phase != Phase::halted) return refused(state_, "a revert", "only a halt orders one");
    state_.phase = Phase::reverting;
    return {};
  }

  Status on(const AllReverted&) {
    if (state_.phase != Phase::halted && state_.phase != Phase::reverting) {
      return refused(state_, "the end of a revert", "only a halt orders one");
    }
    state_.phase = Phase::reverted;
    return {};
  }

  Status on(const Supersede& event) {
    if (over(state_)) return refused(state_, "superseding", "a halt is final");
    if (state_.phase == Phase::superseded)
      return refused(state_, "superseding", "it is superseded already");
    state_.phase = Phase::superseded;
    state_.held_by.reset();
    close_places();
    state_.reason = "Superseded by " + event.by + ".";
    effect(DenyPermits{state_.reason});
    return {};
  }

  // --- the tick: outage first, then evidence, then pacing ---

  Status on(const Tick& event) {
    if (over(state_)) {
      state_.tally = event.counts.tally;
      return {};
    }
    if (!live(state_))
      return refused(state_, "a tick", "the rollout has not started, or is superseded");
    if (event.counts.strata.size() != state_.strata.size()) {
      return Error{ErrorCode::malformed,
                   "a tick has the strata of its rollout: " + std::to_string(state_.strata.size()) +
                       ", not " + std::to_string(event.counts.strata.size())};
    }
    state_.tally = event.counts.tally;
    awaited_ = event.counts.awaited;
    served().remaining = std::max<std::int64_t>(0, event.remaining);
    state_.installs = event.installs;
    if (state_.held_by == HeldBy::tenant) {
      watch_other_tenants(event);
      return {};
    }
    if (event.counts.frozen) {
      freeze();
      return {};
    }
    state_.frozen_since.reset();
    state_.freeze_paged = false;
    learn(event.counts);
    if (state_.evidence.global() >= state_.parameters.halt_at()) {
      halt_on_evidence(event.only_tenant);
      return {};
    }
    watch_latecomers(event.counts);
    state_.install_hold = too_many_failed_installs();
    bake(event.counts.active);
    watch_for_desertion(event.counts.active);
    pace();
    return {};
  }

 private:
  template <class E>
  void effect(E what) {
    effects_.push_back({0, std::move(what)});
  }

  void notify(Occasion occasion, Notify::Urgency urgency) {
    effect(Notify{occasion, urgency, sentence(state_)});
  }

  Status known_stratum(std::size_t stratum) const {
    if (!state_.started()) return refused(state_, "a permit", "the rollout has not started");
    if (stratum < state_.strata.size()) return {};
    return Error{ErrorCode::not_found,
                 "stratum " + std::to_string(stratum) + " is none of the rollout's"};
  }

  Status may_accept() const {
    if (state_.phase != Phase::running && state_.phase != Phase::held)
      return refused(state_, "accepting a budget", "only a rollout that runs has one to raise");
    if (served().resolved())
      return refused(state_, "accepting a budget", "everybody has it; nothing is left to pay for");
    if (!state_.engine_hold && state_.held_by != HeldBy::tenant) return {};
    return refused(
        state_, "accepting a budget",
        "there is evidence of harm, and no budget pays for that; it fades by itself when "
        "it was chance, or halt the rollout");
  }

  // Whether an exhausted population would send a wave.
  bool goes_on_with(std::int64_t budget) const {
    const Population& p = served();
    return decide(with_larger_budget(p.parameters, p.size, budget), situation()).move !=
           Move::exhausted;
  }

  // The later horizons' budgets follow the first one's late: a little more may do nothing.
  Error changes_nothing(std::int64_t budget) const {
    std::int64_t refused = budget;
    std::int64_t enough = served().size;
    if (!goes_on_with(enough))
      return {ErrorCode::conflict, "no budget would let it go on: halt it"};
    while (enough - refused > 1) {
      const std::int64_t middle = refused + (enough - refused) / 2;
      (goes_on_with(middle) ? enough : refused) = middle;
    }
    return {ErrorCode::conflict, "a budget of " + machines(budget) +
                                     " would change nothing; the smallest that lets it go on is " +
                                     std::to_string(enough)};
  }

  Population& served() { return state_.served(); }
  const Population& served() const { return state_.served(); }

  Population& population_of(std::size_t stratum) {
    return state_.populations[state_.strata[stratum].population];
  }

  Status populate(const Start& event) {
    std::vector<PopulationPlan> plans = event.populations;
    if (plans.empty()) plans.push_back({"", state_.parameters, {}});
    state_.fleet_size = 0;
    std::vector<std::int64_t> sizes(plans.size());
    for (const StratumSize& stratum : event.strata) {
      if (stratum.population >= plans.size()) {
        return Error{ErrorCode::bad_usage, "stratum " + stratum.name + " is in population " +
                                               std::to_string(stratum.population) + " of " +
                                               std::to_string(plans.size())};
      }
      sizes[stratum.population] += stratum.eligible;
    }
    std::vector<std::size_t> place(plans.size());
    const bool several = plans.size() > 1;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      place[i] = state_.populations.size();
      if (several && sizes[i] == 0) continue;
      FB_TRY(check_population(plans[i], sizes[i]));
      state_.populations.push_back(population(std::move(plans[i]), sizes[i]));
      state_.fleet_size += sizes[i];
    }
    for (const StratumSize& each : event.strata) {
      if (sizes[each.population] == 0)
        return Error{ErrorCode::bad_usage, "stratum " + each.name + " has no devices"};
      state_.strata.push_back({each.name, each.eligible, 0, place[each.population]});
    }
    if (state_.populations.size() == 1) state_.populations.front().name.clear();
    return {};
  }

  Status borrow(const std::optional<Loan>& loan) {
    if (!loan) return {};
    FB_TRY(may_borrow(state_.fleet_size));
    if (loan->horizons.size() != state_.parameters.horizons.size()) {
      return Error{ErrorCode::bad_usage, "a loan has a share for each horizon: " +
                                             std::to_string(state_.parameters.horizons.size()) +
                                             ", not " + std::to_string(loan->horizons.size())};
    }
    state_.loan = loan;
    return {};
  }

  // Ages, silence and the halt test are one for the whole rollout.
  Status check_population(const PopulationPlan& plan, std::int64_t size) const {
    FB_TRY(check(plan.parameters, size));
    const Parameters& own = plan.parameters;
    const Parameters& all = state_.parameters;
    bool same = own.horizons.size() == all.horizons.size() && own.alpha == all.alpha &&
                own.silence_deadline() == all.silence_deadline() && own.heartbeat == all.heartbeat;
    for (std::size_t k = 0; same && k < own.horizons.size(); ++k)
      same = own.horizons[k].age == all.horizons[k].age;
    if (same) return {};
    return Error{ErrorCode::bad_usage,
                 "population " + plan.name +
                     " has other ages, times or another alpha than the rollout; only budgets, "
                     "toe-dip and holdback are a population's own"};
  }

  static Population population(PopulationPlan plan, std::int64_t size) {
    Population made;
    made.name = std::move(plan.name);
    made.waits = plan.waits;
    made.size = made.remaining = size;
    made.pacing.assign(plan.parameters.horizons.size(), {});
    made.parameters = std::move(plan.parameters);
    return made;
  }

  void close_places() {
    for (Population& each : state_.populations) each.limit_dispatched = each.dispatched;
  }

  Status places_are_open(std::size_t stratum, std::int64_t count) const {
    const std::size_t population = state_.strata[stratum].population;
    const bool open = population == state_.open ? state_.open_places() >= count
                                                : state_.welcomes_latecomers(population);
    if (open && count >= 1) return {};
    if (population > state_.open) {
      return refused(
          state_, "a permit",
          state_.populations[population].name + " opens when " + served().name + " is resolved");
    }
    return refused(state_, "a permit",
                   std::to_string(state_.populations[population].dispatched) +
                       " devices have one and no place is open");
  }

  void change_dispatched(std::size_t stratum, Counted counted, std::int64_t by) {
    Population& population = population_of(stratum);
    population.dispatched += by;
    state_.strata[stratum].dispatched += by;
    if (counted == Counted::outside) population.outside += by;
    state_.reason = std::to_string(population.dispatched) + " of " +
                    std::to_string(population.limit_dispatched) + " places are taken.";
  }

  void hold(HeldBy cause) {
    if (state_.held_by == HeldBy::tenant) return;  // the strictest of all holds
    const bool news = state_.phase != Phase::held || state_.held_by != cause;
    state_.phase = Phase::held;
    state_.held_by = cause;
    if (!news) return;
    switch (cause) {
      case HeldBy::engine: return notify(Occasion::held, Notify::Urgency::page);
      case HeldBy::person: return notify(Occasion::held, Notify::Urgency::tell);
      case HeldBy::freeze: return notify(Occasion::frozen, Notify::Urgency::tell);
      case HeldBy::exhausted: return notify(Occasion::exhausted, Notify::Urgency::page);
      case HeldBy::tenant: return notify(Occasion::tenant_halted, Notify::Urgency::page);
    }
  }

  // The phase follows from the reasons to hold; a person's comes before all others.
  void settle() {
    if (state_.operator_hold) return hold(HeldBy::person);
    if (state_.frozen_since) return hold(HeldBy::freeze);
    if (state_.engine_hold || state_.install_hold) return hold(HeldBy::engine);
    if (served().last_decision.move == Move::exhausted) return hold(HeldBy::exhausted);
    state_.held_by.reset();
    if (state_.phase == Phase::completed) return;
    state_.phase = Phase::running;
    const bool passed_over = served().deserted(active_);
    if (!served().resolved() && !passed_over) return;
    if (state_.open + 1 < state_.populations.size()) return open_next();
    if (state_.dispatched() == 0) return;  // nobody anywhere took it: nothing was shown
    state_.phase = Phase::completed;
    expect_latecomers();
    effect(PublishPlan{});
    notify(Occasion::completed, Notify::Urgency::tell);
  }

  void watch_for_desertion(Millis active) {
    Population& p = served();
    active_ = active;
    if (p.dispatched > 0 || p.remaining > 0) return p.deserted_since.reset();
    if (!p.deserted_since) p.deserted_since = active;
  }

  // The next population opens when this one is resolved at its last horizon or has nobody left who
  // could, and its time has come.
  void open_next() {
    const Millis waits = state_.populations[state_.open + 1].waits;
    // Who waits for a first permit does not go first.
    if (waits.ms > 0 && (!state_.first_permit || now_ - *state_.first_permit < waits)) return;
    if (!served().resolved()) {
      effect(Notify{Occasion::passed_over, Notify::Urgency::page,
                    "All of " + served().name + " (" + std::to_string(served().size) +
                        " devices) " + "fell silent or were refused before any of them started: " +
                        "nothing was shown there, and the next ring opens."});
    }
    ++state_.open;
    state_.words_from = now_;
    served().last_decision = caps(served().parameters, situation());
  }

  void freeze() {
    if (!state_.frozen_since) state_.frozen_since = now_;
    if (!state_.operator_hold) hold(HeldBy::freeze);
    if (state_.freeze_paged || now_ - *state_.frozen_since <= state_.parameters.freeze_page) return;
    state_.freeze_paged = true;
    notify(Occasion::frozen, Notify::Urgency::page);
  }

  // Capitals, counts, bounds and the hysteresis of HOLD, in the order the proofs need.
  void learn(const TickCounts& counts) {
    state_.evidence.add(counts.strata, state_.parameters.rho0.fraction());
    for (std::size_t p = 0; p <= state_.open; ++p) learn_population(counts, p);
    const double evidence = state_.evidence.global();
    state_.engine_hold =
        evidence >= static_cast<double>(state_.engine_hold ? state_.parameters.resume_below
                                                           : state_.parameters.hold_at);
    if (state_.engine_hold) return;
    for (Population& population : state_.populations) {
      for (Pacing& pacing : population.pacing)
        pacing.lowest = std::min(pacing.lowest, pacing.bound);
    }
  }

  // They have no control, and what stands in for one is no ground to stop: people hear of it.
  void watch_latecomers(const TickCounts& counts) {
    if (state_.phase == Phase::completed) expect_latecomers();
    if (!state_.latecomers) return;
    Latecomers& late = *state_.latecomers;
    late.add(counts.strata, state_.parameters);
    if (late.told || late.evidence.global() < state_.parameters.halt_at()) return;
    late.told = true;
    effect(Notify{Occasion::latecomers, Notify::Urgency::tell, sentence_of_latecomers(late)});
  }

  void expect_latecomers() {
    if (!state_.latecomers)
      state_.latecomers = Latecomers{.evidence = Evidence(state_.strata.size())};
  }

  void count_latecomers(Counted counted, std::int64_t by) {
    if (state_.latecomers && counted == Counted::inside) state_.latecomers->machines += by;
  }

  void learn_population(const TickCounts& counts, std::size_t p) {
    Population& population = state_.populations[p];
    for (std::size_t k = 0; k < population.pacing.size(); ++k) {
      Pacing& pacing = population.pacing[k];
      std::int64_t resolved = 0;
      for (std::size_t s = 0; s < counts.strata.size(); ++s) {
        if (state_.strata[s].population != p) continue;
        resolved += counts.strata[s].resolved[k];
        learn_stratum(pacing, counts.strata[s], k);
      }
      pacing.outcomes.resolved = state_.populations.size() == 1 ? counts.resolved[k] : resolved;
      pacing.bound =
          upper_bound(pacing.outcomes, pacing.control, population.parameters.beta.fraction());
      pacing.with_loan = loan_counts(population) ? bound_with_loan(population, k) : 1.0;
    }
    count_bad(counts, p);
  }

  // Of those for whom something is expected of the others: after the completion nobody is left.
  void count_bad(const TickCounts& counts, std::size_t p) {
    if (state_.latecomers) return;
    Population& population = state_.populations[p];
    const std::size_t last = population.pacing.size() - 1;
    for (std::size_t s = 0; s < counts.strata.size(); ++s) {
      if (state_.strata[s].population != p) continue;
      for (std::size_t c = 0; c < kChannels; ++c)
        population.bad[c] += counts.strata[s].channel[c].bad_below[last];
    }
  }

  // The first wave of each population is its own; and while its machines speak against what was
  // borrowed, they alone count.
  bool loan_counts(const Population& own) const {
    const std::int64_t first = std::min(own.dispatched, own.parameters.toe_dip);
    return state_.loan && first > 0 &&
           own.pacing.front().outcomes.resolved + own.outside >= first &&
           state_.evidence.global() < kLoanEndsAt;
  }

  double bound_with_loan(const Population& own, std::size_t k) const {
    const Loan::Share& lent = state_.loan->horizons[k];
    return upper_bound(sum(own.pacing[k].outcomes, lent.outcomes),
                       sum(own.pacing[k].control, lent.control), own.parameters.beta.fraction());
  }

  static void learn_stratum(Pacing& pacing, const StratumCounts& stratum, std::size_t k) {
    for (const ChannelCounts& channel : stratum.channel) {
      pacing.outcomes.bad += channel.bad_below[k];
      add_control(pacing.control,
                  {channel.at_risk_below[k], channel.control_for_bound, channel.control_events});
    }
  }

  std::vector<std::string> names_of_harmed_strata() const {
    std::vector<std::string> names;
    for (const std::size_t s : harmed_strata(state_.evidence.by_stratum()))
      names.push_back(state_.strata[s].name);
    return names;
  }

  void halt_on_evidence(const std::optional<TenantId>& only_tenant) {
    if (only_tenant) return halt_tenant(*only_tenant);
    std::vector<std::string> names = names_of_harmed_strata();
    const std::string where = names.empty() ? "" : ", harmed: " + joined(names);
    halt(Stop{"engine", "the evidence of harm is beyond doubt" + where, now_}, std::move(names));
  }

  // One customer's devices alone may lie, or be broken by something of their own: they are taken
  // out at once, and nobody else gets the release until a person has looked.
  void halt_tenant(const TenantId& tenant) {
    stop_probing();
    close_places();
    state_.tenant_halt = TenantHalt{tenant, now_};
    effect(ClosePlaces{state_.limit_dispatched()});
    effect(RevertTenant{tenant});
    effect(PublishPlan{});
    hold(HeldBy::tenant);
    effect(DenyPermits{sentence_for_devices(state_)});
    effect(OpenIncident{sentence(state_), names_of_harmed_strata()});
  }

  void watch_other_tenants(const Tick& event) {
    if (!event.counts.frozen) learn(event.counts);
    if (event.only_tenant == state_.tenant_halt->tenant) return;
    halt(
        Stop{"engine",
             "the evidence of harm is beyond doubt, and a second tenant's devices were harmed, too",
             now_},
        names_of_harmed_strata());
  }

  void stop_probing() {
    for (Population& each : state_.populations) each.probing = false;
  }

  void halt(Stop stop, std::vector<std::string> strata = {}) {
    state_.phase = Phase::halted;
    state_.held_by.reset();
    stop_probing();
    close_places();
    state_.reason = "Halted by " + stop.by + ": " + stop.reason;
    state_.halt = std::move(stop);
    effect(DenyPermits{sentence(state_)});
    effect(BlockDigest{});
    effect(OrderRevert{});
    effect(PublishPlan{});
    effect(OpenIncident{sentence(state_), std::move(strata)});
    notify(Occasion::halted, Notify::Urgency::page);
  }

  bool too_many_failed_installs() const {
    const std::int64_t attempts = state_.installs.attempts - state_.installs_forgiven.attempts;
    const std::int64_t failures = state_.installs.failures - state_.installs_forgiven.failures;
    return attempts >= state_.parameters.install_attempts &&
           static_cast<double>(failures) >
               state_.parameters.install_failure_limit.fraction() * static_cast<double>(attempts);
  }

  // The holdback is the last control: it waits until everybody else has had it for a while.
  void bake(Millis active) {
    Population& p = served();
    if (p.holdback_baked) return;
    if (p.remaining > p.parameters.holdback) return p.holdback_reached.reset();
    if (!p.holdback_reached) p.holdback_reached = active;
    p.holdback_baked = active - *p.holdback_reached >= p.parameters.holdback_bake;
  }

  // The decision sees places, open ones as good as taken, and counts devices outside n and X as
  // resolved.
  Situation situation() const {
    const Population& p = served();
    const std::int64_t places = std::max(p.dispatched, p.limit_dispatched);
    Situation seen{.horizons = {},
                   .dispatched = places,
                   .undispatched = std::max<std::int64_t>(0, p.remaining - (places - p.dispatched)),
                   .holdback = p.holdback_baked ? 0 : p.parameters.holdback,
                   .hold = state_.engine_hold,
                   .awaited = awaited_,
                   .accepted = p.accepted ? p.accepted->bad : 0};
    for (std::size_t k = 0; k < p.pacing.size(); ++k) {
      const Outcomes& outcomes = p.pacing[k].outcomes;
      seen.horizons.push_back({outcomes.resolved + p.outside, outcomes.bad, state_.bound(k)});
    }
    return seen;
  }

  void pace() {
    withdraw_places();
    Population& p = served();
    if (state_.phase == Phase::completed) {
      if (!state_.engine_hold) widen(p.remaining - (p.limit_dispatched - p.dispatched));
      return settle();
    }
    const bool went_on = p.last_decision.move != Move::exhausted;
    p.last_decision = decide(p.parameters, situation());
    // Also under a person's hold, which hides it.
    if (went_on && p.last_decision.move == Move::exhausted) state_.words_from = now_;
    if (!state_.operator_hold && !state_.install_hold) take(p.last_decision);
    settle();
  }

  void take(const Decision& decision) {
    Population& p = served();
    if (decision.want > 0) {
      p.probing = decision.move == Move::probe;
      p.probed = p.probed || p.probing;
      widen(decision.want);
    } else if (p.limit_dispatched == p.dispatched && decision.move != Move::wait) {
      p.probing = false;
    }
  }

  // An open wave goes on only as far as today's bounds allow.
  void withdraw_places() {
    Population& p = served();
    if (p.limit_dispatched <= p.dispatched) return;
    const std::int64_t most = std::max(p.dispatched, still_allowed());
    if (most >= p.limit_dispatched) return;
    p.limit_dispatched = most;
    effect(ClosePlaces{state_.limit_dispatched()});
  }

  std::int64_t still_allowed() const {
    const Population& p = served();
    if (state_.phase == Phase::completed)
      return state_.engine_hold ? p.dispatched : p.limit_dispatched;
    Situation taken = situation();
    taken.dispatched = p.dispatched;
    taken.undispatched = p.remaining;
    if (taken.hold && taken.horizons.front().resolved < taken.dispatched) return p.dispatched;
    const Decision now = caps(p.parameters, taken);
    const double cap = p.probing && !taken.hold ? now.hard_cap : now.soft_cap;
    const auto limit = static_cast<double>(std::min(now.limit, p.limit_dispatched));
    return static_cast<std::int64_t>(std::floor(std::min(cap, limit)));
  }

  void widen(std::int64_t more) {
    if (more <= 0) return;
    Population& p = served();
    p.limit_dispatched = std::max(p.limit_dispatched, p.dispatched) + more;
    effect(OpenPlaces{more, state_.limit_dispatched()});
  }

  State state_;
  Instant now_;
  Millis active_;             // of a tick
  std::int64_t awaited_ = 0;  // of a tick
  std::vector<Effect> effects_;
  bool quiet_ = false;  // permits come by the thousand: no sentence for each
};

}  // namespace

std::string_view name(Occasion occasion) {
  switch (occasion) {
    case Occasion::held: return "held";
    case Occasion::halted: return "halted";
    case Occasion::tenant_halted: return "tenant-halted";
    case Occasion::exhausted: return "exhausted";
    case Occasion::frozen: return "frozen";
    case Occasion::completed: return "completed";
    case Occasion::passed_over: return "passed-over";
    case Occasion::latecomers: return "latecomers";
  }
  FB_CHECK(false);
}

Result<State> draft(Parameters parameters, std::int64_t fleet_size) {
  FB_TRY(check(parameters, fleet_size));
  State state;
  state.parameters = std::move(parameters);
  state.fleet_size = fleet_size;
  state.reason = "gates have not been judged yet.";
  return state;
}

Result<Step> step(State state, const Event& event, Instant now) {
  Stepping stepping(std::move(state), now);
  const Status status =
      std::visit([&stepping](const auto& each) { return stepping.on(each); }, event);
  return std::move(stepping).finish(status);
}

}  // namespace fb::rollout
