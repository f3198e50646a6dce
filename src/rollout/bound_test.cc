#include "rollout/bound.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

constexpr double kAgreement = 2e-9;  // relative: the stop of the bisection

void expect_near(double actual, double expected, double relative = kAgreement) {
  EXPECT_NEAR(actual, expected, std::abs(expected) * relative);
}

struct Row {
  std::int64_t n;
  std::int64_t bad;
  std::vector<ControlTick> ticks;
  double beta;
  double u;
};

const std::vector<Row>& table() {
  static const std::vector<Row> kTable = {
      {0, 0, {}, .01, 1},
      {3, 0, {}, .05, 0.7126944364},
      {5, 0, {}, .05, 0.5219557588},
      {7, 0, {}, .01, 0.5385625415},
      {10, 0, {}, .01, 0.4166562898},
      {10, 1, {}, .01, 0.6369838369},
      {10, 3, {}, .01, 0.8094631839},
      {20, 0, {}, .05, 0.1661943024},
      {100, 0, {}, .01, 0.05199861620},
      {100, 1, {}, .01, 0.08827098877},
      {250, 0, {}, .01, 0.02112051391},
      {250, 0, {{250, 8499750, 2833}}, .01, 0.02079393821},
      {500, 3, {}, .05, 0.02251740131},
      {1000, 2, {{1000, 9000, 9}}, .01, 0.01037539436},
      {1000, 10, {{1000, 1000, 5}}, .01, 0.02226348448},
      {1430, 10, {}, .01, 0.01828257846},
      {1500, 10, {{1000, 1000, 2}, {500, 500, 3}, {1500, 400, 0}}, .01, 0.01487742708},
      {5000, 25, {{5000, 5000, 25}}, .01, 0.005642395613},
      {5000, 25, {{5000, 500, 3}}, .01, 0.007462617973},
      {5200, 6, {{5200, 8494800, 9000}}, .01, 0.002664702687},
      {28000, 140, {{28000, 28000, 140}}, .01, 0.002362966141},
      {55000, 270, {{55000, 600, 3}}, .01, 0.005233572223},
      {100000, 100, {{100000, 100000, 100}}, .01, 0.0005583190300},
      {100000, 150, {{100000, 100000, 100}}, .01, 0.001136217417},
      {850000, 950, {{850000, 7650000, 8600}}, .01, 0.0001498191715},
  };
  return kTable;
}

Capitals after(const std::vector<ControlTick>& ticks) {
  Capitals capitals{};
  for (const ControlTick& tick : ticks) add_control(capitals, tick);
  return capitals;
}

double log_poisson(std::int64_t k, double mean) {
  return static_cast<double>(k) * std::log(mean) - mean - std::lgamma(static_cast<double>(k) + 1);
}

double log_binomial(std::int64_t k, std::int64_t n, double p) {
  const auto dk = static_cast<double>(k);
  const auto dn = static_cast<double>(n);
  const double ways = std::lgamma(dn + 1) - std::lgamma(dk + 1) - std::lgamma(dn - dk + 1);
  const double hits = k == 0 ? 0 : dk * std::log(p);
  const double misses = k == n ? 0 : (dn - dk) * std::log1p(-p);
  return ways + hits + misses;
}

struct OneTick {
  double p;
  std::int64_t treated;
  std::int64_t control;
  double hazard;
};

// E[M(p)] over all outcomes of one tick in which every treated device resolves.
template <class TreatedLaw, class ControlLaw>
double expectation(const OneTick& at, std::int64_t most, TreatedLaw treated, ControlLaw control) {
  double sum = 0;
  for (std::int64_t x_c = 0; x_c <= most; ++x_c) {
    const Capitals capitals = after({{at.treated, at.control, x_c}});
    for (std::int64_t x_t = 0; x_t <= most; ++x_t) {
      const double weight = treated(x_t) + control(x_c);
      if (weight < -80) continue;
      sum += std::exp(weight + log_mixture(at.p, {at.treated, x_t}, capitals));
    }
  }
  return sum;
}

double bernoulli_expectation(const OneTick& at) {
  const double q = std::min(1.0, at.p + at.hazard);
  return expectation(
      at, std::max(at.treated, at.control),
      [&](std::int64_t k) { return k > at.treated ? -1e9 : log_binomial(k, at.treated, q); },
      [&](std::int64_t k) {
        return k > at.control ? -1e9 : log_binomial(k, at.control, at.hazard);
      });
}

TEST(Bound, TheBetsAndTheirWeightsAreThoseOfTheSpecification) {
  const std::array<double, kBets> s = {1,
                                       .8888888889,
                                       .8,
                                       .6666666667,
                                       .5,
                                       .3333333333,
                                       .2,
                                       .1111111111,
                                       .05882352941,
                                       .03030303030,
                                       .01538461538,
                                       .007751937984,
                                       .003891050584,
                                       .001949317739};
  const std::array<double, kBets> w = {.35,          .1443442165,  .09622947769, .07217210827,
                                       .05773768661, .04811473884, .04124120472, .03608605413,
                                       .03207649256, .02886884331, .02624440301, .02405736942,
                                       .02220680254, .02062060236};
  double sum = 0;
  for (std::size_t j = 0; j < kBets; ++j) {
    expect_near(bets()[j], s[j]);
    expect_near(bet_weights()[j], w[j]);
    sum += bet_weights()[j];
  }
  EXPECT_NEAR(sum, 1, 1e-15);
}

TEST(Bound, TheUpperBoundsAreThoseOfTheSpecification) {
  for (const Row& row : table()) {
    SCOPED_TRACE(testing::Message() << "n=" << row.n << " X=" << row.bad << " beta=" << row.beta);
    expect_near(upper_bound({row.n, row.bad}, after(row.ticks), row.beta), row.u);
  }
}

// A bisection ends between two numbers: the one that is returned is refuted, so it is a bound.
TEST(Bound, WhatIsReturnedIsOnTheRefutedSide) {
  for (const Row& row : table()) {
    const Outcomes outcomes{row.n, row.bad};
    const double u = upper_bound(outcomes, after(row.ticks), row.beta);
    if (u == 0 || u == 1) continue;
    EXPECT_GE(log_mixture(u, outcomes, after(row.ticks)), -std::log(row.beta))
        << "n=" << row.n << " X=" << row.bad << " beta=" << row.beta;
  }
}

TEST(Bound, TheMixtureIsThatOfTheSpecification) {
  expect_near(std::exp(log_mixture(.05, {100, 0}, {})), 81.9037232113566462, 1e-12);
  expect_near(std::exp(log_mixture(.05, {100, 1}, {})), 4.21722606640795444, 1e-12);
  expect_near(std::exp(log_mixture(.01, {1000, 2}, after({{1000, 9000, 9}}))), 74.0352573803219902,
              1e-12);
}

TEST(Bound, TheControlCapitalsOfOneTickAreThoseOfTheSpecification) {
  const Capitals k = after({{1000, 9000, 9}});
  expect_near(k[0], .9482446409);
  expect_near(k[1], .8476849355);
  expect_near(k[4], .4866049914);
  expect_near(k[13], .001949106667);
}

TEST(Bound, WithPoissonArmsTheExpectationOfOneTickIsOne) {
  const std::vector<OneTick> cases = {{.1, 10, 20, .05}, {.01, 100, 50, .02}, {.3, 10, 5, .2}};
  for (const OneTick& at : cases) {
    // Failures by the release are one draw per device, the background is Poisson: the balance is
    // exact.
    double sum = 0;
    for (std::int64_t release = 0; release <= at.treated; ++release) {
      const double by_release = log_binomial(release, at.treated, at.p);
      sum += expectation(
          at, 60,
          [&](std::int64_t k) {
            if (k < release) return -1e9;
            return by_release +
                   log_poisson(k - release, static_cast<double>(at.treated) * at.hazard);
          },
          [&](std::int64_t k) {
            return log_poisson(k, static_cast<double>(at.control) * at.hazard);
          });
    }
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Bound, WithBernoulliArmsTheExpectationOfOneTickIsBelowOne) {
  expect_near(bernoulli_expectation({.1, 10, 20, .05}), .9568645376);
  expect_near(bernoulli_expectation({.01, 100, 50, .02}), .9552521691);
  expect_near(bernoulli_expectation({.3, 10, 5, .2}), .4919290954);
}

TEST(Bound, TheExpectationOfAnyTickIsAtMostOne) {
  std::mt19937_64 random(20240719);
  std::uniform_real_distribution<double> share(0, .5);
  std::uniform_int_distribution<std::int64_t> size(1, 40);
  for (int i = 0; i < 200; ++i) {
    const OneTick at{share(random), size(random), size(random), share(random)};
    SCOPED_TRACE(testing::Message()
                 << at.p << " " << at.treated << " " << at.control << " " << at.hazard);
    EXPECT_LE(bernoulli_expectation(at), 1 + 1e-12);
  }
}

TEST(Bound, TheCapsAreThoseOfTheSpecification) {
  const std::vector<std::array<double, 3>> rows = {{1, 100, 100.1001001},
                                                   {.4166562898, 100, 240.5833917},
                                                   {.02112051391, 100, 4970.051981},
                                                   {.002664702687, 100, 60070.78668},
                                                   {.01, 100, 11111.11111},
                                                   {.002, 100, 100000},
                                                   {.5385625415, 20, 37.20497329},
                                                   {.01828257846, 20, 1157.234729},
                                                   {.01828257846, 40, 2314.469457}};
  for (const auto& [u, budget, devices] : rows) expect_near(cap(u, budget, .001), devices);
  EXPECT_TRUE(std::isinf(cap(.001, 100, .001)));
}

TEST(Bound, TheMixtureGrowsWithTheRateOfHarm) {
  for (const Row& row : table()) {
    double before = -INFINITY;
    for (double p = 0; p < 1; p += 1.0 / 64) {
      const double now = log_mixture(p, {row.n, row.bad}, after(row.ticks));
      EXPECT_GE(now, before);
      before = now;
    }
  }
}

TEST(Bound, MoreResolvedAndMoreControlEventsLowerTheBoundMoreHarmRaisesIt) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> size(1, 5000);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t n = size(random);
    const std::int64_t bad = size(random) % (1 + n / 20);
    const ControlTick tick{n, size(random), size(random) % 20};
    const double u = upper_bound({n, bad}, after({tick}), .01);
    EXPECT_LE(upper_bound({n + 1, bad}, after({tick}), .01), u * (1 + kAgreement));
    EXPECT_LE(upper_bound({n, bad}, after({tick, {n, 1000, 1}}), .01), u * (1 + kAgreement));
    EXPECT_GE(upper_bound({n, bad + 1}, after({tick}), .01), u * (1 - kAgreement));
  }
}

TEST(Bound, CleanDevicesAloneGiveTheBinomialBoundOrBetter) {
  for (std::int64_t n = 1; n < 2000; n = n * 3 / 2 + 1) {
    for (const double beta : {.01, .05}) {
      EXPECT_LE(upper_bound({n, 0}, {}, beta),
                (1 - std::pow(.35 * beta, 1.0 / static_cast<double>(n))) * (1 + kAgreement));
    }
  }
}

TEST(Bound, OnlyTheRatioOfTheArmsMatters) {
  const Capitals one = after({{300, 700, 5}});
  const Capitals ten = after({{3000, 7000, 5}});
  for (std::size_t j = 0; j < kBets; ++j) EXPECT_NEAR(one[j], ten[j], 1e-12);
}

TEST(Bound, WithoutControlTheBackgroundCancelsNothing) {
  EXPECT_EQ(after({{1000, 0, 0}, {1000, 0, 7}, {0, 10, 3}, {10, 10, 0}}), Capitals{});
}

TEST(Bound, MissingDataNeverPasses) {
  EXPECT_EQ(upper_bound({0, 0}, {}, .05), 1.0);
  EXPECT_EQ(upper_bound({0, 0}, after({{1000, 9000, 900}}), .05), 1.0);
  EXPECT_LT(cap(1.0, 10, .001), 11);
}

}  // namespace
}  // namespace fb::rollout
