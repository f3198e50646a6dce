#include "rollout/loan.h"

#include <algorithm>

#include "base/limits.h"
#include "rollout/exact_numbers.h"
#include "rollout/state.h"

namespace fb::rollout {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 53U;  // what JSON numbers hold exactly

Error refused(const Lender& lender, const std::string& why) {
  return {ErrorCode::conflict, "rollout " + lender.id.text() + " lends nothing: " + why};
}

Status check_lender(const Lender& lender, const Parameters& borrower) {
  const State& state = *lender.state;
  if (state.halt) return refused(lender, "it was halted");
  if (state.tenant_halt) return refused(lender, "it was halted at one tenant");
  if (state.phase != Phase::completed && state.phase != Phase::superseded) {
    return refused(lender, "it is " + std::string(name(state.phase)) +
                               "; only what every machine has lived through is lent");
  }
  if (state.engine_hold) return refused(lender, "its evidence of harm has not faded");
  const Parameters& its = state.parameters;
  if (its.heartbeat == borrower.heartbeat && its.silence_deadline() == borrower.silence_deadline())
    return {};
  return refused(lender, "it heard its machines every " + in_words(its.heartbeat) +
                             " and called them silent after " + in_words(its.silence_deadline()) +
                             "; here it is " + in_words(borrower.heartbeat) + " and " +
                             in_words(borrower.silence_deadline()));
}

// Of the lender's horizons the youngest that is old enough.
std::optional<std::size_t> horizon_for(Millis age, const Parameters& lender) {
  for (std::size_t j = 0; j < lender.horizons.size(); ++j) {
    if (lender.horizons[j].age >= age) return j;
  }
  return std::nullopt;
}

void add(Loan::Share& share, const State& lender, Millis age) {
  const auto j = horizon_for(age, lender.parameters);
  if (!j) return;
  for (const Population& each : lender.populations) {
    share.outcomes = sum(share.outcomes, each.pacing[*j].outcomes);
    share.control = sum(share.control, each.pacing[*j].control);
  }
}

}  // namespace

Status may_borrow(std::int64_t fleet_size) {
  if (fleet_size < limits::kBorrowingFleet) return {};
  return Error{ErrorCode::conflict, std::to_string(fleet_size) +
                                        " devices show enough by themselves; fewer than " +
                                        std::to_string(limits::kBorrowingFleet) + " may borrow"};
}

Result<Loan> lend(const std::vector<Lender>& lenders, const Parameters& borrower) {
  Loan loan;
  loan.horizons.resize(borrower.horizons.size());
  for (const Lender& lender : lenders) {
    FB_TRY(check_lender(lender, borrower));
    loan.from.push_back(lender.id);
    loan.machines += lender.state->dispatched();
    for (std::size_t k = 0; k < loan.horizons.size(); ++k)
      add(loan.horizons[k], *lender.state, borrower.horizons[k].age);
  }
  std::sort(loan.from.begin(), loan.from.end());
  return loan;
}

Parameters for_loan(Parameters p) {
  p.beta.ppm = std::max<std::int64_t>(1, p.beta.ppm / 2);
  return p;
}

Outcomes sum(const Outcomes& a, const Outcomes& b) {
  return {a.resolved + b.resolved, a.bad + b.bad};
}

Capitals sum(const Capitals& a, const Capitals& b) {
  Capitals both = a;
  for (std::size_t j = 0; j < kBets; ++j) both[j] += b[j];
  return both;
}

json::Value encode(const Loan& loan) {
  json::Value from = json::Value::array();
  json::Value horizons = json::Value::array();
  for (const RolloutId id : loan.from) from.push_back(id.number());
  for (const Loan::Share& each : loan.horizons) {
    horizons.push_back({{"resolved", each.outcomes.resolved},
                        {"bad", each.outcomes.bad},
                        {"control", exact_row(each.control)}});
  }
  return {{"rollouts", std::move(from)},
          {"machines", loan.machines},
          {"horizons", std::move(horizons)}};
}

Result<Loan> decode_loan(const json::Value& value, std::string where) {
  json::Reader in(value, std::move(where));
  Loan loan;
  for (const std::int64_t number : in.integers("rollouts", limits::kLenders, 1, INT32_MAX)) {
    const auto id = RolloutId::parse(number);
    if (id.ok())
      loan.from.push_back(*id);
    else
      in.fail("rollouts", id.error().detail);
  }
  loan.machines = in.integer("machines", 0, kMost);
  in.objects("horizons", kMaxHorizons, [&loan](json::Reader& each) {
    loan.horizons.push_back({{each.integer("resolved", 0, kMost), each.integer("bad", 0, kMost)},
                             read_exact_row<Capitals>(each, "control")});
  });
  FB_TRY(in.done());
  return loan;
}

}  // namespace fb::rollout
