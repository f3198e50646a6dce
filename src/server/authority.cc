#include "server/authority.h"

#include <algorithm>
#include <set>

namespace fb::server {
namespace {

using statement::Role;

// What somebody thought last week says nothing about today. Their words stay good for devices that
// were off meanwhile.
constexpr Millis kAgreement = hours(1);

bool has_one_of(const statement::People& people, const PersonId& id, const Role* from,
                const Role* to) {
  const auto* person = people.find(id);
  return person != nullptr &&
         std::any_of(from, to, [&](Role role) { return person->roles.contains(role); });
}

bool same_word(const statement::Act& a, const statement::Act& b) {
  return a.kind == b.kind && a.rollout == b.rollout && a.budget == b.budget && a.lane == b.lane;
}

}  // namespace

bool may(const statement::People& people, const PersonId& id, std::initializer_list<Role> roles) {
  return has_one_of(people, id, roles.begin(), roles.end());
}

bool may_agree(const statement::People& people, const PersonId& id) {
  return has_one_of(people, id, kAgreeing.begin(), kAgreeing.end());
}

std::vector<PersonId> agreed(const std::vector<statement::SignedAct>& acts,
                             const statement::Act& word, const statement::People& people,
                             const When& when) {
  std::set<PersonId> sayers;
  std::set<Role> roles;
  for (const auto& each : acts) {
    const statement::Act& act = each.act;
    if (!same_word(act, word) || act.expires < when.now || act.issued + kAgreement < when.now)
      continue;
    if (act.issued + kClockSlack <= when.since) continue;
    if (!may_agree(people, act.person)) continue;
    sayers.insert(act.person);
    for (const Role role : people.find(act.person)->roles) {
      if (std::find(kAgreeing.begin(), kAgreeing.end(), role) != kAgreeing.end())
        roles.insert(role);
    }
  }
  if (sayers.size() < 2 || roles.size() < 2) return {};
  return {sayers.begin(), sayers.end()};
}

std::string in_words(const std::vector<PersonId>& people) {
  std::string text;
  for (const PersonId& each : people) text += (text.empty() ? "" : " and ") + each.text();
  return text;
}

}  // namespace fb::server
