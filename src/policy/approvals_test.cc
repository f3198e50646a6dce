#include "policy/approvals.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"
#include "policy/customer.h"

namespace fb::policy {
namespace {

using statement::Role;

constexpr Instant kNow{1'721'362'140'000};
const Digest kRelease = crypto::sha256("291");

PersonId person(const std::string& id) { return *PersonId::parse(id); }

Approver approver(const std::string& id, std::set<Role> roles) {
  return {person(id), std::move(roles)};
}

statement::SignedAct approval(const std::string& who) {
  statement::SignedAct out;
  out.act.kind = statement::ActKind::approve;
  out.act.person = person(who);
  out.act.release = kRelease;
  out.act.expires = kNow + days(1);
  return out;
}

std::string wanted(const std::vector<Role>& roles, const std::vector<Approver>& approvers) {
  return listed(still_wanted(roles, approvers));
}

TEST(StillWanted, GivesEachRoleAnotherPersonInTheBestWay) {
  const Approver rita = approver("rita", {Role::reviewer});
  const Approver sven = approver("sven", {Role::security});
  const Approver both = approver("both", {Role::reviewer, Role::security});
  struct Row {
    std::vector<Role> roles;
    std::vector<Approver> approvers;
    const char* missing;
  };
  const Row rows[] = {
      {{Role::reviewer}, {}, "reviewer"},
      {{Role::reviewer}, {rita}, ""},
      {{Role::reviewer}, {sven}, "reviewer"},
      {{Role::reviewer, Role::security}, {both}, "security"},
      {{Role::reviewer, Role::security}, {rita, sven}, ""},
      // Whoever can do both makes room for whoever can do but one.
      {{Role::reviewer, Role::security}, {both, rita}, ""},
      {{Role::security, Role::reviewer}, {both, sven}, ""},
      {{Role::reviewer, Role::reviewer}, {rita, both}, ""},
      {{Role::reviewer, Role::reviewer}, {rita, sven}, "reviewer"},
      {{Role::customer}, {rita, sven, both}, "customer"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(wanted(row.roles, row.approvers), row.missing)
        << listed(row.roles) << " by " << row.approvers.size();
}

TEST(Approvers, AreDistinctPeopleWhoStillCountAndSpokeOfThisRelease) {
  const statement::People people{
      {{person("rita"), {Role::reviewer}, {}}, {person("sven"), {Role::security}, {}}}};
  const auto count = [&](std::vector<statement::SignedAct> acts, const char* author = "ann") {
    return approvers_of(kRelease, person(author), acts, people, kNow).size();
  };
  EXPECT_EQ(count({approval("rita"), approval("sven")}), 2U);
  EXPECT_EQ(count({approval("rita"), approval("rita")}), 1U) << "twice is one person";
  EXPECT_EQ(count({approval("rita")}, "rita"), 0U) << "the author fills no role";
  EXPECT_EQ(count({approval("gone")}), 0U) << "no longer among the people";
  auto other = approval("rita");
  other.act.release = crypto::sha256("290");
  EXPECT_EQ(count({other}), 0U) << "of another release";
  auto waiver = approval("rita");
  waiver.act.kind = statement::ActKind::waive;
  EXPECT_EQ(count({waiver}), 0U) << "a waiver approves nothing";
  auto old = approval("rita");
  old.act.expires = kNow - milliseconds(1);
  EXPECT_EQ(count({old}), 0U) << "expired";
  old.act.expires = kNow;
  EXPECT_EQ(count({old}), 1U);
}

TEST(ApprovalRules, RefuseWithNumbersNamesAndWhoIsStillWanted) {
  Policy policy{*TenantId::parse("acme"), 3, kNow, OnHalt::revert, {}};
  policy.rules = {{"two-eyes", "*", {}, {}, {}, {Role::reviewer, Role::security}}};
  Question question{*ComponentId::parse("sensor.channel"), "291", kNow, kNow, {}};
  EXPECT_EQ(judge(policy, question)->sentence,
            "acme's rule two-eyes: 0 of 2 approvals that count here; still wanted: reviewer, "
            "security");
  question.approvers = {approver("rita", {Role::reviewer})};
  const auto refusal = judge(policy, question);
  EXPECT_EQ(refusal->sentence,
            "acme's rule two-eyes: 1 of 2 approvals that count here (rita); still wanted: "
            "security");
  EXPECT_EQ(refusal->change, "an approval by security");
  EXPECT_FALSE(refusal->until.has_value());
  question.approvers.push_back(approver("sven", {Role::security}));
  EXPECT_FALSE(judge(policy, question).has_value());
}

TEST(ApprovalRules, SurviveTheRoundTripAndNameOneToEightRoles) {
  Policy policy{*TenantId::parse("acme"), 3, kNow, OnHalt::revert, {}};
  policy.rules = {{"two-eyes", "*", {}, {}, {}, {Role::reviewer, Role::customer}}};
  const auto again = decode_policy(encode(policy));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->rules.front().approvals, policy.rules.front().approvals);
  const auto with = [&](const json::Value& roles) {
    json::Value value = *json::parse(encode(policy));
    value["rules"][0]["approvals"] = roles;
    return decode_policy(json::compact(value)).ok();
  };
  EXPECT_TRUE(with(json::Value(std::vector<std::string>(8, "reviewer"))));
  EXPECT_FALSE(with(json::Value(std::vector<std::string>(9, "reviewer"))));
  EXPECT_FALSE(with(json::Value::array()));
  EXPECT_FALSE(with(json::Value::array({"boss"})));
}

}  // namespace
}  // namespace fb::policy
