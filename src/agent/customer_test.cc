// The customer's word on a whole device: approvals that it wants to see.
#include "agent/device_world_test.h"
#include "agent/explain.h"

namespace fb::agent {
namespace {

using statement::ActKind;
using statement::Role;

// A device whose customer speaks with the key `one`.
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
  tuf::TestSigner one{"one"};
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

}  // namespace
}  // namespace fb::agent
