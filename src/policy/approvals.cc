#include "policy/approvals.h"

#include <algorithm>
#include <optional>

namespace fb::policy {
namespace {

using statement::Role;

// Puts each person on one wanted role, moving others where that makes room (augmenting paths).
class Seating {
 public:
  Seating(const std::vector<Role>& wanted, const std::vector<Approver>& approvers)
      : wanted_(wanted), approvers_(approvers), seat_(approvers.size()) {}

  bool fill(std::size_t role) {
    std::vector<bool> tried(approvers_.size());
    return fill(role, tried);
  }

 private:
  bool fill(std::size_t role, std::vector<bool>& tried) {
    for (std::size_t i = 0; i < approvers_.size(); ++i) {
      if (tried[i] || !approvers_[i].roles.contains(wanted_[role])) continue;
      tried[i] = true;
      if (seat_[i] && !fill(*seat_[i], tried)) continue;
      seat_[i] = role;
      return true;
    }
    return false;
  }

  const std::vector<Role>& wanted_;
  const std::vector<Approver>& approvers_;
  std::vector<std::optional<std::size_t>> seat_;  // by approver: the role they stand for
};

}  // namespace

std::vector<Approver> approvers_of(const Digest& release, const PersonId& author,
                                   const std::vector<statement::SignedAct>& acts,
                                   const statement::People& people, Instant now) {
  std::vector<Approver> out;
  for (const auto& each : acts) {
    const statement::Act& act = each.act;
    if (act.kind != statement::ActKind::approve || act.release != release || act.expires < now ||
        act.person == author)
      continue;
    const auto* person = people.find(act.person);
    const bool counted = std::any_of(
        out.begin(), out.end(), [&](const Approver& known) { return known.person == act.person; });
    if (person != nullptr && !counted) out.push_back({person->id, person->roles});
  }
  return out;
}

std::vector<Role> still_wanted(const std::vector<Role>& wanted,
                               const std::vector<Approver>& approvers) {
  Seating seating(wanted, approvers);
  std::vector<Role> missing;
  for (std::size_t role = 0; role < wanted.size(); ++role) {
    if (!seating.fill(role)) missing.push_back(wanted[role]);
  }
  return missing;
}

std::string listed(const std::vector<Role>& roles) {
  std::string text;
  for (const Role role : roles) text += (text.empty() ? "" : ", ") + std::string(word(role));
  return text;
}

}  // namespace fb::policy
