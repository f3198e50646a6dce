#include "install/step.h"

#include <algorithm>

#include "base/limits.h"
#include "install/judgement.h"
#include "install/notes.h"

namespace fb::install {
namespace {

using statement::Purpose;

// The agent died this often during a trial load: the trial itself is what kills it.
constexpr int kTries = 3;
// Starts of the agent on probation without a passed probe: the third goes back first. A probe that
// passes just after the start proves little: what dies a minute later would loop for ever.
constexpr int kStarts = 3;
constexpr Millis kLasting = minutes(10);
Millis lasting(const Candidate& candidate) { return std::min(candidate.probation / 2, kLasting); }

std::string plural(std::int64_t n, const std::string& thing) {
  return std::to_string(n) + " " + thing + (n == 1 ? "" : "s");
}

// A release without a rollout came in a bundle, and starts on its released mark.
bool is_carried(RolloutId rollout) { return rollout == RolloutId(); }
std::string offers(RolloutId rollout) {
  return (is_carried(rollout) ? "a bundle" : "rollout " + rollout.text()) + " offers ";
}

// One event being applied to one state. take() methods tell the story of each event.
class Stepper {
 public:
  Stepper(State state, Now now) : state_(std::move(state)), now_(now) {}

  void take(const Recovered& event);
  void take(const Provisioned& event);
  void take(const Offered& event);
  void take(const OfferRefused& event);
  void take(const Fetched& event);
  void take(const FetchFailed& event);
  void take(const Judged& event);
  void take(const Invited& event);
  void take(const PermitGranted& event);
  void take(const PermitDenied& event);
  void take(const PermitRefused& event);
  void take(const TasteEnded& event);
  void take(const Switched&);
  void take(const SwitchFailed& event);
  void take(const ProbePassed&);
  void take(const ProbeFailed& event);
  void take(const Crashed& event);
  void take(const FellBack&);
  void take(const ReportsTaken& event);
  void take(const Tick&);

  Step finish() && { return {std::move(state_), std::move(effects_), std::move(reason_)}; }

 private:
  template <class P>
  P* phase() {
    return std::get_if<P>(&state_.phase);
  }
  // Records why, for `explain`, and makes it this step's reason. Whether it is news.
  bool decide(std::string rule, const std::string& sentence, std::string change = "") {
    reason_ = plain(sentence, kSentenceBytes);
    return note_decision(state_, now_.wall, {{}, std::move(rule), reason_, std::move(change)});
  }
  void report(ReportKind kind, const Slot& slot, RolloutId rollout, const std::string& detail) {
    note_report(state_, now_.wall, {0, kind, slot.release, rollout.number(), detail, {}});
  }
  void report(ReportKind kind, const Candidate& candidate, const std::string& detail) {
    report(kind, candidate.slot, candidate.rollout, detail);
  }
  // The server may count this device among those that have the candidate.
  bool may_be_permitted() {
    const auto* staged = phase<Staged>();
    return (staged != nullptr && staged->ask) || phase<Permitted>() != nullptr ||
           phase<Tasted>() != nullptr;
  }
  [[nodiscard]] bool knows_as_bad(const Digest& release) const {
    return std::any_of(state_.rejected.begin(), state_.rejected.end(),
                       [&](const Rejection& each) { return each.release == release; });
  }
  void prune();
  void stage(Candidate candidate) { state_.phase = Staged{std::move(candidate), false, {}}; }
  void hand_back(const std::string& rule, const std::string& sentence);
  void refuse(Candidate candidate, const std::string& rule, const std::string& sentence);
  void refuse_banned(const Candidate& candidate, const Ban& ban);
  bool refuse_offer(const Offered& offer);
  void begin_fetch(const Offered& offer);
  void resume(const Digest& release, const RolloutId& halted);
  void recover_trial();
  void recover_activation(const std::optional<Digest>& linked, bool same_boot);
  void adopt(const Recovered& event);
  void recover_link(const std::optional<Digest>& linked);
  void start_probation();
  void count_start();
  void roll_back(const std::string& reason);
  void go_back(const Candidate& candidate, Cause cause, const std::string& reason,
               std::optional<RolloutId> halted = {});
  void promote();
  void promote_when_proved();
  void judge_candidate(const Judged& event);
  void judge_readiness(const Judged& event);
  void defer(const Hindrance& hindrance);
  void judge_fetching(const Judged& event);
  void judge_active(const Judged& event);
  void forget_lifted(const Judged& event);
  void drop_revoked(const Judged& event);
  void revert_now();
  void tick_ask();
  void fold_sightings();

  State state_;
  Now now_;
  std::vector<Effect> effects_;
  std::string reason_;  // empty: nothing worth saying
};

// ---- Starting again ----

void Stepper::take(const Recovered& event) {
  const bool same_boot = !event.boot.empty() && event.boot == state_.boot;
  // After a lost state file: a number given twice would be swallowed by the outbox.
  state_.reported = std::max(state_.reported, event.taken);
  if (!same_boot) {
    state_.boot = event.boot;
    state_.revert.reset();  // planned anew by the next judgement
    for (Sighting& seen : state_.seen) seen.mark = now_.uptime;
    if (auto* staged = phase<Staged>(); staged != nullptr && staged->ask) {
      hand_back("reboot", "a permit does not outlive a reboot");
    }
    if (auto* probation = phase<Probation>()) probation->since = now_.uptime;
  }
  if (phase<Fetching>() != nullptr) {
    effects_.emplace_back(Fetch{phase<Fetching>()->rollout, phase<Fetching>()->release});
  }
  recover_trial();
  recover_activation(event.linked, same_boot);
  adopt(event);
  recover_link(event.linked);
  prune();
}

// The agent did not live to see the end of the trial. Perhaps the trial is why.
void Stepper::recover_trial() {
  const bool on_trial = phase<Permitted>() != nullptr || phase<Tasted>() != nullptr;
  if (!on_trial) return;
  Candidate candidate = *candidate_of(state_.phase);
  ++candidate.tries;
  if (candidate.tries >= kTries) {
    const std::string sentence = "the agent ended " + plural(candidate.tries, "time") + " while " +
                                 candidate.slot.version + " was being tried";
    report(ReportKind::install_failed, candidate, sentence);
    return refuse(std::move(candidate), "taste", sentence);
  }
  hand_back("restart", "the agent was restarted before activation");
  std::get<Staged>(state_.phase).candidate.tries = candidate.tries;
}

void Stepper::recover_activation(const std::optional<Digest>& linked, bool same_boot) {
  if (const auto* activating = phase<Activating>()) {
    if (!same_boot) return hand_back("reboot", "a permit does not outlive a reboot");
    if (linked != activating->candidate.slot.release) {
      return hand_back("restart", "the agent was restarted before the switch was turned");
    }
    start_probation();  // the shell starts every workload once it has recovered
    return count_start();
  }
  const auto* probation = phase<Probation>();
  if (probation == nullptr) return;
  if (linked == probation->candidate.slot.release) return count_start();
  // Going back was more urgent than writing it down (a full disk).
  roll_back("the switch was found turned back");
}

void Stepper::count_start() {
  auto* probation = phase<Probation>();
  const Candidate candidate = probation->candidate;
  probation->run = now_.uptime;
  ++probation->starts;
  if (probation->starts < kStarts) return;
  const std::string sentence =
      plural(probation->starts, "start") + " since " + candidate.slot.version +
      " was activated, and no probe passed once it had run for " + in_words(lasting(candidate));
  report(ReportKind::boot_loop, candidate, sentence);
  roll_back("boot loop: " + sentence);
}

// The state file was lost, and the switch still points to a whole slot: what ran here last.
void Stepper::adopt(const Recovered& event) {
  if (state_.active || state_.lkg || !event.whole || event.whole->release != event.linked) return;
  const Digest& release = event.whole->release;
  const Candidate* candidate = candidate_of(state_.phase);
  if (candidate != nullptr && candidate->slot.release == release) return;
  if (knows_as_bad(release)) return;
  state_.active = event.whole;
  state_.lkg = event.whole;
  decide("adopted", event.whole->version +
                        " was found running without a state file; it is last-known-good now");
}

// The state file is right and the link follows. A state that knows of no slot at all is right about
// nothing: then what runs is left alone, unless it is known to be wrong here.
void Stepper::recover_link(const std::optional<Digest>& linked) {
  if (auto* back = phase<RolledBack>(); back != nullptr && !back->settled) {
    effects_.clear();
    const auto to = back->to ? std::optional(back->to->release) : std::nullopt;
    effects_.emplace_back(FallBack{to});
    return;
  }
  const auto wanted = state_.active ? std::optional(state_.active->release) : std::nullopt;
  const Candidate* candidate = candidate_of(state_.phase);
  const bool candidates = candidate != nullptr && linked == candidate->slot.release;
  if (!wanted && linked && !candidates && !knows_as_bad(*linked)) {
    decide("unknown-slot",
           "the switch points to " + linked->brief() +
               ", of which this device has no record and no whole manifest",
           "'firebreak-agent provision' by local root");
    return;
  }
  if (linked != wanted) effects_.emplace_back(FallBack{wanted});
}

void Stepper::take(const Provisioned& event) {
  State kept = fresh(state_.component);
  kept.boot = state_.boot;
  kept.reports = std::move(state_.reports);
  kept.reported = state_.reported;
  kept.decisions = std::move(state_.decisions);
  state_ = std::move(kept);
  state_.active = event.slot;
  state_.lkg = event.slot;
  decide("provisioned", event.slot.version + " was installed by local root");
  effects_.emplace_back(FallBack{event.slot.release});
}

// ---- From an offer to a staged release ----

void Stepper::take(const Offered& event) {
  for (const RolloutId& halted : event.resumed) resume(event.release, halted);
  if (state_.active && state_.active->release == event.release) return;
  if (const Candidate* candidate = candidate_of(state_.phase)) {
    if (candidate->slot.release == event.release) {
      reason_ = candidate->slot.version + " is here already";
      if (auto* staged = phase<Staged>()) staged->candidate.rollout = event.rollout;
      if (auto* deferred = phase<Deferred>()) deferred->candidate.rollout = event.rollout;
      return;
    }
    const bool waiting = phase<Staged>() != nullptr || phase<Deferred>() != nullptr;
    if (!waiting) {
      reason_ = "one release at a time: " + candidate->slot.version + " is being installed";
      return;
    }
  }
  if (auto* back = phase<RolledBack>(); back != nullptr && !back->settled) return;
  if (const auto* fetching = phase<Fetching>();
      fetching != nullptr && fetching->release == event.release) {
    return;
  }
  begin_fetch(event);
}

// Before a byte of it is fetched. What bans it may be lifted, so nothing is remembered here.
bool Stepper::refuse_offer(const Offered& event) {
  const auto ban = find_ban(state_, event.bans, {event.release, event.version});
  if (!ban) return false;
  const std::string sentence =
      offers(event.rollout) + event.release.brief() + ", which is refused: " + ban->sentence;
  if (decide(ban->rule, sentence, ban->change))
    report(ReportKind::refused, {event.release, event.version}, event.rollout, reason_);
  return true;
}

void Stepper::begin_fetch(const Offered& event) {
  if (refuse_offer(event)) return;
  for (const Rejection& rejection : state_.rejected) {
    if (rejection.release != event.release) continue;
    decide("rejected",
           offers(event.rollout) + event.release.brief() +
               " again, which this device does not take: " + rejection.reason,
           "a rollout that two people resumed");
    return;
  }
  if (const auto* staged = phase<Staged>(); staged != nullptr && staged->ask) {
    hand_back("replaced", offers(event.rollout) + "another release");
  }
  note_sighting(state_, event.release, now_.wall, now_.uptime);
  state_.phase = Fetching{event.rollout, event.release};
  decide("offered", offers(event.rollout) + event.release.brief());
  effects_.emplace_back(Fetch{event.rollout, event.release});
}

void Stepper::resume(const Digest& release, const RolloutId& halted) {
  const Lift lift{release, halted};
  if (std::find(state_.lifted.begin(), state_.lifted.end(), lift) != state_.lifted.end()) return;
  // Once per resume: what this device found out by itself afterwards stands.
  std::erase_if(state_.rejected, [&](const Rejection& each) { return each.release == release; });
  if (state_.lifted.size() == kRejections) state_.lifted.erase(state_.lifted.begin());
  state_.lifted.push_back(lift);
  decide("resumed",
         "two people lifted the halt of rollout " + halted.text() + " for " + release.brief());
}

// Said once: the server may repeat its offer for days.
void Stepper::take(const OfferRefused& event) {
  const bool news = decide(event.rule, event.sentence, "metadata that this device can verify");
  if (news) report(ReportKind::refused, {event.release, ""}, event.rollout, event.sentence);
}

void Stepper::take(const Fetched& event) {
  const auto* fetching = phase<Fetching>();
  if (fetching == nullptr || fetching->release != event.candidate.slot.release) return;
  stage(event.candidate);
  for (const std::string& sentence : event.refused_copies) {
    report(ReportKind::refused, event.candidate, sentence);
    decide("digest", sentence, "nothing: another copy was right");
  }
  for (const std::string& sentence : event.skipped)
    decide("mirror", sentence, "nothing: another mirror served it");
  report(ReportKind::staged, event.candidate, "fetched and verified");
  decide("staged",
         event.candidate.slot.version + " is fetched and verified; nothing parsed it yet");
  prune();
}

void Stepper::take(const FetchFailed& event) {
  const auto* fetching = phase<Fetching>();
  if (fetching == nullptr || fetching->release != event.release) return;
  const RolloutId rollout = fetching->rollout;
  state_.phase = Idle{};
  const bool news = decide(event.refused.empty() ? "fetch" : event.refused, event.sentence,
                           "it is fetched again with the next offer");
  if (news && !event.refused.empty()) {
    report(ReportKind::refused, {event.release, ""}, rollout, event.sentence);
  }
}

// ---- Whether this device allows it ----

void Stepper::take(const Judged& event) {
  forget_lifted(event);
  judge_fetching(event);
  judge_candidate(event);
  judge_active(event);
  drop_revoked(event);
}

// What was rejected for a halt that the publisher has unblocked. What this device found out by
// itself stands.
void Stepper::forget_lifted(const Judged& event) {
  std::erase_if(state_.rejected, [&](const Rejection& each) {
    return each.halted && event.bans.revocations.lifts(each.release, *each.halted);
  });
}

void Stepper::judge_fetching(const Judged& event) {
  const auto* fetching = phase<Fetching>();
  if (fetching == nullptr) return;
  const auto ban = find_reason_to_leave(state_, event.bans, fetching->release);
  if (!ban) return;
  const Slot slot{fetching->release, fetching->release.brief()};
  report(ReportKind::refused, slot, fetching->rollout, ban->sentence);
  state_.phase = Idle{};
  decide(ban->rule, slot.version + " is fetched no further: " + ban->sentence, ban->change);
  prune();
}

void Stepper::judge_candidate(const Judged& event) {
  const Candidate* candidate = candidate_of(state_.phase);
  const bool started = phase<Activating>() != nullptr || phase<Probation>() != nullptr;
  if (candidate == nullptr || started) return;
  if (const auto ban = find_ban(state_, event.bans, candidate->slot))
    return refuse_banned(Candidate(*candidate), *ban);
  judge_readiness(event);
}

void Stepper::judge_readiness(const Judged& event) {
  const Candidate candidate = *candidate_of(state_.phase);
  const auto hindrance = find_hindrance(state_, candidate, event, now_);
  if (hindrance) return defer(*hindrance);
  if (phase<Deferred>() != nullptr) stage(candidate);
  auto* staged = phase<Staged>();
  if (staged == nullptr || staged->ready) return;
  staged->ready = true;
  if (is_carried(candidate.rollout)) {
    decide("ready", candidate.slot.version + " may start here, on its released mark");
    return;
  }
  decide("ready", candidate.slot.version + " may start here; the server has to hold a place for it",
         "a permit from the server");
}

void Stepper::defer(const Hindrance& hindrance) {
  const Candidate candidate = *candidate_of(state_.phase);
  const auto* before = phase<Deferred>();
  if (before != nullptr && before->rule == hindrance.rule &&
      before->sentence == hindrance.sentence) {
    return;
  }
  if (may_be_permitted()) report(ReportKind::handed_back, candidate, hindrance.sentence);
  state_.phase = Deferred{candidate, hindrance.rule, hindrance.sentence, hindrance.until};
  report(ReportKind::deferred, candidate, hindrance.sentence);
  decide(hindrance.rule, hindrance.sentence, hindrance.change);
}

// ---- Permit and trial ----

void Stepper::take(const Invited& event) {
  auto* staged = phase<Staged>();
  if (staged == nullptr || staged->candidate.slot.release != event.release) return;
  if (!staged->ready || staged->candidate.rollout != event.rollout) return;
  if (!staged->ask) staged->ask = Ask{event.nonce, now_.uptime};
  reason_ = "asking for a permit";
  effects_.emplace_back(
      AskPermit{event.rollout, event.release, staged->ask->nonce, Purpose::start});
}

void Stepper::take(const PermitGranted& event) {
  const Millis valid = std::min(event.valid, limits::kFreshness);
  if (auto* staged = phase<Staged>();
      staged != nullptr && staged->ask && staged->ask->nonce == event.nonce) {
    const Uptime until = staged->ask->asked + valid;
    if (now_.uptime >= until)
      return hand_back("expired", "the permit came after its " + in_words(valid));
    const Candidate candidate = staged->candidate;
    state_.phase = Permitted{candidate, until};
    decide("permitted", event.by + " permits " + candidate.slot.version + " to start, for " +
                            in_words(valid) + " from asking");
    effects_.emplace_back(Taste{candidate});
  } else if (auto* tasted = phase<Tasted>();
             tasted != nullptr && tasted->renewal.nonce == event.nonce) {
    const Uptime until = tasted->renewal.asked + valid;
    if (now_.uptime >= until)
      return hand_back("expired", "the permit came after its " + in_words(valid));
    const Candidate candidate = tasted->candidate;
    state_.phase = Activating{candidate};
    reason_ = "activating " + candidate.slot.version;
    effects_.emplace_back(Activate{candidate.slot.release, until});
  }
}

void Stepper::take(const PermitDenied& event) {
  auto* staged = phase<Staged>();
  if (staged != nullptr && staged->ask && staged->ask->nonce == event.nonce) {
    staged->ask.reset();
    decide(event.rule, "the server does not permit it now: " + event.detail,
           "the server invites again when a place is free");
    return;
  }
  auto* tasted = phase<Tasted>();
  if (tasted == nullptr || tasted->renewal.nonce != event.nonce) return;
  hand_back(event.rule, "the server did not renew the permit: " + event.detail);
}

void Stepper::take(const PermitRefused& event) {
  const auto* staged = phase<Staged>();
  const auto* tasted = phase<Tasted>();
  const bool ours = (staged != nullptr && staged->ask && staged->ask->nonce == event.nonce) ||
                    (tasted != nullptr && tasted->renewal.nonce == event.nonce);
  if (!ours) return;
  const Candidate candidate = *candidate_of(state_.phase);
  report(ReportKind::refused, candidate, event.sentence);
  stage(candidate);
  decide(event.rule, event.sentence,
         is_carried(candidate.rollout) ? "a newer bundle"
                                       : "a permit that this device's metadata vouches for");
}

void Stepper::take(const TasteEnded& event) {
  auto* permitted = phase<Permitted>();
  if (permitted == nullptr || permitted->candidate.slot.release != event.release) return;
  const Candidate candidate = permitted->candidate;
  switch (event.trial) {
    case Trial::could_not_run:
      return hand_back("taste", "the trial load could not be run: " + event.sentence);
    case Trial::failed:
      report(ReportKind::install_failed, candidate, "taste: " + event.sentence);
      return refuse(candidate, "taste", "the trial load failed: " + event.sentence);
    case Trial::passed: break;
  }
  if (now_.uptime >= permitted->until) {
    return hand_back("expired", "the permit ran out during the trial load");
  }
  report(ReportKind::tasted, candidate, event.sentence);
  decide("tasted",
         candidate.slot.version + " was loaded in a sacrificial process: " + event.sentence);
  state_.phase = Tasted{candidate, Ask{event.nonce, now_.uptime}};
  effects_.emplace_back(
      AskPermit{candidate.rollout, candidate.slot.release, event.nonce, Purpose::renew});
}

// Nothing new was activated; the release stays staged and may be permitted again.
void Stepper::hand_back(const std::string& rule, const std::string& sentence) {
  const Candidate candidate = *candidate_of(state_.phase);
  report(ReportKind::handed_back, candidate, sentence);
  stage(candidate);
  decide(rule, "handed back: " + sentence, "a new permit");
}

void Stepper::refuse(Candidate candidate, const std::string& rule, const std::string& sentence) {
  note_rejection(state_, {candidate.slot.release, rule + ": " + sentence});
  state_.phase = Refused{candidate.slot, candidate.rollout, rule, plain(sentence, kSentenceBytes)};
  decide(rule, candidate.slot.version + " is refused here: " + sentence,
         "another release, or a rollout that two people resumed");
  prune();
}

// The bans themselves are remembered elsewhere; a block is noted here too, because only people and
// publisher may lift it.
void Stepper::refuse_banned(const Candidate& candidate, const Ban& ban) {
  if (may_be_permitted()) report(ReportKind::handed_back, candidate, ban.sentence);
  report(ReportKind::refused, candidate, ban.sentence);
  if (ban.halted) {
    note_rejection(state_, {candidate.slot.release, ban.rule + ": " + ban.sentence, ban.halted});
  }
  state_.phase =
      Refused{candidate.slot, candidate.rollout, ban.rule, plain(ban.sentence, kSentenceBytes)};
  decide(ban.rule, candidate.slot.version + " is refused here: " + ban.sentence, ban.change);
  prune();
}

// ---- Activation and probation ----

void Stepper::take(const Switched&) {
  if (phase<Activating>() == nullptr) return;
  start_probation();
  effects_.emplace_back(RestartWorkload{});
}

void Stepper::start_probation() {
  const Candidate candidate = std::get<Activating>(state_.phase).candidate;
  state_.active = candidate.slot;
  state_.crash_told = false;
  state_.phase = Probation{candidate, now_.uptime, now_.uptime, 0, 0, 0, false};
  report(ReportKind::activated, candidate, "on probation for " + in_words(candidate.probation));
  decide("activated",
         candidate.slot.version + " is active, on probation for " + in_words(candidate.probation));
}

void Stepper::take(const SwitchFailed& event) {
  const auto* activating = phase<Activating>();
  if (activating == nullptr) return;
  if (event.linked == activating->candidate.slot.release) return take(Switched{});
  const Candidate candidate = activating->candidate;
  report(ReportKind::install_failed, candidate, event.sentence);
  hand_back("switch", event.sentence);
}

void Stepper::take(const ProbePassed&) {
  auto* probation = phase<Probation>();
  if (probation == nullptr) return;
  probation->passed = true;
  probation->probe_failures = 0;
  if (now_.uptime - probation->run >= lasting(probation->candidate)) probation->starts = 0;
  promote_when_proved();
}

void Stepper::promote_when_proved() {
  const auto* probation = phase<Probation>();
  if (probation == nullptr || !probation->passed || probation->probe_failures > 0) return;
  if (now_.uptime < probation->since + probation->candidate.probation) return;
  promote();
}

void Stepper::promote() {
  const Candidate candidate = std::get<Probation>(state_.phase).candidate;
  state_.previous_lkg = state_.lkg;
  if (candidate.one_way) state_.previous_lkg.reset();  // nothing older could read what it wrote
  state_.lkg = candidate.slot;
  state_.revert.reset();
  state_.phase = Healthy{candidate.rollout};
  const std::string sentence = "passed its probation of " + in_words(candidate.probation);
  report(ReportKind::healthy, candidate, sentence);
  decide("healthy", candidate.slot.version + " " + sentence + " and is last-known-good now");
  prune();
}

void Stepper::take(const ProbeFailed& event) {
  auto* probation = phase<Probation>();
  if (probation == nullptr) return;
  ++probation->probe_failures;
  const int allowed = probation->candidate.probe_failures;
  const std::string sentence = plural(probation->probe_failures, "failed probe") + " in a row (" +
                               std::to_string(allowed) + " allowed): " + event.sentence;
  reason_ = sentence;
  if (probation->probe_failures <= allowed) return;
  report(ReportKind::probe_failed, Candidate(probation->candidate), sentence);
  roll_back(sentence);
}

void Stepper::take(const Crashed& event) {
  auto* probation = phase<Probation>();
  if (probation == nullptr) {
    reason_ = "the workload ended by itself: " + event.sentence;
    if (!state_.active || state_.crash_told) return;
    state_.crash_told = true;
    const auto* healthy = phase<Healthy>();
    report(ReportKind::crashed, *state_.active, healthy != nullptr ? healthy->rollout : RolloutId(),
           event.sentence);
    return;
  }
  ++probation->crashes;
  const Candidate candidate = probation->candidate;
  const std::string sentence = "crash " + std::to_string(probation->crashes) + " on probation (" +
                               std::to_string(candidate.restarts) +
                               " tolerated): " + event.sentence;
  reason_ = sentence;
  if (probation->crashes == 1) report(ReportKind::crashed, candidate, event.sentence);
  if (probation->crashes > candidate.restarts) roll_back(sentence);
}

// ---- Back ----

void Stepper::roll_back(const std::string& reason) {
  const Candidate candidate = std::get<Probation>(state_.phase).candidate;
  report(ReportKind::rolled_back, candidate, reason);
  go_back(candidate, Cause::harm, reason);
}

void Stepper::go_back(const Candidate& candidate, Cause cause, const std::string& reason,
                      std::optional<RolloutId> halted) {
  const std::string why = plain(reason, kSentenceBytes);
  note_rejection(state_, {candidate.slot.release, "rolled back here: " + why, halted});
  state_.active = state_.lkg;
  state_.crash_told = false;
  state_.revert.reset();
  const auto to = state_.lkg;
  state_.phase = RolledBack{candidate.slot, candidate.rollout, to, cause, why, false};
  effects_.clear();
  effects_.emplace_back(FallBack{to ? std::optional(to->release) : std::nullopt});
  decide("rolled-back",
         candidate.slot.version + " is rolled back" + (to ? " to " + to->version : "") + ": " + why,
         "another release, or a rollout that two people resumed");
}

void Stepper::take(const FellBack&) {
  auto* back = phase<RolledBack>();
  if (back == nullptr || back->settled) return;
  back->settled = true;
  reason_ = "running " + (back->to ? back->to->version : std::string("nothing")) + " again";
  prune();
}

void Stepper::judge_active(const Judged& event) {
  const auto* back = phase<RolledBack>();
  if (!state_.active || (back != nullptr && !back->settled)) return;
  const Slot active = *state_.active;
  const auto ban = find_reason_to_leave(state_, event.bans, active.release);
  if (!ban) return state_.revert.reset();
  // The customer may keep what was halted. What the publisher revoked goes.
  const bool keeps = event.policy && event.policy->on_halt == policy::OnHalt::hold;
  if (keeps && ban->halted) {
    state_.revert.reset();
    decide("on-halt",
           event.policy->tenant.text() + " keeps what runs (on_halt = hold); " + ban->sentence,
           "the customer's policy");
    return;
  }
  const auto to = find_way_out(state_, event.bans);
  if (!to) {
    state_.revert.reset();
    decide("last-slot",
           active.version + " stays: there is no older slot to go to; " + ban->sentence,
           "a release that is neither blocked, revoked nor below the floor");
    return;
  }
  if (state_.revert && state_.revert->to == *to) return;
  const Millis after = revert_delay(event.device, active.release, event.spread);
  state_.revert =
      PlannedRevert{now_.uptime + after, *to, plain(ban->sentence, kSentenceBytes), ban->halted};
  decide(ban->halted ? "halt" : ban->rule, active.version + " goes back to " + to->version +
                                               " in " + in_words(after) + "; " + ban->sentence);
}

// An older slot that was revoked is nothing to fall back to, and its bytes go. Never the one that
// runs, nor the only other one.
void Stepper::drop_revoked(const Judged& event) {
  const auto& old = state_.previous_lkg;
  if (!old || state_.active != state_.lkg || old == state_.active) return;
  const auto& revocations = event.bans.revocations;
  if (revocations.find_revoked(old->release) == nullptr) return;
  if (find_reason_to_leave(state_, event.bans, state_.active->release)) return;
  decide("revoked", old->version + " is kept no longer: the publisher revoked it");
  state_.previous_lkg.reset();
  prune();
}

void Stepper::revert_now() {
  const PlannedRevert plan = *state_.revert;
  const Candidate* under_way = candidate_of(state_.phase);
  if (may_be_permitted()) report(ReportKind::handed_back, *under_way, "going back comes first");
  Candidate leaving;
  if (phase<Probation>() != nullptr) leaving = *under_way;
  if (const auto* healthy = phase<Healthy>()) leaving.rollout = healthy->rollout;
  leaving.slot = *state_.active;
  if (state_.lkg != plan.to) {  // what is blocked is nothing to fall back to
    state_.lkg = plan.to;
    state_.previous_lkg.reset();
  }
  report(ReportKind::reverted_on_halt, leaving, plan.reason);
  go_back(leaving, Cause::halt, plan.reason, plan.halted);
}

// ---- Time and tidiness ----

void Stepper::take(const Tick&) {
  fold_sightings();
  if (auto* back = phase<RolledBack>(); back != nullptr && !back->settled) {
    effects_.emplace_back(FallBack{back->to ? std::optional(back->to->release) : std::nullopt});
    return;
  }
  if (state_.revert && now_.uptime >= state_.revert->due && phase<Activating>() == nullptr) {
    return revert_now();
  }
  tick_ask();
  promote_when_proved();
}

void Stepper::tick_ask() {
  const auto over = [&](const Ask& ask) { return now_.uptime >= ask.asked + limits::kFreshness; };
  const std::string late = "no answer within " + in_words(limits::kFreshness) + " of asking";
  if (const auto* staged = phase<Staged>(); staged != nullptr && staged->ask) {
    if (over(*staged->ask)) return hand_back("unanswered", late);
    effects_.emplace_back(AskPermit{staged->candidate.rollout, staged->candidate.slot.release,
                                    staged->ask->nonce, Purpose::start});
  } else if (const auto* tasted = phase<Tasted>()) {
    if (over(tasted->renewal)) return hand_back("unanswered", late);
    effects_.emplace_back(AskPermit{tasted->candidate.rollout, tasted->candidate.slot.release,
                                    tasted->renewal.nonce, Purpose::renew});
  }
}

// Written down rarely: each is a write to the disk. A power cut in between only makes us wait
// longer.
void Stepper::fold_sightings() {
  for (Sighting& seen : state_.seen) {
    const Millis more = now_.uptime - seen.mark;
    if (more < minutes(5)) continue;
    seen.awake = seen.awake + more;
    seen.mark = now_.uptime;
  }
}

void Stepper::take(const ReportsTaken& event) {
  std::erase_if(state_.reports, [&](const Report& each) { return each.number <= event.up_to; });
}

// Without a last-known-good slot nobody knows which one is to be saved: all of them are.
void Stepper::prune() {
  if (!state_.active && !state_.lkg) return;
  Prune keep;
  for (const auto* slot : {&state_.active, &state_.lkg, &state_.previous_lkg}) {
    if (*slot) keep.keep.push_back((*slot)->release);
  }
  if (const Candidate* candidate = candidate_of(state_.phase))
    keep.keep.push_back(candidate->slot.release);
  if (const auto* fetching = phase<Fetching>()) keep.keep.push_back(fetching->release);
  if (const auto* back = phase<RolledBack>(); back != nullptr && !back->settled) {
    keep.keep.push_back(back->from.release);
  }
  effects_.emplace_back(std::move(keep));
}

}  // namespace

Step step(State state, const Event& event, Now now) {
  Stepper stepper(std::move(state), now);
  std::visit([&](const auto& what) { stepper.take(what); }, event);
  return std::move(stepper).finish();
}

std::optional<Millis> awake_with(const State& state, const Digest& release, Now now) {
  for (const Sighting& seen : state.seen) {
    if (seen.release == release) return seen.awake + (now.uptime - seen.mark);
  }
  return std::nullopt;
}

}  // namespace fb::install
