// Blocks, revocations and floors on a whole device: what it hears, keeps, refuses and leaves.
#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

Digest release_of(const World& world, const std::string& version) {
  const auto& targets = world.repository.targets.at("content").targets;
  return *targets.at("content/sensor.channel/" + version + ".manifest.json").sha256();
}

statement::Revoked revoked(const Digest& release) {
  return {release, tuf::kTestNow, "it can be made to run code"};
}

TEST(Revoked, IsLeftAtTheNextContactAndNeverStartedAgain) {
  World world;
  world.provision();
  const Digest release = world.update_to_291();
  world.revoke({{revoked(release)}, {}, {}});
  EXPECT_TRUE(world.run_until("rolled-back"));
  EXPECT_EQ(world.active(), "290");
  EXPECT_NE(world.explained("revoked").find("it can be made to run code"), std::string::npos);
  world.run_for(minutes(10));
  EXPECT_FALSE(world.on_disk(release)) << "the old bad file stayed on the disk";
  world.start_rollout(8, release, "291");
  world.run_for(minutes(10));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.on_disk(release));
}

// Rollout 7 was halted and resumed as 8, 8 halted and resumed as 9; 11 is a plain one, later.
TEST(Blocked, IsLiftedByALaterPlainRolloutForADeviceThatWasOff) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  for (const int halted : {7, 8}) {
    world.halt(halted, release);
    world.run_for(minutes(1));
  }
  world.unlist_blocks();
  auto plan = world.plan(11, release, "291");
  const auto resume = [&](const char* who, int halted) {
    return world.act(who, statement::ActKind::resume, release, halted);
  };
  plan.acts = {resume("ann", 8), resume("ann", 7)};
  world.publish_plan(plan);
  world.offer(11, release);
  world.run_for(minutes(2));
  EXPECT_EQ(world.active(), "290") << "one person alone lifts neither";
  plan.acts.push_back(resume("bob", 8));
  plan.acts.push_back(resume("bob", 7));
  world.publish_plan(plan);
  EXPECT_TRUE(world.run_until("healthy")) << world.explained("blocked");
  EXPECT_EQ(world.active(), "291");
}

TEST(Revoked, StaysSoWhenTheListShrinksAndTheAgentStartsAnew) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.revoke({{revoked(release)}, {}, {}});
  world.run_for(minutes(1));
  world.revoke({});
  world.run_for(minutes(1));
  ASSERT_TRUE(world.power_cut().ok());
  world.start_rollout(7, release, "291");
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290");
  EXPECT_NE(world.explained("revoked"), "");
  EXPECT_TRUE(world.server.asked.empty());
}

TEST(Revoked, IsLeftAtBootBeforeItRunsOnceMore) {
  World world;
  world.provision();
  const Digest release = world.update_to_291();
  world.server.next = minutes(5);
  world.run_for(minutes(5));
  world.revoke({{revoked(release)}, {}, {}});
  while (!world.agent->state(kChannel).revert) world.run_for(seconds(10));
  ASSERT_EQ(world.active(), "291") << "its own moment has not come yet";
  world.server.down = true;
  const int starts = world.supervisor.starts;
  ASSERT_TRUE(world.power_cut().ok());
  EXPECT_EQ(world.active(), "290");
  EXPECT_EQ(world.supervisor.starts, starts + 1) << "started once, and not from 291";
  const auto linked = linked_release(world.files, kChannel);
  ASSERT_TRUE(linked.has_value());
  EXPECT_EQ(*linked, release_of(world, "290"));
}

TEST(Revoked, TheListThatAServerWithholdsStopsEverythingNew) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.revoke({{revoked(crypto::sha256("some other release"))}, {}, {}});
  std::erase_if(world.server.targets,
                [](const auto& file) { return file.first.find("revoked") != std::string::npos; });
  world.start_rollout(7, release, "291");
  world.run_for(minutes(5));
  EXPECT_EQ(world.phase(), "deferred");
  EXPECT_NE(world.explained("bans-unknown").find("trust/revoked.json"), std::string::npos);
  EXPECT_TRUE(world.server.asked.empty());
}

TEST(Floor, ClosesTheWayDownForEverythingNewButNotForHealing) {
  World world;
  world.provision();
  const Digest old = world.publish_channel("289");
  world.revoke({{}, {{kChannel, "291", tuf::kTestNow, "older ones leak"}}, {}});
  world.start_rollout(7, old, "289");
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290") << "a floor takes away nothing that runs";
  EXPECT_NE(world.explained("below-floor").find("below 291"), std::string::npos);
  EXPECT_FALSE(world.on_disk(old));

  const Digest newer = world.publish_channel("291");
  world.start_rollout(8, newer, "291");
  ASSERT_TRUE(world.run_until("probation"));
  world.crash();
  world.crash();
  EXPECT_EQ(world.active(), "290") << "healing comes before every list";
}

TEST(Unblocked, ByThePublisherAHaltedReleaseMayBeOfferedAgain) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.halt(7, release);
  world.run_for(minutes(1));
  world.start_rollout(8, release, "291");
  world.run_for(minutes(5));
  ASSERT_EQ(world.active(), "290");
  world.unlist_blocks();  // signed online, and therefore worth nothing
  world.run_for(minutes(5));
  ASSERT_EQ(world.active(), "290");
  world.revoke({{}, {}, {{release, rollout_id(7), tuf::kTestNow, "it was a power cut"}}});
  EXPECT_TRUE(world.run_until("healthy"));
  EXPECT_EQ(world.active(), "291");
}

// Every online key: rollouts, snapshot, timestamp, and the log's.
TEST(StolenOnlineKeys, CannotTakeTheLastRunnableSlotAway) {
  World world;
  world.provision();
  const Digest newer = world.update_to_291();
  const Digest older = release_of(world, "290");
  const Digest engine = *world.repository.targets.at("core")
                             .targets.at("core/sensor.engine/7.11.manifest.json")
                             .sha256();
  int rollout = 11;
  for (const auto& block : std::vector<std::vector<Digest>>{
           {newer}, {older}, {newer, older}, {engine}, {newer, older, engine}, {}}) {
    world.block_all(block, rollout_id(rollout++));
    for (const auto state : {statement::PlanState::halted, statement::PlanState::superseded,
                             statement::PlanState::completed}) {
      statement::Plan plan = world.plan(7, newer, "291");
      plan.state = state;
      world.publish_plan(plan);
      world.offer(7, newer);
      world.run_for(minutes(11));
    }
    ASSERT_TRUE(world.power_cut().ok());
    world.run_for(minutes(1));
    for (const ComponentId& id : {kEngine, kChannel}) {
      const auto linked = linked_release(world.files, id);
      ASSERT_TRUE(linked.has_value()) << id.text();
      EXPECT_TRUE(read_manifest(world.files, id, *linked).ok()) << id.text();
    }
    EXPECT_TRUE(world.supervisor.running("sensor"));
  }
  EXPECT_EQ(world.active(), "290") << "they could order a device to its own last-known-good";
  EXPECT_NE(world.explained("last-slot"), "");
}

}  // namespace
}  // namespace fb::agent
