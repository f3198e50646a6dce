// Evidence: is the release worse than what the fleet ran before? A bet against "no worse", read at
// any time.
//
// Each cell (channel, age) multiplies up the likelihood ratio of treated against control events for
// 18 alternatives; a convex mixture of cells is the evidence E. If the release is no worse, P(E
// ever reaches 1/alpha) <= alpha (Ville, 1939; ter Schure et al., "The Anytime-Valid Logrank Test",
// 2024; Vovk and Wang, "E-values: Calibration, combination, and applications", 2021), under
// continuous looking and for any common background: evening shutdowns and backend incidents strike
// both arms. Half of E watches all strata together, half watches each by itself. Values; owned by
// the State.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rollout/tick_counts.h"

namespace fb::rollout {

inline constexpr std::size_t kRatios = 18;
// ln likelihood ratio per alternative r_j: one cell's capital.
using Ratios = std::array<double, kRatios>;

// r_j = 1 + 2^(j-2): from "a quarter more" to "32,769 times".
const Ratios& ratio_grid();
// w_b proportional to 1/(b+2), over the pooled age bins.
const std::array<double, kAgeBins>& bin_weights();
// .5, .25, .15, .1 over the age groups of a stratum.
const std::array<double, kAgeGroups>& group_weights();

// Events and devices at risk of both arms, in one cell and tick.
struct Comparison {
  std::int64_t treated_events = 0;  // x_T
  std::int64_t control_events = 0;  // x_C
  std::int64_t treated = 0;         // tau_T, raised to x_T if below
  std::int64_t control = 0;         // tau_C; 0 compares nothing
};

// ln of the likelihood ratio "hazard ratio r" against "hazard ratio rho0", given the number of
// events: binomial, which dominates the exact hypergeometric in convex order (Hoeffding, 1963). 0
// when an arm is empty, nothing happened, or r <= rho0.
double log_ratio(double r, const Comparison& seen, double rho0);

// mix(L) = mean of exp(L_j), exponents capped at 600.
double mix(const Ratios& capitals);
// ln mix(L), exponents not capped.
double log_mix(const Ratios& capitals);

class Evidence {
 public:
  Evidence() = default;
  explicit Evidence(std::size_t strata);

  // Adds one tick: log ratios per stratum, summed (pooled counts of unequal strata would lie).
  void add(const std::vector<StratumCounts>& strata, double rho0);

  // E: 1 at the start; at least 1/alpha is beyond doubt.
  [[nodiscard]] double global() const { return global_; }
  // E_s of one stratum.
  [[nodiscard]] double of_stratum(std::size_t stratum) const;
  [[nodiscard]] std::vector<double> by_stratum() const;

  using PooledCells = std::array<std::array<Ratios, kAgeBins>, kChannels>;
  using StratumCells = std::array<std::array<Ratios, kAgeGroups>, kChannels>;
  [[nodiscard]] const std::vector<PooledCells>& pooled() const { return pooled_; }
  [[nodiscard]] const std::vector<StratumCells>& strata() const { return strata_; }
  static Evidence from_cells(std::vector<PooledCells> pooled, std::vector<StratumCells> strata);

  friend bool operator==(const Evidence&, const Evidence&) = default;

 private:
  [[nodiscard]] double mixture() const;

  double global_ = 1;  // follows from the cells; kept because every tick asks for it several times
  std::vector<PooledCells>
      pooled_;  // one element, on the heap so that a State moves cheaply; none before the start
  std::vector<StratumCells> strata_;
};

// Which strata are harmed, at false discovery rate q under any dependence: sorted E_s down, the
// largest k with E_(k) >= S/(q k) (Wang and Ramdas, "False discovery rate control with e-values",
// 2022). Indices, strongest first.
std::vector<std::size_t> harmed_strata(const std::vector<double>& by_stratum, double q = 0.05);

}  // namespace fb::rollout
