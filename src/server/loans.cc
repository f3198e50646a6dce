#include "server/loans.h"

#include <algorithm>
#include <set>

namespace fb::server {
namespace {

std::string listed(const std::set<RolloutId>& ids) {
  std::string text;
  for (const RolloutId id : ids) text += (text.empty() ? "" : ", ") + id.text();
  return text;
}

Status carries(const Digest& release, RolloutId id, const Runs& runs) {
  const auto it = runs.find(id);
  if (it == runs.end()) return Error{ErrorCode::not_found, "there is no rollout " + id.text()};
  if (it->second->record().release == release) return {};
  return Error{ErrorCode::mismatch, "rollout " + id.text() + " carries " +
                                        it->second->record().release.text() +
                                        "; only rollouts of the same release lend"};
}

std::set<RolloutId> who_exposed_anybody(const Digest& release, const Runs& runs) {
  std::set<RolloutId> out;
  for (const auto& [id, run] : runs) {
    if (run->record().release == release && run->state().dispatched() > 0) out.insert(id);
  }
  return out;
}

std::int64_t size_of(const rollout::Scope& scope) {
  std::int64_t size = 0;
  for (const auto& stratum : scope.start.strata) size += stratum.eligible;
  return size;
}

}  // namespace

Result<rollout::Scope> borrowing(rollout::Scope scope, const Digest& release,
                                 const std::vector<RolloutId>& from, const Runs& runs) {
  if (from.empty()) return scope;
  FB_TRY(rollout::may_borrow(size_of(scope)));
  for (const RolloutId id : from) FB_TRY(carries(release, id, runs));
  const auto all = who_exposed_anybody(release, runs);
  if (all != std::set<RolloutId>(from.begin(), from.end())) {
    return Error{ErrorCode::conflict, all.empty()
                                          ? "no rollout of this release has exposed a machine yet"
                                          : "machines got this release by rollout " + listed(all) +
                                                ": borrow from all of these or from none"};
  }
  std::vector<rollout::Lender> lenders;
  for (const RolloutId id : all) lenders.push_back({id, &runs.at(id)->state()});
  FB_ASSIGN(auto loan, rollout::lend(lenders, scope.parameters));
  return rollout::for_loan(std::move(scope), std::move(loan));
}

std::string assumption(const rollout::Loan& loan) {
  return "the bound counts " + std::to_string(loan.machines) + " machines of rollout " +
         listed({loan.from.begin(), loan.from.end()}) +
         " and holds only if machines here fail no more often than those";
}

json::Value loan_view(const rollout::Loan& loan) {
  json::Value rollouts = json::Value::array();
  for (const RolloutId id : loan.from) rollouts.push_back(id.number());
  return {{"rollouts", std::move(rollouts)}, {"machines", loan.machines}};
}

}  // namespace fb::server
