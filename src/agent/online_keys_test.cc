// A device follows when the server's online keys change, and believes the old ones no more.
#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

TEST(OnlineKeys, OfTimestampAndSnapshotAreFollowedByADeviceThatRuns) {
  World world;
  world.provision();
  world.run_for(minutes(1));
  world.repository.rotate("timestamp");
  world.repository.rotate("snapshot");
  world.repository.next({"root", "snapshot", "timestamp"});
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  EXPECT_TRUE(world.run_until("healthy")) << world.agent->last_trouble();
  ASSERT_TRUE(world.power_cut().ok());
  world.run_for(minutes(1));
  EXPECT_EQ(world.server.last->root_version, world.repository.root.version);
}

TEST(OnlineKeys, OfRolloutsAreFollowedAndAPermitOfTheOldOneStartsNothing) {
  World world;
  world.provision();
  const auto* old_key = world.repository.signers["rollouts"].front();
  world.repository.rotate("rollouts");
  world.release_all();
  const Digest release = world.publish_channel("291");
  world.server.permit_signer = old_key;
  world.start_rollout(7, release, "291");
  world.run_for(minutes(3));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.server.asked.empty());
  EXPECT_NE(world.explained("permit"), "");
  world.server.permit_signer = nullptr;
  EXPECT_TRUE(world.run_until("healthy")) << world.agent->last_trouble();
  EXPECT_EQ(world.active(), "291");
}

}  // namespace
}  // namespace fb::agent
