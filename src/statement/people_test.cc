#include "statement/people.h"

#include <gtest/gtest.h>

#include "crypto/signer_test.h"

namespace fb::statement {
namespace {

using crypto::TestSigner;

constexpr Instant kNow{1'721'362'140'000};

PersonId id(const std::string& text) { return *PersonId::parse(text); }

Person person(const std::string& name, std::set<Role> roles, const TestSigner& signer) {
  return {id(name), std::move(roles), {{signer.key().id(), signer.key()}}};
}

Act approval(const std::string& who) {
  Act act;
  act.person = id(who);
  act.reason = "read and tried";
  act.issued = kNow;
  act.expires = kNow + hours(4);
  act.nonce = std::string(32, 'c');
  return act;
}

class Acts : public ::testing::Test {
 protected:
  const TestSigner ann{"ann"}, bob{"bob"}, stranger{"stranger"};
  const People people{{person("ann", {Role::author}, ann), person("bob", {Role::reviewer}, bob)}};

  [[nodiscard]] std::string outcome(const Envelope& envelope, Instant now = kNow) const {
    const auto act = verify_act(envelope, people, now);
    return act.ok() ? act->act.person.text() : std::string(name(act.error().code));
  }
};

TEST_F(Acts, AreWhatTheNamedPersonSigned) {
  struct Row {
    const char* what;
    const TestSigner& signer;
    const char* in_the_name_of;
    Instant now;
    const char* outcome;
  };
  const Row rows[] = {
      {"one's own word", bob, "bob", kNow, "bob"},
      {"at its last moment", bob, "bob", kNow + hours(4), "bob"},
      {"a moment later", bob, "bob", kNow + hours(4) + milliseconds(1), "expired"},
      {"an unknown key", stranger, "bob", kNow, "bad_signature"},
      {"in another's name", ann, "bob", kNow, "bad_signature"},
      {"in the name of nobody", bob, "zoe", kNow, "bad_signature"},
  };
  for (const Row& row : rows) {
    const Envelope sealed = *seal(kPersonType, encode(approval(row.in_the_name_of)), row.signer);
    EXPECT_EQ(outcome(sealed, row.now), row.outcome) << row.what;
  }
}

TEST_F(Acts, SignedInAnothersNameNameBoth) {
  const auto act = verify_act(*seal(kPersonType, encode(approval("bob")), ann), people, kNow);
  ASSERT_FALSE(act.ok());
  EXPECT_EQ(act.error().detail, "signed by ann in the name of bob");
}

TEST_F(Acts, OfAnotherTypeDoNotCount) {
  EXPECT_EQ(outcome(*seal(kPolicyType, encode(approval("bob")), bob)), "bad_signature");
}

TEST_F(Acts, ChangedAfterSigningDoNotCount) {
  Envelope sealed = *seal(kPersonType, encode(approval("bob")), bob);
  const auto place = sealed.payload.find("approve");
  sealed.payload.replace(place, 7, "waive");
  EXPECT_EQ(outcome(sealed), "bad_signature");
}

TEST_F(Acts, SignedByAPersonTwiceAreStillThatPersons) {
  Envelope sealed = *seal(kPersonType, encode(approval("bob")), bob);
  sealed.signatures.insert(sealed.signatures.begin(), {stranger.key().id(), "nonsense"});
  EXPECT_EQ(outcome(sealed), "bob");
}

TEST_F(Acts, ThatAreNoActsAreMalformed) {
  EXPECT_EQ(outcome(*seal(kPersonType, "{}", bob)), "malformed");
}

TEST(ActFormat, CarriesWhatItsKindNeedsAndNothingElse) {
  struct Row {
    const char* kind;
    bool rollout, gate, lane, budget = false;
  };
  const Row rows[] = {{"approve", false, false, false},    {"waive", false, true, false},
                      {"start", false, false, true},       {"hold", true, false, false},
                      {"continue", true, false, false},    {"halt", true, false, false},
                      {"resume", true, false, true},       {"revert", true, false, false},
                      {"accept", true, false, false, true}};
  for (const Row& row : rows) {
    json::Value value = *json::parse(encode(approval("bob")));
    value["act"] = row.kind;
    if (row.rollout) value["rollout"] = 7;
    if (row.gate) value["gate"] = "contract";
    if (row.lane) value["lane"] = "fast";
    if (row.budget) value["budget"] = 40;
    const auto act = decode_act(json::compact(value));
    ASSERT_TRUE(act.ok()) << row.kind << ": " << act.error().detail;
    EXPECT_EQ(word(act->kind), row.kind);
    EXPECT_EQ(*json::parse(encode(*act)), value);

    const std::tuple<bool, const char*, json::Value> parts[] = {{row.rollout, "rollout", 7},
                                                                {row.gate, "gate", "contract"},
                                                                {row.lane, "lane", "fast"},
                                                                {row.budget, "budget", 40}};
    for (const auto& [wanted, key, sample] : parts) {
      json::Value other = value;
      if (wanted)
        other.erase(key);
      else
        other[key] = sample;
      EXPECT_FALSE(decode_act(json::compact(other)).ok()) << row.kind << " and " << key;
    }
  }
}

TEST(ActFormat, OnlyAStartBorrowsEachLenderOnceAndFew) {
  Act start = approval("bob");
  start.kind = ActKind::start;
  const json::Value plain = *json::parse(encode(start));
  EXPECT_FALSE(plain.contains("borrow"));
  const auto refused = [](json::Value value, const json::Value& lenders) {
    value["borrow"] = lenders;
    return !decode_act(json::compact(value)).ok();
  };
  EXPECT_FALSE(refused(plain, {1, 3}));
  EXPECT_TRUE(refused(plain, {1, 1})) << "twice";
  EXPECT_TRUE(refused(plain, {10})) << "no rollout has such a number";
  EXPECT_TRUE(refused(plain, {1, 2, 3, 4, 5, 6, 7, 8, 9})) << "too many";
  EXPECT_TRUE(refused(*json::parse(encode(approval("bob"))), {1})) << "an approval";
}

TEST(ActFormat, RefusesARolloutDivisibleByTen) {
  Act halt = approval("bob");
  halt.kind = ActKind::halt;
  halt.rollout = *RolloutId::parse(7);
  json::Value value = *json::parse(encode(halt));
  ASSERT_TRUE(decode_act(json::compact(value)).ok());
  value["rollout"] = 10;
  const auto act = decode_act(json::compact(value));
  ASSERT_FALSE(act.ok());
  EXPECT_NE(act.error().detail.find("not divisible by 10"), std::string::npos);
}

std::string people_problem(const json::Value& value) {
  const auto people = decode_people(json::compact(value));
  return people.ok() ? "" : people.error().detail;
}

TEST(PeopleFormat, SurvivesTheRoundTrip) {
  const TestSigner ann("ann"), bob("bob");
  const People people{{person("ann", {Role::author, Role::security}, ann), person("bob", {}, bob)}};
  const auto again = decode_people(encode(people));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(people));
  ASSERT_NE(again->find(id("ann")), nullptr);
  EXPECT_EQ(again->find(id("ann"))->roles, (std::set<Role>{Role::author, Role::security}));
  EXPECT_EQ(again->find(id("zoe")), nullptr);
}

TEST(PeopleFormat, RefusesWhatWouldBlurWhoIsWho) {
  const TestSigner ann("ann");
  const json::Value good = *json::parse(encode(People{{person("ann", {Role::author}, ann)}}));
  ASSERT_EQ(people_problem(good), "");

  json::Value twice = good;
  twice["people"].push_back(good["people"][0]);
  EXPECT_EQ(people_problem(twice), "people.people[1].id: 'ann' stands twice");
  json::Value unknown_role = good;
  unknown_role["people"][0]["roles"] = {"author", "boss"};
  EXPECT_NE(people_problem(unknown_role).find("'boss' is no role"), std::string::npos);
  json::Value keyless = good;
  keyless["people"][0]["keys"] = json::Value::array();
  EXPECT_NE(people_problem(keyless).find("1 to 8 public keys"), std::string::npos);
  json::Value fraction = good;
  fraction["people"][0]["keys"][0]["weight"] = 0.5;
  EXPECT_NE(people_problem(fraction).find("a number with a fraction"), std::string::npos);
}

}  // namespace
}  // namespace fb::statement
