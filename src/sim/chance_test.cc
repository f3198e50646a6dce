#include "sim/chance.h"

#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace fb::sim {
namespace {

TEST(Chance, TheSameSeedAndRunGiveTheSameNumbersOnEveryMachine) {
  Chance chance(1, 0);
  EXPECT_EQ(chance.bits(), 7982734928498899980ULL);
  EXPECT_EQ(chance.binomial(8'500'000, .3), 2'549'250);
  EXPECT_EQ(chance.hypergeometric(1'000'000, 300'000, 5'000), 1'524);
}

TEST(Chance, AnotherRunOfTheSameSeedIsAnotherStream) {
  Chance first(1, 0);
  Chance second(1, 1);
  EXPECT_NE(first.bits(), second.bits());
}

TEST(Chance, LogarithmExponentialAndFactorialAgreeWithTheLibrary) {
  for (double x = 1e-12; x < 1e12; x *= 1.37) {
    EXPECT_NEAR(portable_log(x), std::log(x), 4e-16 * (1 + std::abs(std::log(x)))) << x;
  }
  for (double x = -690; x < 690; x += 1.37) {
    EXPECT_NEAR(portable_exp(x) / std::exp(x), 1, 1e-13) << x;
  }
  for (std::int64_t n : {0, 1, 5, 255, 256, 300, 8'500'000}) {
    const double expected = std::lgamma(static_cast<double>(n) + 1);
    EXPECT_NEAR(log_factorial(n), expected, 1e-14 * (1 + expected)) << n;
  }
}

// Pearson's chi-square of 20,000 draws against the exact probabilities; cells with few expected
// ones are left to the others. The seed is fixed, so the answer is too.
struct Shape {
  const char* name;
  std::function<std::int64_t(Chance&)> draw;
  std::function<double(std::int64_t)> probability;
  std::int64_t most;
};

double choose(std::int64_t n, std::int64_t k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

Shape binomial(const char* name, std::int64_t n, double p) {
  return {name, [=](Chance& chance) { return chance.binomial(n, p); },
          [=](std::int64_t k) {
            return std::exp(choose(n, k) + static_cast<double>(k) * std::log(p) +
                            static_cast<double>(n - k) * std::log1p(-p));
          },
          n};
}

Shape hypergeometric(const char* name, std::int64_t all, std::int64_t marked, std::int64_t draws) {
  return {
      name, [=](Chance& chance) { return chance.hypergeometric(all, marked, draws); },
      [=](std::int64_t k) {
        if (k > marked || k > draws || draws - k > all - marked) return 0.0;
        return std::exp(choose(marked, k) + choose(all - marked, draws - k) - choose(all, draws));
      },
      draws};
}

TEST(Chance, DrawsFollowTheirDistribution) {
  const std::vector<Shape> shapes = {
      binomial("few and rare", 40, .02),          binomial("few and likely", 12, .9),
      binomial("many and rare", 170'000, .0001),  binomial("many", 1'000, .3),
      hypergeometric("small", 20, 7, 6),          hypergeometric("half", 1'000, 500, 100),
      hypergeometric("rare", 100'000, 300, 2'000)};
  constexpr int kDraws = 20'000;
  for (const Shape& shape : shapes) {
    Chance chance(7, 0);
    std::vector<int> seen(static_cast<std::size_t>(shape.most) + 1);
    for (int i = 0; i < kDraws; ++i) ++seen.at(static_cast<std::size_t>(shape.draw(chance)));
    double square = 0;
    int cells = 0;
    for (std::size_t k = 0; k < seen.size(); ++k) {
      const double expected = kDraws * shape.probability(static_cast<std::int64_t>(k));
      if (expected < 10) continue;
      square += (seen[k] - expected) * (seen[k] - expected) / expected;
      ++cells;
    }
    EXPECT_GE(cells, 3) << shape.name;
    EXPECT_LE(square, cells + 4 * std::sqrt(2.0 * cells)) << shape.name;
  }
}

TEST(Chance, TheEdgesOfADistributionAreExact) {
  Chance chance(3, 0);
  EXPECT_EQ(chance.binomial(0, .5), 0);
  EXPECT_EQ(chance.binomial(10, 0), 0);
  EXPECT_EQ(chance.binomial(10, 1), 10);
  EXPECT_EQ(chance.hypergeometric(10, 10, 4), 4);
  EXPECT_EQ(chance.hypergeometric(10, 0, 4), 0);
  EXPECT_EQ(chance.hypergeometric(10, 4, 10), 4);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(chance.below(3), 3);
}

}  // namespace
}  // namespace fb::sim
