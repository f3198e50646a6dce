// Loan: what finished rollouts of the same release have shown on other devices, counted into the
// bound of a fleet that is too small to show it by itself.
//
// It rests on a word that a person gives with the start: machines here fail no more often than
// those did. So it is named in the signed start, before anything is seen here; it is a snapshot,
// since the lenders' watch ends when the borrower starts; and it counts for the bound alone. The
// toe-dip, the order of the rings, the evidence and the halt know nothing of it. It stays out of
// the running minimum, so that it can stop to count: while the machines here speak against it.
// Values; owned by the State.
//
//   auto loan = lend({{id, &state}}, parameters, fleet_size);
//   const double u = upper_bound(own + loan->horizons[k].outcomes, ..., beta);
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "json/json.h"
#include "rollout/bound.h"
#include "rollout/parameters.h"

namespace fb::rollout {

struct State;

struct Loan {
  // One horizon of the borrower.
  struct Share {
    Outcomes outcomes;
    Capitals control{};

    friend bool operator==(const Share&, const Share&) = default;
  };

  std::vector<RolloutId> from;  // ascending
  std::int64_t machines = 0;    // that have the release there
  std::vector<Share> horizons;

  friend bool operator==(const Loan&, const Loan&) = default;
};

struct Lender {
  RolloutId id;
  const State* state = nullptr;
};

// Whether a fleet of this size may borrow at all. Errors: conflict.
Status may_borrow(std::int64_t fleet_size);

// Sums over the lenders and their populations. A lender's horizon serves the borrower's horizons of
// its age and younger ones: what is bad by a younger age is bad by an older one, too. Errors:
// conflict (a lender was halted, holds, is not through, or heard its devices by other times).
Result<Loan> lend(const std::vector<Lender>& lenders, const Parameters& borrower);

// From this evidence of harm on a loan does not count: the machines here are not like those.
inline constexpr double kLoanEndsAt = 2.0;

// Two bounds are in use then, with and without the loan; each takes half of beta.
Parameters for_loan(Parameters parameters);

Outcomes sum(const Outcomes& a, const Outcomes& b);
Capitals sum(const Capitals& a, const Capitals& b);

json::Value encode(const Loan& loan);
Result<Loan> decode_loan(const json::Value& value, std::string where = "loan");

}  // namespace fb::rollout
