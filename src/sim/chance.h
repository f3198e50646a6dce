// Chance: a stream of random numbers that is the same on every machine, and the few distributions
// that a fleet of counts needs.
//
// Counter-based: the n-th number is a hash of (seed, run, n), so runs may be made in any order, and
// one run again without the others. The distributions use only +, -, *, / and powers of two, which
// IEEE 754 rounds the same everywhere; logarithm and exponential are our own, since those of the C
// libraries differ in the last digit. A value; one thread.
#pragma once

#include <cstdint>

namespace fb::sim {

class Chance {
 public:
  Chance(std::uint64_t seed, std::uint64_t run);

  std::uint64_t bits();
  double uniform();  // [0, 1), 53 bits
  // 0 .. n-1 for n >= 1. Bias below n / 2^64.
  std::int64_t below(std::int64_t n);
  // How many of n things happen that happen with probability p each, independently.
  std::int64_t binomial(std::int64_t n, double p);
  // How many of `draws` things drawn without replacement from `all` are among the `marked` of them.
  std::int64_t hypergeometric(std::int64_t all, std::int64_t marked, std::int64_t draws);

 private:
  std::uint64_t key_ = 0;
  std::uint64_t counter_ = 0;
};

// Natural logarithm of x > 0, and e^x, to a few units of 1e-16 relative; equal on every machine.
double portable_log(double x);
double portable_exp(double x);
// ln n! for n >= 0.
double log_factorial(std::int64_t n);

}  // namespace fb::sim
