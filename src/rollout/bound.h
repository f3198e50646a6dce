// Bound: how much harm cannot be excluded yet, and how many devices that allows.
//
// After n devices have lived through a horizon and X of them went bad, upper_bound() is a number U
// such that the excess probability p of harm satisfies p <= U at all times at once with probability
// 1 - beta: anybody may look after every device and act on what they see. The background of the
// fleet needs no estimate: the control capitals K cancel it, whatever it is and however it moves.
// Pure arithmetic; owned by nobody, callable from anywhere.
//
//   Capitals control{};
//   add_control(control, {.treated = 1000, .control = 9000, .control_events = 9});
//   const double u = upper_bound({.resolved = 1000, .bad = 2}, control, 0.01);   // 0.01037539436
//   const double most = cap(u, 100, 0.001);                                      // devices that
//   may be exposed
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fb::rollout {

inline constexpr std::size_t kBets = 14;
// ln of what each bet has won on the control arm so far: K_j.
using Capitals = std::array<double, kBets>;

// The bets s_j and their weights w_j (sum 1). s_0 = 1 stakes everything on "no event at all".
const std::array<double, kBets>& bets();
const std::array<double, kBets>& bet_weights();

// What one horizon has shown: devices old enough (failed ones included), and bad events below that
// age.
struct Outcomes {
  std::int64_t resolved = 0;  // n
  std::int64_t bad = 0;       // X

  friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

// One stratum and channel in one tick: those at risk at its start, and the control events in it.
struct ControlTick {
  std::int64_t treated = 0;         // tau_T
  std::int64_t control = 0;         // tau_C
  std::int64_t control_events = 0;  // x_C
};

// K_j += x_C ln(1 + s_j tau_T / tau_C). Without treated, control or events nothing changes, which
// is conservative.
void add_control(Capitals& capitals, const ControlTick& tick);

// ln M(p), M(p) = sum_j w_j (1 - s_j)^X (1 - s_j p)^-n e^K_j: a nonnegative supermartingale from 1
// when p is the true excess (Waudby-Smith and Ramdas, "Estimating means of bounded random variables
// by betting", 2024, with the control arm as the other side of the bet). Increasing in p.
// Precondition: 0 <= p < 1.
double log_mixture(double p, const Outcomes& outcomes, const Capitals& capitals);

// U = inf{p : M(p) >= 1/beta}, by bisection to 1e-9 relative; 1 when nothing is excluded, 0 when
// everything is. By Ville's inequality ("Étude critique de la notion de collectif", 1939) P(p > U
// at any time) <= beta.
double upper_bound(const Outcomes& outcomes, const Capitals& capitals, double beta);

// The exposure that a budget of harmed devices pays for: budget / (u - delta); infinite when u <=
// delta.
double cap(double u, double budget, double delta);

// Devices that the background alone is expected to have made bad, for display only: K_13 / s_13.
double expected_background(const Capitals& capitals);

}  // namespace fb::rollout
