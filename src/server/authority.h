// Authority: whose word counts for what. What loosens a rollout, a resume or a larger budget, is no
// one person's: two say the same, with different roles, within an hour.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "statement/people.h"

namespace fb::server {

// Of these roles two people agree.
inline constexpr std::array kAgreeing{statement::Role::operations, statement::Role::security,
                                      statement::Role::reviewer};

// Whether this person has one of the roles.
bool may(const statement::People& people, const PersonId& id,
         std::initializer_list<statement::Role> roles);
bool may_agree(const statement::People& people, const PersonId& id);

// Clocks of people's machines differ by so much.
inline constexpr Millis kClockSlack = seconds(1);
// What was signed before `since` was about something else.
struct When {
  Instant since;
  Instant now;
};
// The people who said the same as `word` of the same rollout, in the order of their names; empty
// when they are not two with different roles. `acts`: what was said of the release, `word`
// included.
std::vector<PersonId> agreed(const std::vector<statement::SignedAct>& acts,
                             const statement::Act& word, const statement::People& people,
                             const When& when);
// "ada and grace".
std::string in_words(const std::vector<PersonId>& people);

}  // namespace fb::server
