// The twelve properties that the rollout decision is held to, by their numbers in its
// specification, on inputs drawn by RapidCheck, which prints the seed of a failure and shrinks it.
// (12), the gates by simulation, are in sim/gates_test.cc and sim/good_release_test.cc and, in
// full, in decision_bench.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "rollout/exposure.h"
#include "rollout/step.h"

namespace fb::rollout {
namespace {

constexpr double kStop = 2e-9;  // relative: where the bisection of U stops, on both sides

std::int64_t between(std::int64_t least, std::int64_t most) {
  return *rc::gen::inRange(least, most + 1);
}

double share(double most) { return most * static_cast<double>(between(0, 1'000'000)) / 1e6; }

ControlTick any_control_tick() { return {between(0, 5000), between(0, 5000), between(0, 20)}; }

Capitals any_capitals() {
  Capitals capitals{};
  for (std::int64_t ticks = between(0, 5); ticks > 0; --ticks)
    add_control(capitals, any_control_tick());
  return capitals;
}

ChannelCounts any_counts() {
  ChannelCounts counts;
  counts.control = between(0, 1) * between(0, 100'000);
  counts.control_for_bound = counts.control;
  counts.control_events = std::min(counts.control, between(0, 30));
  for (std::size_t b = 0; b < kAgeBins; ++b) {
    counts.at_risk[b] = between(0, 1) * between(0, 2000);
    counts.events[b] = std::min(counts.at_risk[b], between(0, 4) / 3);
    for (std::size_t k = 0; k < kMaxHorizons; ++k) {
      counts.at_risk_below[k] += counts.at_risk[b];
      counts.bad_below[k] += counts.events[b];
    }
  }
  return counts;
}

std::vector<StratumCounts> any_strata(std::size_t strata) {
  std::vector<StratumCounts> all(strata);
  for (StratumCounts& each : all) {
    for (ChannelCounts& counts : each.channel) counts = any_counts();
  }
  return all;
}

Parameters parameters(std::int64_t fleet) {
  return defaults(Profile::production, Lane::standard, fleet);
}

// A rollout whose fleet does what chance wants: permits are taken, some devices are resolved, some
// fail. Checks what must hold after every event.
class Played {
 public:
  explicit Played(std::int64_t fleet)
      : fleet_(fleet), state_(draft(parameters(fleet), fleet).value()) {
    apply(GateVerdict{GateVerdict::Verdict::open, {}});
    apply(ApprovalsMet{"two"});
    apply(Start{{{"linux", fleet / 2}, {"windows", fleet - fleet / 2}}});
  }

  void live_a_while() {
    take_permits();
    tick();
  }

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] bool halted() const { return state_.halt.has_value(); }

 private:
  void take_permits() {
    const std::int64_t open = state_.open_places();
    const std::int64_t count = std::min(open, between(0, 2) * std::max<std::int64_t>(1, open / 2));
    if (count < 1) return;
    apply(Dispatched{static_cast<std::size_t>(between(0, 1)), Counted::inside, count});
    hard_budget_holds();
  }

  void tick() {
    const State before = state_;
    Tick tick{{}, fleet_ - state_.dispatched(), {}};
    tick.counts.strata = any_strata(2);
    const bool quiet = between(0, 3) > 0;  // else nothing would ever grow
    for (StratumCounts& each : tick.counts.strata) {
      for (ChannelCounts& counts : each.channel) limit(counts, quiet);
    }
    std::int64_t most = state_.dispatched();
    for (std::size_t k = 0; k < kMaxHorizons; ++k) {
      resolved_[k] = std::max(resolved_[k], std::min(most, between(0, 1) * most));
      most = resolved_[k];
    }
    tick.counts.resolved = resolved_;
    apply(tick);
    if (before.halt) return;
    bounds_only_fall(before);
    exhausted_means_nothing_more_to_learn();
  }

  // Nobody fails who was never dispatched.
  void limit(ChannelCounts& counts, bool quiet) {
    for (std::size_t b = 0; b < kAgeBins; ++b) {
      const std::int64_t here = b == 0 ? std::min(counts.at_risk[b], state_.dispatched()) : 0;
      counts.at_risk[b] = here;
      counts.events[b] = quiet ? 0 : std::min(counts.events[b], here);
    }
    counts.at_risk_below.fill(counts.at_risk[0]);
    counts.bad_below.fill(counts.events[0]);
  }

  void hard_budget_holds() {
    const Population& served = state_.served();
    for (std::size_t k = 0; k < served.pacing.size(); ++k) {
      const auto budget =
          static_cast<double>(served.parameters.hard_factor * served.parameters.horizons[k].budget);
      const double excess = state_.bound(k) - served.parameters.delta.fraction();
      RC_ASSERT(excess * static_cast<double>(served.dispatched) <= budget * (1 + 1e-9));
    }
  }

  void bounds_only_fall(const State& before) {
    const Population& was = before.served();
    const Population& is = state_.served();
    for (std::size_t k = 0; k < is.pacing.size(); ++k) {
      RC_ASSERT(is.pacing[k].lowest <= was.pacing[k].lowest);
      if (state_.engine_hold) RC_ASSERT(is.pacing[k].lowest == was.pacing[k].lowest);
    }
    if (before.engine_hold || state_.engine_hold || halted()) return;
    RC_ASSERT(is.last_decision.hard_cap >= was.last_decision.hard_cap);
  }

  void exhausted_means_nothing_more_to_learn() {
    const Population& served = state_.served();
    if (served.last_decision.move != Move::exhausted || halted()) return;
    const Pacing& binding = served.pacing[served.last_decision.binding];
    RC_ASSERT(binding.outcomes.resolved + served.outside >= served.dispatched);
  }

  void apply(const Event& event) {
    auto next = step(state_, event, Instant{});
    RC_ASSERT(next.ok());
    state_ = std::move(next->next);
  }

  std::int64_t fleet_;
  State state_;
  std::array<std::int64_t, kMaxHorizons> resolved_{};
};

TEST(Properties, P01_TheBoundFallsWithWhatIsResolvedAndWithControlEventsAndRisesWithHarm) {
  EXPECT_TRUE(rc::check("2.10(1) M grows in p; U falls in n and control events, rises in X", [] {
    const std::int64_t n = between(1, 100'000);
    const Outcomes outcomes{n, between(0, 1 + n / 20)};
    const Capitals capitals = any_capitals();
    const double p = share(.999);
    RC_ASSERT(log_mixture(p, outcomes, capitals) <=
              log_mixture(p + share(.999 - p), outcomes, capitals) + 1e-12);
    const double u = upper_bound(outcomes, capitals, .01);
    RC_ASSERT(upper_bound({n + 1, outcomes.bad}, capitals, .01) <= u * (1 + kStop));
    RC_ASSERT(upper_bound({n, outcomes.bad + 1}, capitals, .01) >= u * (1 - kStop));
    Capitals more = capitals;
    add_control(more, {between(1, 5000), between(1, 5000), between(1, 20)});
    RC_ASSERT(upper_bound(outcomes, more, .01) <= u * (1 + kStop));
  }));
  EXPECT_TRUE(rc::check("2.10(1) Umin only falls, caps only rise outside HOLD", [] {
    Played run(between(1000, 50'000));
    for (int i = 0; i < 20; ++i) run.live_a_while();
  }));
}

TEST(Properties, P02_CleanDevicesAloneGiveTheBinomialBoundOrBetter) {
  EXPECT_TRUE(rc::check("2.10(2) U(n,0,-,beta) <= 1-(.35 beta)^(1/n)", [] {
    const std::int64_t n = between(1, 1'000'000);
    const double beta = .0001 + share(.0999);
    const double binomial = -std::expm1(std::log(.35 * beta) / static_cast<double>(n));
    RC_ASSERT(upper_bound({n, 0}, {}, beta) <= binomial * (1 + kStop));
  }));
}

TEST(Properties, P03_OnlyTheRatioOfTheNumbersAtRiskMatters) {
  EXPECT_TRUE(rc::check("2.10(3) scaling tau_T and tau_C alike changes nothing", [] {
    const ControlTick tick = any_control_tick();
    const std::int64_t factor = between(1, 1000);
    Capitals one{};
    Capitals scaled{};
    add_control(one, tick);
    add_control(scaled, {tick.treated * factor, tick.control * factor, tick.control_events});
    for (std::size_t j = 0; j < kBets; ++j) RC_ASSERT(std::abs(one[j] - scaled[j]) < 1e-9);
    const Comparison seen{between(0, 10), between(0, 10), 10 + tick.treated, 10 + tick.control};
    Comparison larger = seen;
    larger.treated *= factor;
    larger.control *= factor;
    for (const double r : ratio_grid())
      RC_ASSERT(std::abs(log_ratio(r, seen, 1) - log_ratio(r, larger, 1)) < 1e-9);
  }));
}

TEST(Properties, P04_WithoutControlHarmCountsAndNothingIsSetAgainstIt) {
  EXPECT_TRUE(rc::check("2.10(4) tau_C = 0: K unchanged, X counted", [] {
    State state = draft(parameters(1000), 1000).value();
    state = step(state, GateVerdict{GateVerdict::Verdict::open, {}}, {})->next;
    state = step(state, ApprovalsMet{"two"}, {})->next;
    state = step(state, Start{{{"all", 1000}}}, {})->next;
    Tick tick{{}, 1000, {}};
    tick.counts.strata.resize(1);
    ChannelCounts& counts = tick.counts.strata[0].channel[0];
    counts = any_counts();
    counts.control = counts.control_for_bound = 0;
    const State next = step(state, tick, {})->next;
    for (const Pacing& pacing : next.served().pacing) {
      RC_ASSERT(pacing.control == Capitals{});
      RC_ASSERT(pacing.outcomes.bad == counts.bad_below[0]);
    }
  }));
}

// P(k of n) with probability p each.
double binomial(std::int64_t n, std::int64_t k, double p) {
  double chance = 1;
  for (std::int64_t i = 0; i < k; ++i)
    chance *= p * static_cast<double>(n - i) / static_cast<double>(i + 1);
  return chance * std::pow(1 - p, static_cast<double>(n - k));
}

TEST(Properties, P05_NoTickIsExpectedToGainAnything) {
  EXPECT_TRUE(rc::check("2.10(5) E[M] <= 1 after one tick, every outcome counted", [] {
    const std::int64_t treated = between(1, 25);
    const std::int64_t control = between(1, 25);
    const double p = share(.5);
    const double hazard = share(.5);
    double mean = 0;
    for (std::int64_t x = 0; x <= treated; ++x) {
      for (std::int64_t c = 0; c <= control; ++c) {
        Capitals capitals{};
        add_control(capitals, {treated, control, c});
        mean += binomial(treated, x, std::min(1.0, p + hazard)) * binomial(control, c, hazard) *
                std::exp(log_mixture(p, {treated, x}, capitals));
      }
    }
    RC_ASSERT(mean <= 1 + 1e-9);
  }));
}

TEST(Properties, P06_NeitherTheOrderOfStrataNorRepetitionsMatter) {
  EXPECT_TRUE(rc::check("2.10(6) the order of strata is irrelevant", [] {
    std::vector<StratumCounts> strata = any_strata(5);
    Evidence one(5);
    one.add(strata, 1);
    std::rotate(strata.begin(), strata.begin() + between(1, 4), strata.end());
    Evidence other(5);
    other.add(strata, 1);
    RC_ASSERT(std::abs(one.global() - other.global()) <= 1e-9 * one.global());
  }));
  EXPECT_TRUE(rc::check("2.10(6) repeated reports change nothing", [] {
    Instant now;
    Exposure once(parameters(1000), 1, now);
    Exposure twice(parameters(1000), 1, now);
    for (int word = 0; word < 60; ++word) {
      const auto device = static_cast<DeviceIndex>(between(0, 9));
      const std::int64_t kind = between(0, 3);
      for (Exposure* each : {&once, &twice, &twice}) {
        if (kind == 0) each->add_ready(device, 0, now);
        if (kind == 1) each->dispatch(device, 0, now);
        if (kind == 2) each->heard(device, now);
        if (kind == 3) each->explicit_event(device, now);
      }
      now = now + minutes(1);
      RC_ASSERT(once.tick(now) == twice.tick(now));
    }
  }));
}

TEST(Properties, P07_TheLogRatioIsSymmetricInTheArms) {
  EXPECT_TRUE(rc::check("2.10(7) (xT,tT,r) <-> (xC,tC,1/r)", [] {
    const Comparison seen{between(0, 10), between(0, 10), between(10, 9000), between(10, 9000)};
    const Comparison mirrored{seen.control_events, seen.treated_events, seen.control, seen.treated};
    const double r = 1 + share(50) + 1e-6;
    // "r against 1" in one arm is "1 against 1/r" in the other.
    RC_ASSERT(std::abs(log_ratio(r, seen, 1) + log_ratio(1, mirrored, 1 / r)) < 1e-9);
  }));
}

TEST(Properties, P08_TheEvidenceIsAlwaysANumber) {
  EXPECT_TRUE(rc::check("2.10(8) E finite, no NaN at tau_C = 0", [] {
    Evidence evidence(3);
    for (std::int64_t ticks = between(1, 30); ticks > 0; --ticks) evidence.add(any_strata(3), 1);
    RC_ASSERT(std::isfinite(evidence.global()));
    RC_ASSERT(evidence.global() >= 0);
    std::vector<StratumCounts> alone = any_strata(3);
    for (StratumCounts& each : alone) {
      for (ChannelCounts& counts : each.channel) counts.control = 0;
    }
    const Evidence before = evidence;
    evidence.add(alone, 1);
    RC_ASSERT(evidence == before);
  }));
}

TEST(Properties, P09_NoDispatchEverExceedsTheHardBudgetOfAnyHorizon) {
  EXPECT_TRUE(rc::check("2.10(9) (u_k - delta) dispatched <= H B_k at each dispatch", [] {
    Played run(between(100, 1'000'000));
    for (int i = 0; i < 40; ++i) run.live_a_while();
  }));
}

TEST(Properties, P10_TheControlStaysAsLargeAsTheUnresolved) {
  EXPECT_TRUE(rc::check("2.10(10) undispatched >= dispatched - n_1 after rule W", [] {
    const std::int64_t fleet = between(1000, 1'000'000);
    const Parameters p = parameters(fleet);
    Situation now;
    now.dispatched = between(10, fleet);
    now.undispatched = fleet - now.dispatched;
    now.holdback = p.holdback;
    std::int64_t resolved = now.dispatched;
    for (std::size_t k = 0; k < p.horizons.size(); ++k) {
      resolved = between(0, resolved);
      now.horizons.push_back({resolved, 0, share(1)});
    }
    // As it is when rule W was kept before.
    RC_PRE(now.undispatched >= now.dispatched - now.horizons[0].resolved);
    const Decision d = decide(p, now);
    const double first_cap =
        cap(now.horizons[0].bound, static_cast<double>(p.budget()), p.delta.fraction());
    if (d.want < 1 || d.move == Move::probe || first_cap >= static_cast<double>(d.limit)) return;
    const std::int64_t unresolved = now.dispatched + d.want - now.horizons[0].resolved;
    RC_ASSERT(now.undispatched - d.want >= unresolved - 1);
  }));
}

TEST(Properties, P11_AHaltIsFinalAndExhaustedMeansThatNothingMoreCanBeLearnt) {
  EXPECT_TRUE(
      rc::check("2.10(11) after HALT no dispatch; EXHAUSTED only if n_kb >= dispatched", [] {
        Played run(between(100, 5000));
        for (int i = 0; i < 40; ++i) {
          const std::int64_t before = run.state().dispatched();
          const bool was = run.halted();
          run.live_a_while();
          RC_ASSERT(!was || run.halted());
          RC_ASSERT(!was || run.state().dispatched() == before);
          if (!run.halted()) continue;
          RC_ASSERT(run.state().open_places() == 0);
          RC_ASSERT(!step(run.state(), Dispatched{0}, {}).ok());
        }
      }));
}

}  // namespace
}  // namespace fb::rollout
