#include "server/authority.h"

#include <gtest/gtest.h>

namespace fb::server {
namespace {

using statement::Act;
using statement::ActKind;
using statement::Role;

constexpr Instant kNow{1'700'000'000'000};

class Agreement : public ::testing::Test {
 protected:
  Agreement() {
    employ("ada", {Role::operations});
    employ("alan", {Role::operations});
    employ("sue", {Role::security});
    employ("ann", {Role::author, Role::customer});
  }

  void employ(const std::string& name, std::set<Role> roles) {
    people_.people.push_back({*PersonId::parse(name), std::move(roles), {}});
  }
  static Act word(const std::string& who, std::int64_t budget = 40) {
    Act act;
    act.kind = ActKind::accept;
    act.person = *PersonId::parse(who);
    act.rollout = *RolloutId::parse(7);
    act.budget = budget;
    act.issued = kNow;
    act.expires = kNow + hours(1);
    return act;
  }
  std::string of(const std::vector<Act>& said) {
    std::vector<statement::SignedAct> acts;
    for (const Act& each : said) acts.push_back({each, {}});
    return in_words(agreed(acts, said.back(), people_, {since_, kNow}));
  }

  Instant since_;
  statement::People people_;
};

TEST_F(Agreement, IsOfTwoPeopleWithDifferentRoles) {
  EXPECT_EQ(of({word("sue"), word("ada")}), "ada and sue");
  EXPECT_EQ(of({word("ada")}), "");
  EXPECT_EQ(of({word("ada"), word("ada")}), "") << "one person";
  EXPECT_EQ(of({word("ada"), word("alan")}), "") << "one role";
  EXPECT_EQ(of({word("ada"), word("ann")}), "") << "a role that agrees to nothing";
  EXPECT_EQ(of({word("nobody"), word("ada")}), "");
  EXPECT_EQ(of({word("ada"), word("alan"), word("sue")}), "ada and alan and sue");
}

TEST_F(Agreement, IsOnTheSameAndOfToday) {
  EXPECT_EQ(of({word("ada", 50), word("sue", 40)}), "");
  Act other = word("ada");
  other.rollout = *RolloutId::parse(8);
  EXPECT_EQ(of({other, word("sue")}), "");
  other = word("ada");
  other.kind = ActKind::resume;
  EXPECT_EQ(of({other, word("sue")}), "");
  other = word("ada");
  other.expires = kNow - seconds(1);
  EXPECT_EQ(of({other, word("sue")}), "");
  other = word("ada");
  other.issued = kNow - minutes(61);
  EXPECT_EQ(of({other, word("sue")}), "");
  other = word("ada");
  other.lane = statement::Lane::emergency;
  EXPECT_EQ(of({other, word("sue")}), "");
}

TEST_F(Agreement, IsNotWithWordsAboutWhatWasBefore) {
  Act old = word("ada");
  old.issued = kNow - minutes(10);
  EXPECT_EQ(of({old, word("sue")}), "ada and sue");
  since_ = kNow - minutes(5);
  EXPECT_EQ(of({old, word("sue")}), "");
  EXPECT_EQ(of({word("ada"), word("sue")}), "ada and sue");
}

TEST_F(Agreement, MayAskForOneOfSeveralRoles) {
  EXPECT_TRUE(may(people_, *PersonId::parse("ann"), {Role::operations, Role::author}));
  EXPECT_FALSE(may(people_, *PersonId::parse("ann"), {Role::operations}));
  EXPECT_FALSE(may(people_, *PersonId::parse("nobody"), {Role::operations, Role::author}));
  EXPECT_TRUE(may_agree(people_, *PersonId::parse("sue")));
  EXPECT_FALSE(may_agree(people_, *PersonId::parse("ann")));
}

}  // namespace
}  // namespace fb::server
