#include "rollout/step.h"

#include <cmath>
#include <functional>

#include "rollout/stepping_test.h"

namespace fb::rollout {
namespace {

TEST(Step, TheOneRoadLeadsThroughGatesApprovalsAndWaves) {
  State state = draft(parameters(), kFleet).value();
  EXPECT_FALSE(step(state, ApprovalsMet{"ada"}, kNow).ok());
  EXPECT_FALSE(step(state, Start{{{"linux", 1'000}}}, kNow).ok());
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  EXPECT_FALSE(step(state, Start{{{"linux", 1'000}}}, kNow).ok());
  state = after(state, ApprovalsMet{"ada and grace"});
  state = after(state, Start{{{"linux", 1'000}}});
  EXPECT_EQ(state.phase, Phase::running);
  EXPECT_EQ(state.open_places(), 0);
}

TEST(Step, AGateThatGivesNoReasonIsClosed) {
  // An error expression that does not parse must not count as "no error".
  const State state = after(draft(parameters(), kFleet).value(), GateVerdict{});
  EXPECT_EQ(state.phase, Phase::draft);
  EXPECT_NE(sentence(state).find("gave no reason"), std::string::npos);
}

TEST(Step, AGateThatClosesAgainTakesTheApprovalWithIt) {
  State state = draft(parameters(), kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada"});
  EXPECT_EQ(after(state, GateVerdict{GateVerdict::Verdict::closed, {"tests failed"}}).phase,
            Phase::draft);
}

TEST(Step, TheFirstTickOpensTheToeDipAndNothingMore) {
  const State state = running();
  const auto next = step(state, quiet(state), kNow);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->next.open_places(), 10);
  EXPECT_EQ(count<OpenPlaces>(next->effects), 1);
  const State full = dispatched(next->next, 10);
  EXPECT_FALSE(step(full, Dispatched{0}, kNow).ok());
}

TEST(Step, MissingDataNeverPasses) {
  State state = toe_dip();
  for (int i = 0; i < 100; ++i) state = after(state, quiet(state));
  EXPECT_EQ(state.limit_dispatched(), 10);
  EXPECT_EQ(state.phase, Phase::running);
}

TEST(Step, ResolvedCleanDevicesEarnMore) {
  State state = toe_dip();
  state = after(state, resolved(state));
  EXPECT_GT(state.open_places(), 10);
  EXPECT_LT(state.bound(0), 1);
}

TEST(Step, HarmThatIsToldButNotComparedKeepsTheToeDipClosed) {
  const State state = toe_dip();
  Tick tick = resolved(state);
  tick.counts.awaited = 1;
  EXPECT_EQ(after(state, tick).open_places(), 0);
  tick.counts.awaited = 0;
  EXPECT_GT(after(state, tick).open_places(), 0);
}

TEST(Step, APermitHandedBackPassesOn) {
  State state = toe_dip();
  state = after(state, HandedBack{0});
  EXPECT_EQ(state.open_places(), 1);
  EXPECT_FALSE(step(state, HandedBack{1}, kNow).ok());  // none of that stratum is out
}

TEST(Step, OverwhelmingEvidenceHaltsRevertsAndOpensAnIncident) {
  const State state = toe_dip();
  const auto next = step(state, harmful(state, 10), kNow);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->next.phase, Phase::halted);
  EXPECT_EQ(count<DenyPermits>(next->effects), 1);
  EXPECT_EQ(count<BlockDigest>(next->effects), 1);
  EXPECT_EQ(count<OrderRevert>(next->effects), 1);
  EXPECT_EQ(count<OpenIncident>(next->effects), 1);
  for (const Effect& effect : next->effects) {
    if (const auto* incident = std::get_if<OpenIncident>(&effect.what)) {
      EXPECT_EQ(incident->strata, std::vector<std::string>{"linux"});
    }
  }
  State reverted = after(next->next, RevertBegun{});
  EXPECT_EQ(reverted.phase, Phase::reverting);
  EXPECT_EQ(after(reverted, AllReverted{}).phase, Phase::reverted);
}

TEST(Step, WeakEvidenceHoldsAndLeavesTheHoldByHysteresis) {
  State state = toe_dip();
  state = after(state, harmful(state, 2));
  ASSERT_EQ(state.held_by, HeldBy::engine) << state.evidence.global();
  EXPECT_EQ(state.open_places(), 0);
  double before = state.evidence.global();
  bool between = false;
  for (int i = 0; i < 100'000 && state.engine_hold; ++i) {
    Tick tick = quiet(state);
    ChannelCounts& silence = tick.counts.strata[0].channel[1];
    silence.at_risk[0] = 10;
    silence.control = silence.control_for_bound = 500;
    silence.control_events = 1;
    state = after(state, tick);
    if (before < 20 && before >= 10) {
      between = true;
    }
    before = state.evidence.global();
    EXPECT_EQ(state.engine_hold, before >= 10);
  }
  EXPECT_TRUE(between);
  EXPECT_EQ(state.phase, Phase::running);
}

TEST(Step, PausingStopsTheRunningWaveTooNotOnlyTheNext) {
  State state = running();
  state = dispatched(after(state, quiet(state)), 4);
  EXPECT_EQ(state.open_places(), 6);
  state = after(state, OperatorHold{"ada", "let us look"});
  EXPECT_EQ(state.held_by, HeldBy::person);
  EXPECT_EQ(state.open_places(), 0);
  EXPECT_FALSE(step(state, Dispatched{0}, kNow).ok());
  state = after(state, quiet(state));
  EXPECT_EQ(state.held_by, HeldBy::person);
  state = after(state, OperatorContinue{"grace", "looked"});
  EXPECT_EQ(state.open_places(), 6);
}

TEST(Step, WhatTheEngineHoldsNoPersonCanContinue) {
  State state = toe_dip();
  state = after(state, harmful(state, 2));
  EXPECT_FALSE(step(state, OperatorContinue{"ada", "hurry"}, kNow).ok());
}

TEST(Step, AnOutageFreezesAndPagesOnlyWhenItIsLong) {
  State state = toe_dip();
  auto first = step(state, frozen(state), kNow);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->next.held_by, HeldBy::freeze);
  EXPECT_EQ(first->next.open_places(), 0);
  auto late = step(first->next, frozen(state), kNow + minutes(16));
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(count<Notify>(late->effects), 1);
  auto later = step(late->next, frozen(state), kNow + minutes(17));
  EXPECT_EQ(count<Notify>(later->effects), 0);
  EXPECT_EQ(after(later->next, quiet(state)).phase, Phase::running);
}

TEST(Step, NothingIsLearntInAFrozenTick) {
  const State state = toe_dip();
  Tick tick = harmful(state, 10);
  tick.counts.frozen = true;
  const State next = after(state, tick);
  EXPECT_EQ(next.evidence, state.evidence);
  EXPECT_EQ(next.populations, state.populations);
}

TEST(Step, FailedInstallationsHoldButAreNoHarm) {
  State state = toe_dip();
  Tick tick = quiet(state);
  tick.installs = {20, 1};
  EXPECT_EQ(after(state, tick).phase, Phase::running);
  tick.installs = {20, 2};
  state = after(state, tick);
  EXPECT_EQ(state.held_by, HeldBy::engine);
  EXPECT_NEAR(state.evidence.global(), 1, 1e-12);
  state = after(state, OperatorContinue{"ada", "the mirror was full"});
  EXPECT_EQ(after(state, tick).phase, Phase::running);
}

TEST(Step, AWaveIsNotCompleteWhenADeviceDiesSilently) {
  State state = toe_dip();
  Tick tick = quiet(state);  // 9 of 10 lived; the tenth has not reached its horizon
  tick.counts.resolved.fill(9);
  tick.remaining = 0;
  EXPECT_NE(after(state, tick).phase, Phase::completed);
  tick.counts.resolved.fill(10);
  EXPECT_EQ(after(state, tick).phase, Phase::completed);
}

TEST(Step, ARolloutThatNobodyTookIsNotComplete) {
  const State state = running();
  Tick tick = quiet(state);
  tick.remaining = 0;
  EXPECT_EQ(after(state, tick).phase, Phase::running);
}

TEST(Step, TheBrakeStaysOnAfterCompletion) {
  State state = toe_dip();
  Tick done = resolved(state);
  done.remaining = 0;
  state = after(state, done);
  ASSERT_EQ(state.phase, Phase::completed);
  EXPECT_EQ(after(state, harmful(state, 10)).phase, Phase::halted);
  Tick joined = resolved(state);
  joined.remaining = 3;
  EXPECT_EQ(after(state, joined).open_places(), 3);  // late joiners
}

TEST(Step, TheHoldbackIsTheLastControlUntilItHasBaked) {
  State state = toe_dip();
  state.served().dispatched = state.served().limit_dispatched = kFleet - state.parameters.holdback;
  state.strata[0].dispatched = state.dispatched();
  Tick tick = resolved(state);
  state = after(state, tick);
  EXPECT_EQ(state.open_places(), 0);
  tick.counts.active = minutes(29);
  state = after(state, tick);
  EXPECT_EQ(state.open_places(), 0);
  tick.counts.active = minutes(30);
  state = after(state, tick);
  EXPECT_EQ(state.open_places(), state.parameters.holdback);
}

TEST(Step, AbortAlwaysAborts) {
  const State start = running();
  std::vector<State> states = {draft(parameters(), kFleet).value(),
                               start,
                               toe_dip(),
                               after(start, OperatorHold{"ada", "look"}),
                               after(start, frozen(start)),
                               after(start, Supersede{"rollout 12"})};
  for (const State& state : states) {
    EXPECT_EQ(after(state, OperatorHalt{"grace", "smoke"}).phase, Phase::halted)
        << name(state.phase);
  }
}

TEST(Step, TheSentencesSayTheNumbersThatDecided) {
  State state = toe_dip();
  state.served().dispatched = state.served().limit_dispatched = 250;
  state = after(state, resolved(state));
  EXPECT_EQ(sentence(state),
            "RUN: 250 machines lived 15 min without a bad event -> excess < 2.1 % (99 %, any time) "
            "-> all 1,000 may be "
            "exposed (budget 30). Silence is certified up to age 3 min.");
  State bad = toe_dip();
  bad = after(bad, harmful(bad, 2));
  EXPECT_EQ(
      sentence(bad).rfind(
          "HOLD: 2 of 10 updated machines went silent within 12 min; 0 expected from the 990 not "
          "updated. Evidence ",
          0),
      0U)
      << sentence(bad);
  EXPECT_NE(
      sentence(bad).find(
          ": 1 against 'no worse' (halt at 1000 : 1). At most 10 machines exposed; budget 30."),
      std::string::npos)
      << sentence(bad);
  const std::string final = " Nobody is left to compare with: waiting will not change this.";
  EXPECT_EQ(sentence(bad).find(final), std::string::npos);
  bad.tally.control = 0;
  EXPECT_NE(sentence(bad).find(final), std::string::npos) << sentence(bad);
}

TEST(Step, ATickOfOtherStrataIsRefused) {
  const State state = running();
  Tick tick = quiet(state);
  tick.counts.strata.resize(3);
  EXPECT_EQ(step(state, tick, kNow).error().code, ErrorCode::malformed);
}

TEST(Step, TheSameEventSteppedTwiceHasTheSameEffects) {
  const State state = toe_dip();
  const auto one = step(state, harmful(state, 10), kNow);
  const auto two = step(state, harmful(state, 10), kNow);
  ASSERT_EQ(one->effects.size(), two->effects.size());
  for (std::size_t i = 0; i < one->effects.size(); ++i) {
    EXPECT_EQ(one->effects[i].id, two->effects[i].id);
    EXPECT_EQ(one->effects[i].id, one->effects[0].id + i);
  }
  EXPECT_TRUE(one->next == two->next);
}

// --- several populations in one rollout ---

constexpr std::int64_t kCanary = 200;
constexpr std::int64_t kCritical = 50;

Parameters parameters_of(std::int64_t size, std::int64_t holdback) {
  Parameters p = defaults(Profile::production, Lane::standard, size);
  p.holdback = holdback;
  return p;
}

Start rings() {
  return {{{"linux", kCanary, 1}, {"linux", 600, 2}, {"windows", 400, 2}, {"linux", kCritical, 3}},
          {{"internal", parameters_of(1, 0), {}},
           {"canary", parameters_of(kCanary, 0), {}},
           {"broad", parameters_of(kFleet, 20), {}},
           {"critical", parameters_of(kCritical, 0), hours(24)}}};
}

State running_rings() {
  State state = draft(parameters_of(kFleet, 20), kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada and grace"});
  return after(state, rings());
}

Tick ring_tick(const State& state, bool all_resolved) {
  Tick tick;
  tick.counts.strata.resize(state.strata.size());
  for (std::size_t s = 0; all_resolved && s < state.strata.size(); ++s)
    tick.counts.strata[s].resolved.fill(state.strata[s].dispatched);
  tick.remaining = state.served().size - state.served().dispatched;
  tick.counts.active = hours(100);
  return tick;
}

// The served population, served to its end with nothing bad happening.
State served_out(State state, Instant now) {
  const std::size_t served = state.open;
  const auto next = [&](const Event& event) {
    auto stepped = step(std::move(state), event, now);
    EXPECT_TRUE(stepped.ok()) << stepped.error().detail;
    state = std::move(stepped->next);
  };
  for (int i = 0; i < 200 && state.open == served && state.phase == Phase::running; ++i) {
    Tick tick = ring_tick(state, true);
    tick.counts.active = hours(100 + i);
    next(tick);
    if (state.open != served || state.served().resolved()) break;
    while (state.open_places() > 0) {
      std::size_t s = 0;
      while (state.strata[s].population != served ||
             state.strata[s].dispatched == state.strata[s].eligible)
        ++s;
      next(Dispatched{s});
    }
  }
  return state;
}

TEST(Populations, OpenInTheirOrderAndAnEmptyOneIsSkipped) {
  State state = running_rings();
  ASSERT_EQ(state.populations.size(), 3U) << "nobody is internal";
  EXPECT_EQ(state.served().name, "canary");
  state = after(state, ring_tick(state, false));
  EXPECT_EQ(state.open_places(), 3) << "the toe-dip of 200 devices";
  EXPECT_FALSE(step(state, Dispatched{1}, kNow).ok()) << "broad is not open";
  state = served_out(state, kNow);
  EXPECT_EQ(state.served().name, "broad");
  EXPECT_EQ(state.populations[0].dispatched, kCanary);
  state = after(state, ring_tick(state, true));
  EXPECT_EQ(state.open_places(), 6) << "broad has a toe-dip of its own";
  EXPECT_FALSE(step(state, Dispatched{3}, kNow).ok()) << "critical comes last";
}

TEST(Populations, ThePredecessorMustBeResolvedAtItsLastHorizon) {
  State state = running_rings();
  state.served().dispatched = state.served().limit_dispatched = kCanary;
  state.strata[0].dispatched = kCanary;
  Tick tick = ring_tick(state, true);
  tick.counts.strata[0].resolved[2] = kCanary - 1;
  state = after(state, tick);
  EXPECT_EQ(state.served().name, "canary");
  state = after(state, ring_tick(state, true));
  EXPECT_EQ(state.served().name, "broad");
}

TEST(Populations, CriticalMachinesWaitADayAfterTheFirstPermit) {
  State state = served_out(running_rings(), kNow);
  state = served_out(state, kNow + hours(10));
  EXPECT_EQ(state.served().name, "broad");
  EXPECT_TRUE(state.served().resolved());
  EXPECT_EQ(state.phase, Phase::running);
  EXPECT_NE(sentence(state).find("critical opens at "), std::string::npos) << sentence(state);
  state = step(state, ring_tick(state, true), kNow + hours(24) - Millis{1})->next;
  EXPECT_EQ(state.served().name, "broad");
  state = step(state, ring_tick(state, true), kNow + hours(24))->next;
  EXPECT_EQ(state.served().name, "critical");
  state = served_out(state, kNow + hours(24));
  EXPECT_EQ(state.phase, Phase::completed);
  EXPECT_EQ(state.dispatched(), kCanary + kFleet + kCritical);
}

TEST(Populations, WhatOneOfThemShowsHaltsAllOfThem) {
  State state = served_out(running_rings(), kNow);
  Tick tick = ring_tick(state, true);
  ChannelCounts& silence = tick.counts.strata[0].channel[1];  // canary, long after it was resolved
  silence.at_risk[16] = kCanary;
  silence.events[16] = 60;
  silence.control = 500;
  state = after(state, tick);
  EXPECT_EQ(state.phase, Phase::halted);
  EXPECT_EQ(state.limit_dispatched(), state.dispatched());
}

TEST(Populations, EachHasBudgetsAndBoundsOfItsOwn) {
  State state = served_out(running_rings(), kNow);
  EXPECT_LT(state.populations[0].pacing[0].lowest, 0.05);
  EXPECT_EQ(state.served().pacing[0].lowest, 1);
  EXPECT_EQ(state.served().pacing[0].outcomes.resolved, 0) << "what canary lived is not broad's";
  EXPECT_EQ(state.populations[0].parameters.budget(), 8);
  EXPECT_EQ(state.served().parameters.budget(), 20);
}

TEST(Populations, WhoComesLateToAResolvedOneIsLetInUnlessTheEngineHolds) {
  State state = served_out(running_rings(), kNow);
  state = after(state, HandedBack{0});
  EXPECT_EQ(after(state, Dispatched{0}).populations[0].dispatched, kCanary);
  state.engine_hold = true;
  EXPECT_FALSE(step(state, Dispatched{0}, kNow).ok());
}

// Everybody of the served ring is silent, from active time `at` on.
Tick deserted_tick(const State& state, Millis at) {
  Tick tick = ring_tick(state, false);
  tick.remaining = 0;
  tick.counts.active = at;
  return tick;
}

TEST(Populations, ARingThatFellSilentBeforeAnybodyStartedIsPassedOverAfterItsLastHorizon) {
  State state = after(running_rings(), deserted_tick(running_rings(), hours(1)));
  state = after(state, deserted_tick(state, hours(5) - Millis{1}));
  EXPECT_EQ(state.served().name, "canary");
  const auto next = step(state, deserted_tick(state, hours(5)), kNow);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->next.served().name, "broad");
  const auto& notice = std::get<Notify>(next->effects.back().what);
  EXPECT_EQ(notice.occasion, Occasion::passed_over);
  EXPECT_EQ(notice.urgency, Notify::Urgency::page);
  EXPECT_NE(notice.text.find("canary (200 devices)"), std::string::npos) << notice.text;
  EXPECT_EQ(after(next->next, ring_tick(next->next, false)).open_places(), 6) << "a toe-dip";
}

TEST(Populations, ADeviceThatComesBackInTimeKeepsItsRingOpen) {
  State state = after(running_rings(), deserted_tick(running_rings(), hours(1)));
  Tick one_is_back = deserted_tick(state, hours(2));
  one_is_back.remaining = 1;
  state = after(state, one_is_back);
  state = after(state, deserted_tick(state, hours(6)));
  EXPECT_EQ(state.served().name, "canary");
}

TEST(Populations, ARingThatWasPassedOverWaitsForTheCompletionAndIsNotLetInAtOnce) {
  State state = after(running_rings(), deserted_tick(running_rings(), hours(1)));
  state = after(state, deserted_tick(state, hours(5)));
  ASSERT_EQ(state.served().name, "broad");
  EXPECT_FALSE(step(state, Dispatched{0}, kNow).ok());
  state = served_out(state, kNow);
  state = step(state, ring_tick(state, true), kNow + hours(24))->next;
  state = served_out(state, kNow + hours(24));
  ASSERT_EQ(state.phase, Phase::completed);
  EXPECT_TRUE(step(state, Dispatched{0}, kNow).ok());
}

TEST(Populations, CriticalMachinesAreNeverFirstThoughAllOthersFellSilent) {
  State state = running_rings();
  for (int hour = 1; hour < 200; ++hour) {
    auto next = step(state, deserted_tick(state, hours(hour)), kNow + hours(hour));
    ASSERT_TRUE(next.ok());
    state = std::move(next->next);
  }
  EXPECT_EQ(state.served().name, "broad");
  EXPECT_EQ(state.phase, Phase::running);
}

TEST(Populations, ALastRingThatFellSilentDoesNotKeepTheRolloutOpen) {
  State state = served_out(served_out(running_rings(), kNow), kNow + hours(1));
  state = step(state, ring_tick(state, true), kNow + hours(24))->next;
  ASSERT_EQ(state.served().name, "critical");
  state = after(state, deserted_tick(state, hours(500)));
  EXPECT_EQ(state.phase, Phase::running);
  EXPECT_EQ(after(state, deserted_tick(state, hours(504))).phase, Phase::completed);
}

TEST(Populations, NobodyElseOpensWhileSomethingHoldsTheRollout) {
  State state = running_rings();
  state.served().dispatched = state.served().limit_dispatched = kCanary;
  state.strata[0].dispatched = kCanary;
  state = after(state, OperatorHold{"ada", "let us look"});
  state = after(state, ring_tick(state, true));
  EXPECT_EQ(state.served().name, "canary");
  state = after(state, OperatorContinue{"ada", "seen"});
  EXPECT_EQ(after(state, ring_tick(state, true)).served().name, "broad");
}

TEST(Populations, OtherAgesOrAnotherAlphaThanTheRolloutAreRefused) {
  const State state = after(after(draft(parameters_of(kFleet, 20), kFleet).value(),
                                  GateVerdict{GateVerdict::Verdict::open, {}}),
                            ApprovalsMet{"two"});
  Start bad = rings();
  bad.populations[1].parameters.alpha = {500};
  EXPECT_EQ(step(state, bad, kNow).error().code, ErrorCode::bad_usage);
  bad = rings();
  bad.populations[1].parameters.horizons[1].age = hours(2);
  EXPECT_EQ(step(state, bad, kNow).error().code, ErrorCode::bad_usage);
  bad = rings();
  bad.strata[0].population = 9;
  EXPECT_EQ(step(state, bad, kNow).error().code, ErrorCode::bad_usage);
}

// Every sequence of events to a small depth, from every kind of beginning.
class EverySequence : public testing::Test {
 protected:
  using Make = std::function<Event(const State&)>;

  static const std::vector<Make>& events() {
    static const std::vector<Make> kEvents = {
        [](const State&) {
          return GateVerdict{GateVerdict::Verdict::open, {}};
        },
        [](const State&) {
          return GateVerdict{GateVerdict::Verdict::closed, {"why"}};
        },
        [](const State&) { return ApprovalsMet{"two"}; },
        [](const State&) {
          return Start{{{"linux", 600}, {"windows", 400}}};
        },
        [](const State& s) { return fitting(resolved(s), s); },
        [](const State& s) { return fitting(harmful(s, 2), s); },
        [](const State& s) { return fitting(harmful(s, 10), s); },
        [](const State& s) { return fitting(frozen(s), s); },
        [](const State& s) { return fitting(of_one_tenant(harmful(s, 10)), s); },
        [](const State& s) { return fitting(of_one_tenant(quiet(s)), s); },
        [](const State&) {
          return OperatorHold{"ada", "look"};
        },
        [](const State&) {
          return OperatorContinue{"ada", "go"};
        },
        [](const State& s) {
          const std::int64_t more = s.started() ? s.served().parameters.budget() + 1 : 1;
          return AcceptBudget{"ada and grace", "go", more};
        },
        [](const State&) {
          return OperatorHalt{"ada", "smoke"};
        },
        [](const State&) { return Dispatched{0}; },
        [](const State&) {
          return Dispatched{1, Counted::outside};
        },
        [](const State&) { return HandedBack{0}; },
        [](const State&) { return RevertBegun{}; },
        [](const State&) { return AllReverted{}; },
        [](const State&) { return Supersede{"rollout 12"}; }};
    return kEvents;
  }

  // The tick in the shape of the rollout; what is resolved, by stratum.
  static Tick fitting(Tick tick, const State& state) {
    if (state.populations.size() < 2) return tick;
    tick.counts.strata.resize(state.strata.size());
    for (std::size_t s = 0; tick.counts.resolved[0] > 0 && s < state.strata.size(); ++s)
      tick.counts.strata[s].resolved.fill(state.strata[s].dispatched);
    tick.remaining = state.served().size - state.served().dispatched;
    return tick;
  }

  static Tick of_one_tenant(Tick tick) {
    tick.only_tenant = *TenantId::parse("acme");
    return tick;
  }

  // Of harm at one tenant alone only more of the same, a halt or the end may come.
  static void check_tenant_hold(const State& before, const State& next) {
    EXPECT_TRUE(next.held_by != HeldBy::tenant || next.tenant_halt);
    EXPECT_TRUE(next.held_by != HeldBy::tenant || next.open_places() == 0);
    if (before.held_by != HeldBy::tenant) return;
    EXPECT_TRUE(next.held_by == HeldBy::tenant || stopped(next.phase) ||
                next.phase == Phase::superseded);
    EXPECT_LE(next.dispatched(), before.dispatched());
    EXPECT_EQ(next.tenant_halt, before.tenant_halt);
  }

  static bool stopped(Phase phase) {
    return phase == Phase::halted || phase == Phase::reverting || phase == Phase::reverted;
  }

  void check(const State& before, const Event& event, const State& next) {
    ++seen_;
    EXPECT_EQ(next.phase == Phase::held, next.held_by.has_value());
    EXPECT_TRUE(std::isfinite(next.evidence.global()));
    for (const Population& each : next.populations) EXPECT_GE(each.dispatched, each.outside);
    EXPECT_LE(next.dispatched(), std::max(next.limit_dispatched(), before.dispatched()));
    EXPECT_FALSE(sentence(next).empty());
    EXPECT_EQ(next.sequence, before.sequence + 1);
    check_populations(before, next);
    check_tenant_hold(before, next);
    if (stopped(before.phase)) {
      EXPECT_TRUE(stopped(next.phase));
    }
    if (stopped(next.phase)) {
      EXPECT_EQ(next.open_places(), 0);
      EXPECT_LE(next.dispatched(), before.dispatched());
    }
    if (const auto* dispatched = std::get_if<Dispatched>(&event)) {
      const std::size_t population = before.strata[dispatched->stratum].population;
      EXPECT_LE(population, before.open);
      EXPECT_TRUE(before.open_places() > 0 || population < before.open);
      EXPECT_TRUE(population == before.open || !before.engine_hold);
    }
    if (next.limit_dispatched() <
        before.limit_dispatched()) {  // places close on evidence, halt or the end only
      EXPECT_TRUE(std::holds_alternative<Tick>(event) ||
                  std::holds_alternative<HandedBack>(event) || stopped(next.phase) ||
                  next.phase == Phase::superseded);
    }
    if (seen_ % 997 == 0) {
      const auto again = decode_state(json::parse(json::compact(encode(next))).value());
      ASSERT_TRUE(again.ok()) << again.error().detail;
      EXPECT_TRUE(*again == next);
    }
  }

  // They open one by one, after the one before is resolved, and never while something holds.
  void check_populations(const State& before, const State& next) {
    for (std::size_t p = next.open + 1; p < next.populations.size(); ++p)
      EXPECT_EQ(next.populations[p].dispatched, 0);
    if (before.populations.empty() || next.open == before.open) return;
    EXPECT_EQ(next.open, before.open + 1);
    EXPECT_TRUE(next.populations[before.open].resolved() ||
                next.populations[before.open].deserted_since);
    EXPECT_EQ(next.phase, Phase::running);
    ++opened_;
  }

  void walk(const State& state, int depth) {
    if (depth == 0) return;
    for (const Make& make : events()) {
      const Event event = make(state);
      const auto next = step(state, event, kNow);
      if (!next.ok()) {
        EXPECT_TRUE(next.error().code == ErrorCode::conflict) << next.error().detail;
        continue;
      }
      check(state, event, next->next);
      walk(next->next, depth - 1);
      if (HasFailure()) return;
    }
  }

  std::int64_t seen_ = 0;
  std::int64_t opened_ = 0;
};

TEST_F(EverySequence, FromADraftKeepsTheInvariants) {
  walk(draft(parameters(), kFleet).value(), 5);
  EXPECT_GT(seen_, 1'000);
}

TEST_F(EverySequence, FromARunningRolloutKeepsTheInvariants) {
  walk(running(), 4);
  walk(toe_dip(), 4);
  EXPECT_GT(seen_, 5'000);
}

TEST_F(EverySequence, WithSeveralPopulationsKeepsTheInvariants) {
  State tiny = draft(parameters_of(8, 0), 8).value();
  tiny = after(tiny, GateVerdict{GateVerdict::Verdict::open, {}});
  tiny = after(tiny, ApprovalsMet{"two"});
  const Parameters one = parameters_of(1, 0);
  const Start start{{{"linux", 1, 0}, {"linux", 1, 1}, {"linux", 1, 2}},
                    {{"canary", one, {}}, {"broad", one, {}}, {"critical", one, {}}}};
  tiny = after(tiny, start);
  walk(tiny, 4);
  tiny = after(after(tiny, ring_tick(tiny, false)), Dispatched{0});
  walk(tiny, 4);
  tiny = after(tiny, ring_tick(tiny, true));
  ASSERT_EQ(tiny.open, 1U);
  walk(tiny, 4);
  EXPECT_GT(opened_, 10);
}

TEST(StateJson, DecodingGivesBackEveryBit) {
  State state = toe_dip();
  state = after(state, harmful(state, 1));
  state = after(state, resolved(state));
  state = after(state, OperatorHold{"ada", "look"});
  state = after(state, frozen(state));
  const auto again = decode_state(json::parse(json::compact(encode(state))).value());
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(*again == state);
  EXPECT_EQ(json::compact(encode(*again)), json::compact(encode(state)));
  const State left = after(running_rings(), deserted_tick(running_rings(), hours(1)));
  EXPECT_TRUE(decode_state(json::parse(json::compact(encode(left))).value()).value() == left);
}

TEST(StateJson, WhatIsNotAStateIsRefused) {
  const json::Value good = encode(toe_dip());
  for (const char* key : {"phase", "populations", "evidence", "open", "tally", "parameters"}) {
    json::Value bad = good;
    bad.erase(key);
    EXPECT_FALSE(decode_state(bad).ok()) << key;
  }
  json::Value bad = good;
  bad["populations"][0]["pacing"][0]["bound"] = "0x1p-1 or so";
  EXPECT_FALSE(decode_state(bad).ok());
  bad = good;
  bad["evidence"]["strata"] =
      json::Value::array({{{"stratum", 2}, {"channel", 0}, {"age", 0}, {"row", "0x0p+0"}}});
  EXPECT_FALSE(decode_state(bad).ok());
}

}  // namespace
}  // namespace fb::rollout
