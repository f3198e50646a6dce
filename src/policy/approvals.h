// Who approved a release, as a customer counts it on the device.
//
// A rule names the roles that it wants; each is filled by another person, and the author of the
// release fills none. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "statement/people.h"

namespace fb::policy {

struct Approver {
  PersonId person;
  std::set<statement::Role> roles;
};

// The distinct people whose approval of `release` stands at `now`. The acts are verified already
// (statement::verify_act); who is no longer in `people` has no say.
std::vector<Approver> approvers_of(const Digest& release, const PersonId& author,
                                   const std::vector<statement::SignedAct>& acts,
                                   const statement::People& people, Instant now);

// Of the roles wanted, those left over when as many as possible are filled by different people.
std::vector<statement::Role> still_wanted(const std::vector<statement::Role>& wanted,
                                          const std::vector<Approver>& approvers);

// "reviewer, security".
std::string listed(const std::vector<statement::Role>& roles);

}  // namespace fb::policy
