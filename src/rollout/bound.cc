#include "rollout/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace fb::rollout {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr double kLargestP = 1.0 - 1e-12;
constexpr double kRelativeStop = 1e-9;
constexpr int kMostHalvings = 200;  // 60 suffice for any U above 1e-9

std::array<double, kBets> make_bets() {
  std::array<double, kBets> s{};
  s[0] = 1.0;
  for (std::size_t j = 1; j < kBets; ++j)
    s[j] = 1.0 / (1.0 + std::exp2(static_cast<double>(j) - 4.0));
  return s;
}

std::array<double, kBets> make_weights() {
  std::array<double, kBets> w{};
  double z = 0;
  for (std::size_t j = 1; j < kBets; ++j) z += 1.0 / static_cast<double>(j + 1);
  w[0] = 0.35;
  for (std::size_t j = 1; j < kBets; ++j) w[j] = 0.65 / static_cast<double>(j + 1) / z;
  return w;
}

struct Logs {
  std::array<double, kBets> weight{};
  std::array<double, kBets> miss{};  // ln(1 - s_j); -infinity for s_0 = 1
};

const Logs& logs() {
  static const Logs kLogs = [] {
    Logs made;
    for (std::size_t j = 0; j < kBets; ++j) {
      made.weight[j] = std::log(bet_weights()[j]);
      made.miss[j] = std::log1p(-bets()[j]);
    }
    return made;
  }();
  return kLogs;
}

// ln M_j(p) + ln w_j.
double log_term(std::size_t j, double p, const Outcomes& outcomes, const Capitals& capitals) {
  const double lost = outcomes.bad == 0 ? 0.0 : static_cast<double>(outcomes.bad) * logs().miss[j];
  return logs().weight[j] + lost -
         static_cast<double>(outcomes.resolved) * std::log1p(-bets()[j] * p) + capitals[j];
}

}  // namespace

const std::array<double, kBets>& bets() {
  static const std::array<double, kBets> kMade = make_bets();
  return kMade;
}

const std::array<double, kBets>& bet_weights() {
  static const std::array<double, kBets> kMade = make_weights();
  return kMade;
}

void add_control(Capitals& capitals, const ControlTick& tick) {
  if (tick.treated <= 0 || tick.control <= 0 || tick.control_events <= 0) return;
  const double odds = static_cast<double>(tick.treated) / static_cast<double>(tick.control);
  for (std::size_t j = 0; j < kBets; ++j) {
    capitals[j] += static_cast<double>(tick.control_events) * std::log1p(bets()[j] * odds);
  }
}

double log_mixture(double p, const Outcomes& outcomes, const Capitals& capitals) {
  FB_CHECK(p >= 0.0 && p < 1.0);
  std::array<double, kBets> terms{};
  for (std::size_t j = 0; j < kBets; ++j) terms[j] = log_term(j, p, outcomes, capitals);
  const double top = *std::max_element(terms.begin(), terms.end());
  if (top == kMinusInfinity) return kMinusInfinity;
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - top);
  return top + std::log(sum);
}

double upper_bound(const Outcomes& outcomes, const Capitals& capitals, double beta) {
  const double enough = -std::log(beta);
  if (outcomes.resolved <= 0) return 1.0;
  if (log_mixture(0.0, outcomes, capitals) >= enough) return 0.0;
  if (log_mixture(kLargestP, outcomes, capitals) < enough) return 1.0;
  double below = 0.0;
  double above = kLargestP;
  for (int i = 0; i < kMostHalvings && above - below > kRelativeStop * above; ++i) {
    const double middle = 0.5 * (below + above);
    (log_mixture(middle, outcomes, capitals) >= enough ? above : below) = middle;
  }
  return above;  // the side that is an upper bound
}

double cap(double u, double budget, double delta) {
  return u > delta ? budget / (u - delta) : std::numeric_limits<double>::infinity();
}

double expected_background(const Capitals& capitals) {
  return capitals[kBets - 1] / bets()[kBets - 1];
}

}  // namespace fb::rollout
