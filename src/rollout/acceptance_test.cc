// A larger budget that two people accept: note 0062.
#include "rollout/stepping_test.h"

namespace fb::rollout {
namespace {

// Half of all that have it go bad, after `shows`, and it may not probe. The harm counts for the
// bound and is no evidence: nothing was at risk.
State exhausted(Millis shows = {}) {
  Parameters p = parameters();
  p.hard_factor = 1;
  State state = draft(p, kFleet).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada and grace"});
  state = after(state, Start{{{"linux", 600}, {"windows", 400}}});
  for (int i = 0; i < 20 && state.held_by != HeldBy::exhausted; ++i) {
    const std::int64_t places = state.open_places();
    state = dispatched(state, places);
    Tick tick = resolved(state);
    for (std::size_t k = 0; k < p.horizons.size(); ++k)
      tick.counts.strata[0].channel[1].bad_below.at(k) = p.horizons[k].age > shows ? places / 2 : 0;
    state = after(state, tick);
  }
  EXPECT_EQ(state.held_by, HeldBy::exhausted);
  return state;
}

TEST(Acceptance, ALargerBudgetThatPeopleAcceptedLetsItGoOnAndIsSaidEver) {
  State state = exhausted();
  EXPECT_NE(sentence(state).find("Accept a larger budget or roll back."), std::string::npos);
  const Parameters before = state.served().parameters;
  const std::int64_t had_it = state.dispatched();
  state = after(state, AcceptBudget{"ada and grace", "kiosks may be lost", 60});
  EXPECT_EQ(state.phase, Phase::running);
  const Parameters now = state.served().parameters;
  EXPECT_EQ(now.budget(), 60);
  EXPECT_EQ(now.horizons, with_budget(before, kFleet, 60).horizons);
  EXPECT_EQ(now.toe_dip, before.toe_dip);
  EXPECT_EQ(now.alpha, before.alpha);
  state = after(state, resolved(state));
  EXPECT_GT(state.open_places(), 0);
  EXPECT_LE((state.bound(0) - now.delta.fraction()) * static_cast<double>(state.limit_dispatched()),
            60);
  EXPECT_GT(state.limit_dispatched(), had_it);
  EXPECT_NE(sentence(state).find("budget 60, raised from 30"), std::string::npos)
      << sentence(state);
  state = after(state, AcceptBudget{"ada and grace", "all of them", 90});
  EXPECT_NE(sentence(state).find("budget 90, raised from 30"), std::string::npos)
      << sentence(state);
}

TEST(Acceptance, ABudgetThatChangesNothingOrIsMoreThanAllIsRefused) {
  const State state = exhausted();
  for (const std::int64_t budget : {29, 30, 1'001}) {
    const auto next = step(state, AcceptBudget{"ada and grace", "go", budget}, kNow);
    ASSERT_FALSE(next.ok()) << budget;
    EXPECT_EQ(next.error().detail,
              "the budget is 30 machines of 1000; accept a larger one, and no more than there are");
  }
  EXPECT_TRUE(step(state, AcceptBudget{"ada and grace", "go", 1'000}, kNow).ok());
}

// In the emergency lane the budget is larger than so small a fleet.
TEST(Acceptance, OfWhatBrokeAllIsPossibleInEachFleetAndLane) {
  for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
    for (std::int64_t size = 2; size <= 30; ++size) {
      State state = draft(defaults(Profile::production, lane, size), size).value();
      state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
      state = after(state, ApprovalsMet{"ada and grace"});
      state = after(state, Start{{{"linux", size - 1}, {"windows", 1}}});
      Tick tick = quiet(state);
      tick.remaining = size;
      state = after(state, tick);
      const std::int64_t first = state.open_places();
      ASSERT_LT(first, size);
      state = dispatched(state, first);
      tick = resolved(state);
      tick.remaining = size - first;
      tick.counts.strata[0].channel[1].bad_below.fill(first);
      state = after(state, tick);
      ASSERT_EQ(state.held_by, HeldBy::exhausted) << size;
      const std::int64_t budget = state.served().parameters.budget();
      const auto same = step(state, AcceptBudget{"ada and grace", "go", budget}, kNow);
      const auto all = step(state, AcceptBudget{"ada and grace", "go", size}, kNow);
      EXPECT_TRUE(same.ok() || all.ok())
          << name(lane) << " " << size << ": " << same.error().detail << all.error().detail;
    }
  }
}

TEST(Acceptance, OfTooLittleToChangeAnythingIsRefusedWithWhatWouldDo) {
  const State state = exhausted(hours(2));
  const auto little = step(state, AcceptBudget{"ada and grace", "go", 31}, kNow);
  ASSERT_FALSE(little.ok());
  const std::string& said = little.error().detail;
  const std::string lead =
      "a budget of 31 machines would change nothing; the smallest that lets it go on is ";
  ASSERT_EQ(said.substr(0, lead.size()), lead);
  const std::int64_t enough = std::stoll(said.substr(lead.size()));
  EXPECT_GT(enough, 31);
  EXPECT_FALSE(step(state, AcceptBudget{"ada and grace", "go", enough - 1}, kNow).ok());
  EXPECT_TRUE(step(state, AcceptBudget{"ada and grace", "go", enough}, kNow).ok());
}

TEST(Acceptance, NobodyAcceptsABudgetAgainstEvidenceOrAfterTheEnd) {
  State suspicious = toe_dip();
  suspicious = after(suspicious, harmful(suspicious, 2));
  ASSERT_EQ(suspicious.held_by, HeldBy::engine);
  const AcceptBudget accept{"ada and grace", "go", 60};
  EXPECT_FALSE(step(suspicious, accept, kNow).ok());
  EXPECT_FALSE(step(after(suspicious, OperatorHold{"ada", "look"}), accept, kNow).ok());
  EXPECT_FALSE(step(after(toe_dip(), OperatorHalt{"ada", "smoke"}), accept, kNow).ok());
  EXPECT_FALSE(step(draft(parameters(), kFleet).value(), accept, kNow).ok());
  EXPECT_TRUE(step(after(toe_dip(), OperatorHold{"ada", "look"}), accept, kNow).ok());
  EXPECT_EQ(after(after(toe_dip(), OperatorHold{"ada", "look"}), accept).held_by, HeldBy::person)
      << "a budget lifts no hold";
}

// Two of four devices, and both went bad.
State broke_all() {
  State state = draft(defaults(Profile::production, Lane::fast, 4), 4).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"ada and grace"});
  state = after(state, Start{{{"linux", 2}, {"windows", 2}}});
  Tick first = quiet(state);
  first.remaining = 4;
  state = dispatched(after(state, first), 2);
  Tick tick = resolved(state);
  tick.remaining = 2;
  tick.counts.strata[0].channel[1].bad_below.fill(2);
  tick.counts.tally.failed_silent = tick.counts.tally.harmed = 2;
  return after(state, tick);
}

TEST(Acceptance, WhatBrokeAllWhoHaveItGoesToOneMoreWhenPeopleKnewAndAcceptedIt) {
  State state = broke_all();
  ASSERT_EQ(state.held_by, HeldBy::exhausted);
  EXPECT_EQ(sentence(state),
            "EXHAUSTED: 2 of 2 updated machines went silent within 12 min, and nobody else was "
            "tried; none gets it before two people accept that. Evidence 1.0 : 1. Accept or roll "
            "back.");
  Tick still = resolved(state);
  still.remaining = 2;
  EXPECT_EQ(after(state, still).open_places(), 0);
  EXPECT_FALSE(step(state, AcceptBudget{"ada and grace", "go", 1}, kNow).ok());
  state = after(state, AcceptBudget{"ada and grace", "two lids were closed", 2});
  EXPECT_EQ(state.phase, Phase::running);
  EXPECT_FALSE(step(state, AcceptBudget{"ada and grace", "again", 2}, kNow).ok());
  state = after(state, still);
  ASSERT_EQ(state.open_places(), 1);
  EXPECT_EQ(sentence(state).find("raised"), std::string::npos) << "the budget is what it was";
  state = dispatched(state, 1);
  Tick third = resolved(state);
  third.remaining = 1;
  third.counts.strata[0].channel[1].bad_below.fill(1);
  EXPECT_EQ(after(state, third).held_by, HeldBy::exhausted) << "the third one, too";
}

TEST(Acceptance, OfSomethingElseCountsNoMoreOnceItIsExhaustedAlsoUnderAHold) {
  State state = exhausted();
  EXPECT_EQ(state.words_from, kNow);
  state = after(state, AcceptBudget{"ada and grace", "go", 60});
  state = after(state, OperatorHold{"ada", "look"});
  for (int minute = 1; state.served().last_decision.move != Move::exhausted; ++minute) {
    ASSERT_LT(minute, 20);
    Tick tick = resolved(state);
    tick.counts.strata[0].channel[1].bad_below.fill(state.dispatched());
    auto next = step(state, tick, kNow + minutes(minute));
    ASSERT_TRUE(next.ok());
    state = next->next;
    if (state.served().last_decision.move == Move::exhausted) {
      EXPECT_EQ(state.words_from, kNow + minutes(minute));
    }
  }
  EXPECT_EQ(state.held_by, HeldBy::person);
  const Instant since = state.words_from;
  const auto later = step(state, resolved(state), kNow + hours(1));
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(later->next.words_from, since) << "it stays exhausted";
}

TEST(Acceptance, OutlivesARestartBitForBit) {
  const State accepted = after(exhausted(), AcceptBudget{"ada and grace", "go", 60});
  EXPECT_TRUE(decode_state(json::parse(json::compact(encode(accepted))).value()).value() ==
              accepted);
}

}  // namespace
}  // namespace fb::rollout
