// Loans: which rollouts of a release a start may borrow from.
//
// All that exposed anybody, or none: whoever could choose would choose those that went well. One
// that was halted is among them, so a release that was halted once lends nothing. On the decider's
// thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "rollout/plan.h"
#include "server/rollout_run.h"

namespace fb::server {

using Runs = std::map<RolloutId, std::unique_ptr<RolloutRun>>;

// The scope with what the named rollouts lend; unchanged when none is named. Errors: not_found,
// mismatch (another release's), conflict (not all of them, or one lends nothing).
Result<rollout::Scope> borrowing(rollout::Scope scope, const Digest& release,
                                 const std::vector<RolloutId>& from, const Runs& runs);

// What a person who borrows takes upon themselves, in one sentence.
std::string assumption(const rollout::Loan& loan);

// For the log and for people.
json::Value loan_view(const rollout::Loan& loan);

}  // namespace fb::server
