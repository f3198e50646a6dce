#include "rollout/evidence.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace fb::rollout {
namespace {

constexpr double kLargestExponent = 600;  // e^600 is beyond any doubt and still a finite double

// Whether the cell learnt something.
bool add_log_ratios(Ratios& capitals, const Comparison& seen, double rho0) {
  if (seen.treated_events + seen.control_events == 0 || seen.control == 0) return false;
  if (std::max(seen.treated, seen.treated_events) == 0) return false;
  for (std::size_t j = 0; j < kRatios; ++j) capitals[j] += log_ratio(ratio_grid()[j], seen, rho0);
  return true;
}

// Every cell sees all control events of its stratum: they are the background of each age.
Comparison in_bin(const ChannelCounts& counts, std::size_t bin) {
  return {counts.events[bin], counts.control_events, counts.at_risk[bin], counts.control};
}

Comparison in_group(const ChannelCounts& counts, std::size_t group) {
  Comparison seen{0, counts.control_events, 0, counts.control};
  for (std::size_t bin = 0; bin < kAgeBins; ++bin) {
    if (group_of_bin(bin) != group) continue;
    seen.treated_events += counts.events[bin];
    seen.treated += counts.at_risk[bin];
  }
  return seen;
}

}  // namespace

const Ratios& ratio_grid() {
  static const Ratios kMade = [] {
    Ratios r{};
    for (std::size_t j = 0; j < kRatios; ++j) r[j] = 1.0 + std::exp2(static_cast<double>(j) - 2.0);
    return r;
  }();
  return kMade;
}

const std::array<double, kAgeBins>& bin_weights() {
  static const std::array<double, kAgeBins> kMade = [] {
    std::array<double, kAgeBins> w{};
    double sum = 0;
    for (std::size_t b = 0; b < kAgeBins; ++b) sum += w[b] = 1.0 / static_cast<double>(b + 2);
    for (double& weight : w) weight /= sum;
    return w;
  }();
  return kMade;
}

const std::array<double, kAgeGroups>& group_weights() {
  static const std::array<double, kAgeGroups> kMade = {0.5, 0.25, 0.15, 0.1};
  return kMade;
}

double log_ratio(double r, const Comparison& seen, double rho0) {
  const auto events = static_cast<double>(seen.treated_events + seen.control_events);
  const auto treated = static_cast<double>(std::max(seen.treated, seen.treated_events));
  const auto control = static_cast<double>(seen.control);
  if (treated <= 0 || control <= 0 || events <= 0 || r <= rho0) return 0;
  // ln((rho0 t + c) / (r t + c)) as a log1p: exact to the last digits when t is tiny beside c.
  const double shrink = std::log1p((rho0 - r) * treated / (r * treated + control));
  const double grow = seen.treated_events == 0
                          ? 0.0
                          : static_cast<double>(seen.treated_events) * std::log(r / rho0);
  return grow + events * shrink;
}

double mix(const Ratios& capitals) {
  double sum = 0;
  for (const double capital : capitals) sum += std::exp(std::min(capital, kLargestExponent));
  return sum / static_cast<double>(kRatios);
}

double log_mix(const Ratios& capitals) {
  const double top = *std::max_element(capitals.begin(), capitals.end());
  double sum = 0;
  for (const double capital : capitals) sum += std::exp(capital - top);
  return top + std::log(sum / static_cast<double>(kRatios));
}

Evidence::Evidence(std::size_t strata) : pooled_(1), strata_(strata) { global_ = mixture(); }

void Evidence::add(const std::vector<StratumCounts>& strata, double rho0) {
  FB_CHECK(strata.size() == strata_.size());
  bool news = false;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      const ChannelCounts& counts = strata[s].channel[c];
      for (std::size_t b = 0; b < kAgeBins; ++b)
        news |= add_log_ratios(pooled_[0][c][b], in_bin(counts, b), rho0);
      for (std::size_t g = 0; g < kAgeGroups; ++g)
        news |= add_log_ratios(strata_[s][c][g], in_group(counts, g), rho0);
    }
  }
  if (news) global_ = mixture();
}

double Evidence::mixture() const {
  if (strata_.empty()) return 1;
  double pooled = 0;
  for (const auto& bins : pooled_[0]) {
    for (std::size_t b = 0; b < kAgeBins; ++b) pooled += 0.5 * bin_weights()[b] * mix(bins[b]);
  }
  const std::vector<double> each = by_stratum();
  const double mean =
      std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
  return 0.5 * pooled + 0.5 * mean;
}

double Evidence::of_stratum(std::size_t stratum) const {
  double sum = 0;
  for (const auto& groups : strata_[stratum]) {
    for (std::size_t g = 0; g < kAgeGroups; ++g) sum += 0.5 * group_weights()[g] * mix(groups[g]);
  }
  return sum;
}

std::vector<double> Evidence::by_stratum() const {
  std::vector<double> each;
  each.reserve(strata_.size());
  for (std::size_t s = 0; s < strata_.size(); ++s) each.push_back(of_stratum(s));
  return each;
}

Evidence Evidence::from_cells(std::vector<PooledCells> pooled, std::vector<StratumCells> strata) {
  FB_CHECK(pooled.size() == (strata.empty() ? 0U : 1U));
  Evidence made;
  made.pooled_ = std::move(pooled);
  made.strata_ = std::move(strata);
  made.global_ = made.mixture();
  return made;
}

std::vector<std::size_t> harmed_strata(const std::vector<double>& by_stratum, double q) {
  std::vector<std::size_t> order(by_stratum.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return by_stratum[a] > by_stratum[b]; });
  std::size_t rejected = 0;
  for (std::size_t k = 1; k <= order.size(); ++k) {
    const double threshold = static_cast<double>(order.size()) / (q * static_cast<double>(k));
    if (by_stratum[order[k - 1]] >= threshold) rejected = k;
  }
  order.resize(rejected);
  return order;
}

}  // namespace fb::rollout
