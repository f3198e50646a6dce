#include "rollout/decision.h"

#include <gtest/gtest.h>

#include "rollout/bound.h"

namespace fb::rollout {
namespace {

Parameters one_horizon(std::int64_t budget) {
  Parameters p = defaults(Profile::production, Lane::standard, 8'500'000);
  p.horizons = {{minutes(15), budget}};
  return p;
}

// u such that cap_1 is what the vector says.
double bound_for(double devices, double budget) { return budget / devices + .001; }

TEST(Decision, TenCleanDevicesOfEightMillionPayForTwoHundredAndForty) {  // (a)
  const Parameters p = defaults(Profile::production, Lane::standard, 8'500'000);
  const Decision d =
      decide(p, {.horizons = {{10, 0, upper_bound({10, 0}, {}, .01)}, {0, 0, 1}, {0, 0, 1}},
                 .dispatched = 10,
                 .undispatched = 8'499'990,
                 .holdback = 85'000});
  EXPECT_EQ(d.move, Move::grow);
  EXPECT_EQ(d.want, 230);
}

TEST(Decision, TheControlStaysAsLargeAsTheUnresolved) {  // (b), (c): rule W
  Situation now{.horizons = {{20'000, 0, bound_for(230'158, 100)}},
                .dispatched = 20'000,
                .undispatched = 230'000,
                .holdback = 2'500};
  EXPECT_EQ(decide(one_horizon(100), now).want, 115'000);
  now.horizons[0].bound = bound_for(247'500, 100) - 1e-9;
  EXPECT_EQ(decide(one_horizon(100), now).want, 227'500);
}

Situation between_budgets() {
  return {.horizons = {{1'430, 10, .01828257846}},
          .dispatched = 1'430,
          .undispatched = 570,
          .holdback = 400};
}

TEST(Decision, BetweenTheBudgetsItProbes) {  // (d)
  const Decision d = decide(one_horizon(20), between_budgets());
  EXPECT_EQ(d.move, Move::probe);
  EXPECT_EQ(d.want, 170);
}

TEST(Decision, AProbeEndsAtTheHardBudget) {
  const Situation now{.horizons = {{2'000, 10, .01828257846}},
                      .dispatched = 2'000,
                      .undispatched = 2'000,
                      .holdback = 400};
  const Decision d = decide(one_horizon(20), now);
  EXPECT_EQ(d.move, Move::probe);
  EXPECT_EQ(d.want, 314);  // 2 * 20 / (u - delta) = 2,314.5, where a quarter more would be 2,501
}

TEST(Decision, WithoutTheHardBudgetItIsExhausted) {  // (e)
  Parameters p = one_horizon(20);
  p.hard_factor = 1;
  const Decision d = decide(p, between_budgets());
  EXPECT_EQ(d.move, Move::exhausted);
  EXPECT_EQ(d.want, 0);
}

TEST(Decision, AHoldDoesNotProbe) {  // (f)
  Situation now = between_budgets();
  now.hold = true;
  EXPECT_EQ(decide(one_horizon(20), now).move, Move::exhausted);
}

TEST(Decision, TheToeDipFinishesFirstWhenAnythingWentWrongInIt) {  // (g)
  Parameters p = one_horizon(30);
  p.toe_dip = 10;
  const Decision d =
      decide(p, {.horizons = {{4, 1, .5}}, .dispatched = 10, .undispatched = 9'990, .holdback = 0});
  EXPECT_EQ(d.want, 0);
  EXPECT_EQ(d.move, Move::wait);
}

TEST(Decision, TheToeDipIsNotOverWhileItsHarmHasNotBeenCompared) {
  Parameters p = one_horizon(30);
  p.toe_dip = 10;
  Situation now{.horizons = {{10, 7, .95}},
                .dispatched = 10,
                .undispatched = 50,
                .holdback = 0,
                .hold = false,
                .awaited = 1};
  EXPECT_EQ(decide(p, now).want, 0);
  EXPECT_TRUE(decide(p, now).toe_dip);
  now.awaited = 0;
  EXPECT_GT(decide(p, now).want, 0) << "compared, and it was no proof";
  now.awaited = 1;
  now.dispatched = now.horizons[0].resolved = 20;
  EXPECT_GT(decide(p, now).want, 0) << "later the bound alone paces";
}

// Four machines, a budget of two: the bound alone would give the release to one after the other.
TEST(Decision, AReleaseThatBrokeAllWhoHaveItGoesToNobodyElse) {
  const Parameters p = defaults(Profile::production, Lane::fast, 4);
  ASSERT_EQ(p.toe_dip, 2);
  Situation now{.horizons = {{2, 1, 1}, {0, 0, 1}}, .dispatched = 2, .undispatched = 2};
  EXPECT_NE(decide(p, now).move, Move::exhausted) << "one of two lives";
  now.horizons[0] = {1, 2, 1};
  EXPECT_EQ(decide(p, now).move, Move::wait) << "a late word may still come";
  now.horizons[0] = {2, 2, 1};
  const Decision d = decide(p, now);
  EXPECT_EQ(d.move, Move::exhausted);
  EXPECT_EQ(d.want, 0);
}

TEST(Decision, NobodyResolvedMeansTheToeDipAndNotMore) {
  Parameters p = one_horizon(100);
  const Decision d = decide(
      p, {.horizons = {{0, 0, 1}}, .dispatched = 0, .undispatched = 100'000, .holdback = 1'000});
  EXPECT_EQ(d.want, p.toe_dip);
}

TEST(Decision, AHoldWithUnresolvedDevicesDispatchesNobody) {
  Situation now{.horizons = {{100, 0, .0001}},
                .dispatched = 101,
                .undispatched = 9'899,
                .holdback = 0,
                .hold = true};
  EXPECT_EQ(decide(one_horizon(100), now).move, Move::hold);
  now.horizons[0].resolved = 101;  // then at most double, so that it cannot lock up
  EXPECT_EQ(decide(one_horizon(100), now).want, 101);
}

TEST(Decision, TheHoldbackBakesAndThenNobodyIsLeft) {
  Situation now{.horizons = {{900, 0, 0}}, .dispatched = 900, .undispatched = 100, .holdback = 100};
  EXPECT_EQ(decide(one_horizon(100), now).move, Move::bake);
  now.holdback = 0;
  EXPECT_EQ(decide(one_horizon(100), now).want, 100);
  now.undispatched = 0;
  EXPECT_EQ(decide(one_horizon(100), now).move, Move::finished);
}

TEST(Decision, AnyHorizonMayBind) {
  Parameters p = one_horizon(100);
  p.horizons.push_back({hours(1), 1'000});
  const Decision d = decide(p, {.horizons = {{5'000, 0, .0001}, {0, 0, 1}},
                                .dispatched = 500,
                                .undispatched = 99'500,
                                .holdback = 0});
  EXPECT_EQ(d.binding, 1U);
  EXPECT_EQ(d.want, 501);
}

TEST(Decision, NeverMoreThanTheHardBudgetAtAnyHorizonAndNeverMoreThanTheFleet) {
  const Parameters base = defaults(Profile::production, Lane::standard, 20'000);
  for (std::int64_t dispatched : {0, 1, 10, 100, 1'000, 10'000, 19'000}) {
    for (const double u1 : {0.0, .0005, .002, .01, .1, .5, 1.0}) {
      for (const double u2 : {0.0, .002, .1, 1.0}) {
        for (const bool hold : {false, true}) {
          const Situation now{
              .horizons = {{dispatched, 0, u1}, {dispatched, 0, u2}, {dispatched, 0, u2}},
              .dispatched = dispatched,
              .undispatched = 20'000 - dispatched,
              .holdback = base.holdback,
              .hold = hold};
          const Decision d = decide(base, now);
          if (d.want == 0) continue;
          const auto reached = static_cast<double>(dispatched + d.want);
          EXPECT_LE(reached, static_cast<double>(20'000 - base.holdback));
          for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_LE((now.horizons[k].bound - .001) * reached,
                      static_cast<double>(base.hard_factor * base.horizons[k].budget) + 1e-6);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace fb::rollout
