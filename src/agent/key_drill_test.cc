// Keys are lost, stolen and replaced while devices sleep: what a whole device makes of it.
#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

const std::vector<std::string> kRoles{"root", "targets", "snapshot", "timestamp",
                                      "core", "content", "flags",    "rollouts"};

// Everything is good for 100 days again.
void renew(World& world) {
  auto& repository = world.repository;
  const Instant until = world.clock.wall() + days(100);
  repository.root.expires = repository.timestamp.expires = repository.snapshot.expires = until;
  for (auto& [role, body] : repository.targets) body.expires = until;
}

// The key of a role is replaced, as after a theft. A root is signed by the old and the new one.
const tuf::TestSigner* replace_key(World& world, const std::string& role, int number) {
  auto& repository = world.repository;
  const auto old = repository.signers[role];
  const auto* comes = repository.make_signer(role + " number " + std::to_string(number));
  repository.set_keys(role, {comes}, 1);
  if (role == "root") repository.signers[role] = {old.front(), comes};
  return old.front();
}

void publish_all(World& world) {
  world.repository.next({"root", "core", "content", "flags", "rollouts"});
  world.release_all();
}

TEST(KeyDrill, ADeviceThatWasOffForAYearFollowsEveryRootAndInstallsWhatIsNew) {
  World world;
  world.provision();
  world.run_for(minutes(5));
  world.agent.reset();
  for (int quarter = 1; quarter <= 4; ++quarter) {
    world.clock.advance(days(92));
    renew(world);
    for (const std::string& role : kRoles) {
      replace_key(world, role, quarter);
      if (role == "root") world.repository.next({"root"});
    }
    publish_all(world);
  }
  world.clock.reboot();
  ASSERT_TRUE(world.start().ok());
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  EXPECT_TRUE(world.run_until("healthy")) << world.agent->last_trouble();
  EXPECT_EQ(world.active(), "291");
  EXPECT_EQ(world.lkg(), "291");
}

// A thief has the key that was in force before, and signs everything a device might ask for.
class StolenKey : public ::testing::TestWithParam<std::string> {};

TEST_P(StolenKey, ThatWasReplacedShipsNothing) {
  World world;
  world.provision();
  const auto* stolen = replace_key(world, GetParam(), 1);
  publish_all(world);
  world.run_for(minutes(5));
  const std::string trouble = world.agent->last_trouble();
  EXPECT_EQ(trouble, "") << "the replacement itself was refused";

  world.repository.signers[GetParam()] = {stolen};
  const bool core = GetParam() == "core";
  const Digest release = core ? world.publish_engine("7.12") : world.publish_channel("291");
  if (GetParam() == "root") publish_all(world);
  statement::Plan plan = world.plan(7, release, "291");
  if (core) {
    plan.component = kEngine;
    plan.kind = release::Kind::core;
    plan.manifest_path = "core/sensor.engine/7.12.manifest.json";
  }
  world.publish_plan(plan);
  world.server.offers = {{plan.rollout, plan.component, release, true}};
  world.run_for(minutes(10));
  EXPECT_EQ(world.active(), "290");
  EXPECT_EQ(world.active(kEngine), "7.11");
  EXPECT_TRUE(world.server.asked.empty());
}

INSTANTIATE_TEST_SUITE_P(EachRole, StolenKey,
                         ::testing::Values("root", "targets", "snapshot", "timestamp", "core",
                                           "content", "rollouts"),
                         [](const auto& each) { return each.param; });

// The same road with the keys in force: without it the drill above could not fail.
TEST(KeyDrill, AKeyInForceShipsContent) {
  World world;
  world.provision();
  replace_key(world, "content", 1);
  publish_all(world);
  world.run_for(minutes(5));
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  EXPECT_TRUE(world.run_until("healthy")) << world.agent->last_trouble();
}

}  // namespace
}  // namespace fb::agent
