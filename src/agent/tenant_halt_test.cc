// A rollout that was halted for one tenant alone, on whole devices: its own go back, the others
// keep what they have.
#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

// The tenant of every device in this world.
const TenantId kOwn = *TenantId::parse("acme");
const TenantId kOther = *TenantId::parse("bank");

// What a server signs when all harm of rollout 7 came from `tenant`.
void halt_for(World& world, const TenantId& tenant, const Digest& release) {
  const Digest mark = statement::tenant_mark(release, tenant);
  statement::Plan plan = world.plan(7, release, "291");
  plan.halted_tenants = {mark};
  world.put_target("rollouts", std::string(statement::kBlockedPath),
                   statement::encode(std::vector<statement::Blocked>{
                       {release, rollout_id(7), world.clock.wall(), "8 of 10 harmed", {mark}}}));
  world.publish_plan(plan);
}

TEST(HaltForOneTenant, SendsItsOwnDeviceBackAndSaysWhoseHarmItWas) {
  World world;
  world.provision();
  const Digest release = world.update_to_291();
  halt_for(world, kOwn, release);
  EXPECT_TRUE(world.run_until("rolled-back"));
  EXPECT_EQ(world.active(), "290");
  const std::string why = world.explained("halt");
  EXPECT_NE(why.find("halted for this device's tenant alone: 8 of 10 harmed"), std::string::npos)
      << why;
}

TEST(HaltForOneTenant, LeavesDevicesOfOthersAlone) {
  World world;
  world.provision();
  const Digest release = world.update_to_291();
  halt_for(world, kOther, release);
  world.run_for(minutes(30));
  EXPECT_EQ(world.active(), "291");
  EXPECT_EQ(world.agent->last_trouble(), "");
  world.offer(7, release);  // held, not halted: the plan is still one to follow
  world.run_for(minutes(5));
  EXPECT_EQ(world.explained("mismatch"), "");
}

TEST(HaltForOneTenant, IsRememberedWhenTheListShrinksAndTheAgentStartsAnew) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  halt_for(world, kOwn, release);
  world.run_for(minutes(1));
  world.unlist_blocks();
  world.run_for(minutes(1));
  ASSERT_TRUE(world.power_cut().ok());
  world.start_rollout(8, release, "291");
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290");
  EXPECT_NE(world.explained("blocked"), "");
}

TEST(HaltForOneTenant, RefusesThePlanThatNamesThisTenant) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  statement::Plan plan = world.plan(7, release, "291");
  plan.halted_tenants = {statement::tenant_mark(release, kOwn)};
  world.publish_plan(plan);
  world.offer(7, release);
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290");
  EXPECT_TRUE(world.server.asked.empty());
  EXPECT_NE(world.explained("mismatch").find("is halted for tenant acme, whose this device is"),
            std::string::npos)
      << world.explained("mismatch");
}

TEST(HaltForOneTenant, IsLiftedByNoResumeButByThePublisher) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  halt_for(world, kOwn, release);
  world.run_for(minutes(1));
  auto plan = world.plan(8, release, "291");
  for (const char* who : {"ann", "bob"})
    plan.acts.push_back(world.act(who, statement::ActKind::resume, release, 7));
  world.publish_plan(plan);
  world.offer(8, release);
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290");
  world.revoke({{}, {}, {{release, rollout_id(7), world.clock.wall(), "their own driver"}}});
  EXPECT_TRUE(world.run_until("healthy")) << world.explained("blocked");
  EXPECT_EQ(world.active(), "291");
}

}  // namespace
}  // namespace fb::agent
