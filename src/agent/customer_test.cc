// The customer's word on a whole device: approvals that it wants to see, and a key that changes.
#include "agent/device_world_test.h"
#include "agent/explain.h"

namespace fb::agent {
namespace {

using statement::ActKind;
using statement::Role;

// A device whose customer speaks with the key `one`, and who also has `two` and `three`.
struct Customer : World {
  Customer() {
    policy_key = one.key();
    provision();
  }
  void say(std::int64_t version, std::vector<policy::Rule> rules, const tuf::TestSigner& signer) {
    policy::Policy policy{*TenantId::parse("acme"), version, clock.wall(), policy::OnHalt::revert,
                          std::move(rules)};
    server.policy = json::compact(
        statement::encode(*statement::seal(statement::kPolicyType, encode(policy), signer)));
    server.policy_version = version;
  }
  [[nodiscard]] policy::Rule freeze() const {
    return {"quarter-end",
            "*",
            policy::Freeze{clock.wall() - hours(1), clock.wall() + days(9)},
            {},
            {}};
  }
  [[nodiscard]] statement::Envelope rotation(std::int64_t version, const tuf::TestSigner& next,
                                             const std::vector<const tuf::TestSigner*>& signers,
                                             const char* tenant = "acme") const {
    const policy::KeyRotation what{*TenantId::parse(tenant), version, clock.wall(), next.key()};
    statement::Envelope out{std::string(policy::kPolicyKeyType), encode(what), {}};
    for (const auto* each : signers) out = *statement::add_signature(std::move(out), *each);
    return out;
  }
  void serve(std::int64_t version, const std::vector<statement::Envelope>& rotations) {
    server.policy_keys = policy::encode_rotations(rotations);
    server.policy_key_version = version;
  }
  std::int64_t policy_version() {
    run_for(seconds(30));
    return server.last->policy_version;
  }
  tuf::TestSigner one{"one"}, two{"two"}, three{"three"};
};

TEST(Approvals, ThatTheCustomerWantsAreVerifiedOnTheDeviceAndExplained) {
  Customer world;
  world.say(1, {{"two-eyes", "sensor.*", {}, {}, {}, {Role::security}}}, world.one);
  const Digest release = world.publish_channel("291");
  auto plan = world.plan(7, release, "291");
  world.offer(7, release);
  const auto with = [&](std::vector<statement::Envelope> acts) {
    plan.acts = std::move(acts);
    world.publish_plan(plan);
    world.run_for(minutes(2));
    return world.phase();
  };
  EXPECT_EQ(with({}), "deferred");
  const std::string text =
      explain_text(*json::parse(world.agent->answer(R"({"ask":"status"})")), kChannel);
  EXPECT_NE(text.find("acme's rule two-eyes: 0 of 1 approvals that count here; still wanted: "
                      "security"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("an approval by security, or a newer policy of acme"), std::string::npos)
      << text;
  const Digest other = crypto::sha256("another manifest");
  EXPECT_EQ(with({world.act("bob", ActKind::approve, other, 0)}), "deferred")
      << "of another release";
  EXPECT_EQ(with({world.act("ann", ActKind::approve, release, 0)}), "deferred")
      << "by its author, who is not security either";
  auto bent = world.act("bob", ActKind::approve, release, 0);
  bent.payload += " ";
  EXPECT_EQ(with({bent}), "deferred") << "a signature that does not fit";
  EXPECT_TRUE(world.server.asked.empty()) << "no permit was asked for";
  with({world.act("bob", ActKind::approve, release, 0)});
  EXPECT_TRUE(world.run_until("healthy")) << world.phase();
}

TEST(Approvals, AreNotAskedForByACustomerWhoDoesNotWantThem) {
  Customer world;
  world.say(1, {{"two-eyes", "sensor.engine", {}, {}, {}, {Role::security}}}, world.one);
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  EXPECT_TRUE(world.run_until("healthy"));
}

TEST(PolicyKey, ChangesWithBothSignaturesAndTheOldOneSignsNothingMore) {
  Customer world;
  world.say(1, {}, world.one);
  ASSERT_EQ(world.policy_version(), 1);
  world.serve(1, {world.rotation(1, world.two, {&world.one, &world.two})});
  world.run_for(seconds(30));
  world.say(2, {}, world.one);
  EXPECT_EQ(world.policy_version(), 1) << "the old key alone";
  EXPECT_NE(world.agent->last_trouble().find("customer policy refused"), std::string::npos);
  world.say(2, {}, world.two);
  EXPECT_EQ(world.policy_version(), 2);
  ASSERT_TRUE(world.power_cut().ok());
  world.serve(0, {});
  world.say(3, {}, world.one);
  EXPECT_EQ(world.policy_version(), 2) << "the rotation was forgotten in a power cut";
  world.say(3, {}, world.two);
  EXPECT_EQ(world.policy_version(), 3);
}

TEST(PolicyKey, IsNotTakenFromWhoeverLacksASignatureOrSpeaksForAnotherTenantOrTheLastTime) {
  Customer world;
  world.serve(1, {world.rotation(1, world.two, {&world.one, &world.two})});
  world.run_for(seconds(30));
  struct Row {
    const char* what;
    statement::Envelope rotation;
    const char* refused;
  };
  const Row rows[] = {
      {"old only", world.rotation(2, world.three, {&world.two}), "bad_signature"},
      {"new only", world.rotation(2, world.three, {&world.three}), "bad_signature"},
      {"the key before", world.rotation(2, world.three, {&world.one, &world.three}),
       "bad_signature"},
      {"another tenant", world.rotation(2, world.three, {&world.two, &world.three}, "other"),
       "mismatch"},
      {"an old version", world.rotation(1, world.three, {&world.two, &world.three}),
       "rolled_back"}};
  std::int64_t version = 1;
  for (const Row& row : rows) {
    world.serve(99, {row.rotation});
    world.run_for(seconds(30));
    EXPECT_NE(world.agent->last_trouble().find("customer key refused"), std::string::npos)
        << row.what;
    world.say(++version, {}, world.three);
    EXPECT_LT(world.policy_version(), version) << row.what;
    world.serve(0, {});
    world.say(version, {}, world.two);
    EXPECT_EQ(world.policy_version(), version) << row.what << ": the key of today counts on";
  }
}

TEST(PolicyKey, OfADeviceThatWasOffIsFollowedThroughEveryRotation) {
  Customer world;
  world.serve(2, {world.rotation(1, world.two, {&world.one, &world.two}),
                  world.rotation(2, world.three, {&world.two, &world.three})});
  world.say(5, {}, world.three);
  EXPECT_EQ(world.policy_version(), 5);
  // Local root pins a later key: what came before it leads nowhere, and what comes after goes on.
  Customer late;
  late.policy_key = late.two.key();
  ASSERT_TRUE(late.power_cut().ok());
  late.serve(2, {late.rotation(1, late.three, {&late.one, &late.three}),
                 late.rotation(2, late.three, {&late.two, &late.three})});
  late.say(5, {}, late.three);
  EXPECT_EQ(late.policy_version(), 5);
}

TEST(PolicyKey, ThatChangesTakesNoRestrictionAway) {
  Customer world;
  world.say(1, {world.freeze()}, world.one);
  ASSERT_EQ(world.policy_version(), 1);
  world.serve(1, {world.rotation(1, world.two, {&world.one, &world.two})});
  world.run_for(seconds(30));
  ASSERT_TRUE(world.power_cut().ok());
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  world.run_for(minutes(3));
  EXPECT_EQ(world.phase(), "deferred") << "the freeze that the key before signed";
  EXPECT_EQ(world.server.last->policy_version, 1);
}

}  // namespace
}  // namespace fb::agent
