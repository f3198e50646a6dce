#include "sim/chance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/check.h"

namespace fb::sim {
namespace {

constexpr double kLn2 = 0.693147180559945309417;
constexpr double kHalfLn2Pi = 0.918938533204672741780;

// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: the finalizer of
// SplitMix64, a hash of a counter.
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

// A distribution over whole numbers around its mode, known by ratios of neighbours.
struct Modal {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::int64_t mode = 0;
  double log_peak = 0;  // ln P(mode)
};

// Inversion that starts at the mode and goes outwards on both sides (Kemp, "A modal method for
// generating binomial variables", 1986): exact up to rounding, and about as many steps as the
// standard deviation. `up(k)` is P(k+1)/P(k).
template <class Up>
std::int64_t from_mode(const Modal& shape, double u, Up up) {
  double above = portable_exp(shape.log_peak);
  double below = above;
  std::int64_t top = shape.mode;
  std::int64_t bottom = shape.mode;
  u -= above;
  while (u >= 0) {
    const bool done_above = top >= shape.high || above <= 0;
    const bool done_below = bottom <= shape.low || below <= 0;
    if (done_above && done_below) return shape.mode;  // what rounding left over
    if (!done_above) {
      above *= up(top);
      ++top;
      if ((u -= above) < 0) return top;
    }
    if (!done_below) {
      --bottom;
      below /= up(bottom);
      if ((u -= below) < 0) return bottom;
    }
  }
  return shape.mode;
}

double log_choose(std::int64_t n, std::int64_t k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

// Small means: count up from zero, which needs no logarithm.
std::int64_t binomial_from_zero(std::int64_t n, double p, double u) {
  double term = portable_exp(static_cast<double>(n) * portable_log(1 - p));
  const double odds = p / (1 - p);
  std::int64_t k = 0;
  while (u >= term && k < n) {
    u -= term;
    term *= odds * static_cast<double>(n - k) / static_cast<double>(k + 1);
    ++k;
  }
  return k;
}

std::int64_t binomial_from_mode(std::int64_t n, double p, double u) {
  Modal shape{0, n, static_cast<std::int64_t>(static_cast<double>(n + 1) * p), 0};
  shape.mode = std::min(shape.mode, n);
  const auto k = static_cast<double>(shape.mode);
  shape.log_peak = log_choose(n, shape.mode) + k * portable_log(p) +
                   (static_cast<double>(n) - k) * portable_log(1 - p);
  const double odds = p / (1 - p);
  return from_mode(shape, u, [&](std::int64_t at) {
    return odds * static_cast<double>(n - at) / static_cast<double>(at + 1);
  });
}

}  // namespace

Chance::Chance(std::uint64_t seed, std::uint64_t run) : key_(mixed(mixed(seed + kStep) ^ run)) {}

std::uint64_t Chance::bits() { return mixed(key_ + kStep * ++counter_); }

double Chance::uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }

std::int64_t Chance::below(std::int64_t n) {
  FB_CHECK(n >= 1);
  return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(n));
}

std::int64_t Chance::binomial(std::int64_t n, double p) {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p);
  const double u = uniform();
  constexpr double kSmallMean = 8;  // P(0) is far from underflow, and few steps lead up
  return static_cast<double>(n) * p < kSmallMean ? binomial_from_zero(n, p, u)
                                                 : binomial_from_mode(n, p, u);
}

std::int64_t Chance::hypergeometric(std::int64_t all, std::int64_t marked, std::int64_t draws) {
  FB_CHECK(marked >= 0 && draws >= 0 && marked <= all && draws <= all);
  Modal shape{std::max<std::int64_t>(0, draws + marked - all), std::min(draws, marked), 0, 0};
  if (shape.low == shape.high) return shape.low;
  shape.mode =
      static_cast<std::int64_t>(static_cast<double>(draws + 1) * static_cast<double>(marked + 1) /
                                static_cast<double>(all + 2));
  shape.mode = std::clamp(shape.mode, shape.low, shape.high);
  shape.log_peak = log_choose(marked, shape.mode) + log_choose(all - marked, draws - shape.mode) -
                   log_choose(all, draws);
  return from_mode(shape, uniform(), [&](std::int64_t at) {
    return static_cast<double>(marked - at) * static_cast<double>(draws - at) /
           (static_cast<double>(at + 1) * static_cast<double>(all - marked - draws + at + 1));
  });
}

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m-1)/(m+1)) as a series.
double portable_log(double x) {
  FB_CHECK(x > 0);
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // exact
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  const double z = (m - 1) / (m + 1);
  const double square = z * z;
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return 2 * z * sum + exponent * kLn2;
}

double portable_exp(double x) {
  if (x < -700) return 0;
  x = std::min(x, 700.0);
  const double turns = std::floor(x / kLn2 + 0.5);
  const double rest = x - turns * kLn2;
  double sum = 1;
  for (int k = 16; k >= 1; --k) sum = 1 + sum * rest / k;
  return std::ldexp(sum, static_cast<int>(turns));
}

double log_factorial(std::int64_t n) {
  FB_CHECK(n >= 0);
  constexpr std::size_t kTable = 256;
  static const std::array<double, kTable> kSmall = [] {
    std::array<double, kTable> made{};
    for (std::size_t k = 2; k < kTable; ++k)
      made[k] = made[k - 1] + portable_log(static_cast<double>(k));
    return made;
  }();
  if (n < static_cast<std::int64_t>(kTable)) return kSmall[static_cast<std::size_t>(n)];
  // Stirling's series; the next term is below 1e-16 from here on.
  const auto x = static_cast<double>(n);
  const double inverse = 1 / x;
  const double square = inverse * inverse;
  const double tail = inverse * (1.0 / 12 - square * (1.0 / 360 - square / 1260));
  return (x + 0.5) * portable_log(x) - x + kHalfLn2Pi + tail;
}

}  // namespace fb::sim
