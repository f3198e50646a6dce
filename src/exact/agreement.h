// Agreement: whether two models give the same distribution, from samples of both.
//
// The two-sample test of Kolmogorov and Smirnov. With ties, as counts have, it errs towards
// agreement: a pair that agrees fails at most as often as `level` says. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace fb::exact {

// The largest distance between the two empirical distribution functions; 0 … 1.
double distance(std::vector<std::int64_t> a, std::vector<std::int64_t> b);

// What the distance of samples of these sizes exceeds with probability `level` at most, when both
// come from one distribution (Smirnov 1948, asymptotic).
double allowed_distance(std::size_t a, std::size_t b, double level);

}  // namespace fb::exact
