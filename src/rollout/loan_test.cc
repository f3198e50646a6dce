#include "rollout/loan.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "rollout/plan.h"
#include "rollout/step.h"

namespace fb::rollout {
namespace {

constexpr Instant kNow{1'700'000'000'000};
constexpr std::int64_t kTiny = 50;

RolloutId id(int number) { return *RolloutId::parse(number); }

Parameters tiny(Lane lane = Lane::standard) { return defaults(Profile::production, lane, kTiny); }

// A rollout that is through: `machines` in each of two populations, none bad.
State lender(Lane lane = Lane::standard, std::int64_t machines = 2500) {
  State state;
  state.parameters = defaults(Profile::production, lane, 2 * machines);
  state.phase = Phase::completed;
  for (const char* name : {"canary", "broad"}) {
    Population population;
    population.name = name;
    population.parameters = state.parameters;
    population.dispatched = machines;
    population.pacing.resize(state.parameters.horizons.size());
    for (Pacing& each : population.pacing) each.outcomes.resolved = machines;
    state.populations.push_back(population);
  }
  return state;
}

State after(State state, const Event& event) {
  auto next = step(std::move(state), event, kNow);
  EXPECT_TRUE(next.ok()) << (next.ok() ? "" : next.error().detail);
  return next.ok() ? std::move(next->next) : State{};
}

Result<State> started(std::optional<Loan> loan, std::int64_t size = kTiny) {
  State state = draft(defaults(Profile::production, Lane::standard, size), size).value();
  state = after(state, GateVerdict{GateVerdict::Verdict::open, {}});
  state = after(state, ApprovalsMet{"two"});
  FB_ASSIGN(auto next, step(std::move(state), Start{{{"linux", size}}, {}, std::move(loan)}, kNow));
  return std::move(next.next);
}

Loan loan_of(const State& state) {
  auto loan = lend({{id(12), &state}}, tiny());
  EXPECT_TRUE(loan.ok()) << (loan.ok() ? "" : loan.error().detail);
  return loan.ok() ? *loan : Loan{};
}

Tick tick(const State& state, std::int64_t resolved, std::int64_t bad = 0) {
  Tick tick;
  tick.counts.strata.resize(1);
  tick.counts.resolved.fill(resolved);
  tick.remaining = kTiny - state.dispatched();
  ChannelCounts& silence = tick.counts.strata[0].channel[1];
  silence.at_risk[0] = std::max<std::int64_t>(bad, state.dispatched());
  silence.events[0] = bad;
  silence.at_risk_below.fill(silence.at_risk[0]);
  silence.bad_below.fill(bad);
  silence.control = silence.control_for_bound = tick.remaining;
  return tick;
}

// The first wave is out, and every horizon of it has passed.
State after_the_toe_dip(std::optional<Loan> loan) {
  State state = started(std::move(loan)).value();
  state = after(state, tick(state, 0));
  state = after(state, Dispatched{0, Counted::inside, state.open_places()});
  return after(state, tick(state, state.dispatched()));
}

TEST(Loan, IsTheSumOfTheLendersAndTheirPopulations) {
  State first = lender();
  first.populations[0].pacing[1].outcomes.bad = 3;
  first.populations[1].pacing[1].control[4] = .5;
  State second = lender();
  second.phase = Phase::superseded;
  second.populations[0].pacing[1].control[4] = .25;
  const auto loan = lend({{id(12), &first}, {id(3), &second}}, tiny());
  ASSERT_TRUE(loan.ok());
  EXPECT_EQ(loan->from, (std::vector{id(3), id(12)}));
  EXPECT_EQ(loan->machines, 10'000);
  EXPECT_EQ(loan->horizons[1].outcomes, (Outcomes{10'000, 3}));
  EXPECT_EQ(loan->horizons[1].control[4], .75);
}

TEST(Loan, AHorizonServesThoseOfItsAgeAndYoungerOnes) {
  const State fast = lender(Lane::fast);  // 15 min and 1 h
  State standard = lender();              // 15 min, 1 h and 4 h
  standard.populations[0].pacing[2].outcomes.resolved = 7;
  const Loan of_fast = *lend({{id(1), &fast}}, tiny());
  EXPECT_EQ(of_fast.horizons[1].outcomes.resolved, 5000);
  EXPECT_EQ(of_fast.horizons[2].outcomes.resolved, 0) << "nobody there was watched for 4 h";
  Parameters longer = tiny(Lane::fast);
  longer.horizons[1].age = hours(3);
  const Loan of_standard = *lend({{id(1), &standard}}, longer);
  EXPECT_EQ(of_standard.horizons[1].outcomes.resolved, 2507);
}

TEST(Loan, OnlyALenderThatIsThroughAndCleanLends) {
  const auto refusal = [](const State& state) {
    const auto loan = lend({{id(12), &state}}, tiny());
    return loan.ok() ? std::string("lent") : loan.error().detail;
  };
  EXPECT_EQ(refusal(lender()), "lent");
  State halted = lender();
  halted.halt = Stop{"engine", "the evidence of harm is beyond doubt", kNow};
  EXPECT_NE(refusal(halted).find("was halted"), std::string::npos) << refusal(halted);
  State one_tenant = lender();
  one_tenant.tenant_halt = TenantHalt{*TenantId::parse("acme"), kNow};
  EXPECT_NE(refusal(one_tenant).find("at one tenant"), std::string::npos);
  State running = lender();
  running.phase = Phase::running;
  EXPECT_NE(refusal(running).find("is running"), std::string::npos);
  State suspicious = lender();
  suspicious.engine_hold = true;
  EXPECT_NE(refusal(suspicious).find("has not faded"), std::string::npos);
  State other_times = lender();
  other_times.parameters = with_times(other_times.parameters, {minutes(5), minutes(20), {}});
  EXPECT_NE(refusal(other_times).find("12 min"), std::string::npos) << refusal(other_times);
}

TEST(Loan, AFleetThatShowsEnoughByItselfBorrowsNothing) {
  const Loan loan = loan_of(lender());
  EXPECT_TRUE(started(loan, 999).ok());
  const auto large = started(loan, 1000);
  ASSERT_FALSE(large.ok());
  EXPECT_NE(large.error().detail.find("fewer than 1000"), std::string::npos);
  Loan short_one = loan;
  short_one.horizons.pop_back();
  EXPECT_FALSE(started(short_one).ok());
}

TEST(Loan, TheBoundIsThatOfTheSummedCounts) {
  EXPECT_TRUE(rc::check("U of a borrower is U of the summed counts", [] {
    State lent = lender(Lane::standard, *rc::gen::inRange(10, 3000));
    for (Pacing& each : lent.populations[0].pacing) {
      each.outcomes.bad = *rc::gen::inRange(0, 5);
      add_control(each.control, {2000, *rc::gen::inRange(1, 4000), *rc::gen::inRange(0, 9)});
    }
    const Loan loan = loan_of(lent);
    State state = started(loan).value();
    state = after(state, tick(state, 0));
    state = after(state, Dispatched{0, Counted::inside, state.open_places()});
    state = after(state, tick(state, state.dispatched(), *rc::gen::inRange(0, 2)));
    RC_PRE(state.evidence.global() < kLoanEndsAt);
    for (std::size_t k = 0; k < state.served().pacing.size(); ++k) {
      const Pacing& own = state.served().pacing[k];
      const Loan::Share& share = loan.horizons[k];
      Capitals control = own.control;
      for (std::size_t j = 0; j < kBets; ++j) control[j] += share.control[j];
      const Outcomes all{own.outcomes.resolved + share.outcomes.resolved,
                         own.outcomes.bad + share.outcomes.bad};
      RC_ASSERT(own.with_loan == upper_bound(all, control, state.parameters.beta.fraction()));
    }
  }));
}

TEST(Loan, EachBadEventOfALenderRaisesTheBound) {
  State lent = lender();
  double before = 0;
  for (int bad = 0; bad < 6; ++bad, ++lent.populations[1].pacing[0].outcomes.bad) {
    const State state = after_the_toe_dip(loan_of(lent));
    EXPECT_GT(state.bound(0), before) << bad;
    before = state.bound(0);
  }
}

TEST(Loan, TheFirstWaveIsAsLargeAndWaitsAsLongAsWithoutIt) {
  State alone = started({}).value();
  State borrowing = started(loan_of(lender())).value();
  alone = after(alone, tick(alone, 0));
  borrowing = after(borrowing, tick(borrowing, 0));
  ASSERT_GE(borrowing.open_places(), 2);
  EXPECT_EQ(borrowing.open_places(), alone.open_places());
  borrowing = after(borrowing, Dispatched{0, Counted::inside, borrowing.open_places()});
  borrowing = after(borrowing, tick(borrowing, borrowing.dispatched() - 1));
  EXPECT_EQ(borrowing.open_places(), 0) << "the last of the wave has not lived through a horizon";
}

TEST(Loan, ATinyFleetIsServedAfterItsFirstWave) {
  const State alone = after_the_toe_dip({});
  const State borrowing = after_the_toe_dip(loan_of(lender()));
  EXPECT_LE(alone.open_places(), 1);
  EXPECT_EQ(borrowing.limit_dispatched(), kTiny - tiny().holdback);
}

TEST(Loan, TheEvidenceKnowsNothingOfIt) {
  State alone = after_the_toe_dip({});
  State borrowing = after_the_toe_dip(loan_of(lender()));
  for (int bad = 0; bad < 3; ++bad) {
    alone = after(alone, tick(alone, 2, bad));
    borrowing = after(borrowing, tick(borrowing, 2, bad));
    EXPECT_EQ(alone.evidence, borrowing.evidence) << bad;
  }
  EXPECT_TRUE(borrowing.engine_hold);
}

TEST(Loan, WhileTheMachinesHereSpeakAgainstItItDoesNotCount) {
  State alone = after_the_toe_dip({});
  State borrowing = after_the_toe_dip(loan_of(lender()));
  ASSERT_GT(borrowing.open_places(), 30);
  alone = after(alone, tick(alone, 2, 1));
  borrowing = after(borrowing, tick(borrowing, 2, 1));
  EXPECT_GE(borrowing.evidence.global(), kLoanEndsAt);
  EXPECT_FALSE(borrowing.engine_hold);
  EXPECT_EQ(borrowing.bound(0), alone.bound(0));
  EXPECT_EQ(borrowing.open_places(), alone.open_places()) << "places not taken are withdrawn";
  EXPECT_NE(sentence(borrowing).find("do not count now"), std::string::npos) << sentence(borrowing);
}

// How often a bound is missed over every course of a lender of 30 machines and a borrower of 12
// after it, none of which fails by itself.
class Courses {
 public:
  Courses(double p, double beta) : p_(p), beta_(beta) {}

  enum class Choice : std::uint8_t { always, as_is_worse };
  [[nodiscard]] double missed(Choice choice) const {
    double total = 0;
    double likely = std::pow(1 - p_, kLent);
    for (int bad = 0; bad <= kLent; ++bad) {
      const double borrowing = missed_after(bad, beta_ / 2);
      const double alone = choice == Choice::always ? 0 : missed_after(std::nullopt, beta_);
      total += likely * std::max(borrowing, alone);
      likely *= p_ / (1 - p_) * (kLent - bad) / (bad + 1);
    }
    return total;
  }

 private:
  static constexpr int kLent = 30;
  static constexpr int kOwn = 12;

  [[nodiscard]] bool missed_at(const Outcomes& own, std::optional<int> lent_bad,
                               double beta) const {
    if (p_ > upper_bound(own, {}, beta)) return true;
    return lent_bad && p_ > upper_bound(sum(own, {kLent, *lent_bad}), {}, beta);
  }

  [[nodiscard]] double missed_after(std::optional<int> lent_bad, double beta) const {
    std::vector<double> course(kOwn + 2);  // by bad ones so far; those that missed are taken out
    course[0] = 1;
    double out = 0;
    for (int n = 0; n <= kOwn; ++n) {
      for (int x = 0; x <= n; ++x) {
        if (missed_at({n, x}, lent_bad, beta))
          out += std::exchange(course[static_cast<std::size_t>(x)], 0);
      }
      for (std::size_t x = static_cast<std::size_t>(n) + 1; x > 0; --x)
        course[x] = course[x] * (1 - p_) + course[x - 1] * p_;
      course[0] *= 1 - p_;
    }
    return out;
  }

  double p_, beta_;
};

TEST(Loan, TheBoundsAreMissedNoMoreOftenThanBetaOrHalfAsMuchMoreByWhoeverLooksFirst) {
  const double beta = tiny().beta.fraction();
  EXPECT_EQ(for_loan(tiny()).beta.ppm, tiny().beta.ppm / 2);
  for (const double p : {.01, .02, .05, .1, .2, .3, .5, .7, .9}) {
    const Courses courses(p, beta);
    EXPECT_LE(courses.missed(Courses::Choice::always), beta) << p;
    EXPECT_LE(courses.missed(Courses::Choice::as_is_worse), 1.5 * beta) << p;
  }
}

TEST(Loan, APlanPlaysIt) {
  Scope scope{tiny(), {{{"linux", kTiny}}}};
  const Plan alone = make_plan(scope).value();
  scope = for_loan(scope, loan_of(lender()));
  const auto read = decode_scope(encode(scope));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->start.loan, scope.start.loan);
  const Plan borrowing = make_plan(*read).value();
  ASSERT_TRUE(borrowing.everybody.has_value());
  EXPECT_TRUE(!alone.everybody || *borrowing.everybody < *alone.everybody);
  EXPECT_EQ(borrowing.loan, scope.start.loan);
  EXPECT_EQ(borrowing.populations[0].parameters.beta, for_loan(tiny()).beta);
}

TEST(Loan, OutlivesARestartBitForBit) {
  State lent = lender();
  add_control(lent.populations[0].pacing[0].control, {1000, 3000, 7});
  const State state = after_the_toe_dip(loan_of(lent));
  const auto read = decode_state(encode(state));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(*read, state);
}

TEST(Loan, TheSentenceNamesTheLender) {
  State lent = lender();
  const std::string clean = sentence(after_the_toe_dip(loan_of(lent)));
  EXPECT_NE(
      clean.find("2 machines lived 15 min without a bad event (with 5,000 machines of rollout "
                 "12) -> excess < 0.0"),
      std::string::npos)
      << clean;
  for (Pacing& each : lent.populations[0].pacing) each.outcomes.bad = 20;
  const std::string harmed = sentence(after_the_toe_dip(loan_of(lent)));
  EXPECT_NE(harmed.find("of rollout 12, 20 of them bad against 0 expected)"), std::string::npos)
      << harmed;
  EXPECT_EQ(sentence(after_the_toe_dip({})).find("of rollout"), std::string::npos);
}

}  // namespace
}  // namespace fb::rollout
