#include "agent/agent.h"

#include "agent/device_world_test.h"
#include "agent/explain.h"

namespace fb::agent {
namespace {

using wire::EventKind;

TEST(Agent, TakesAnOfferAllTheWayToLastKnownGood) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  ASSERT_TRUE(world.run_until("healthy")) << world.agent->last_trouble() << "; phase " << world.phase();
  EXPECT_EQ(world.active(), "291");
  EXPECT_EQ(world.lkg(), "291");
  EXPECT_EQ(linked_release(world.files, kChannel), release);
  world.run_for(minutes(1));
  for (const auto kind : {EventKind::staged, EventKind::tasted, EventKind::activated, EventKind::healthy}) {
    EXPECT_TRUE(world.server.told(kind)) << wire::word(kind);
  }
  EXPECT_EQ(world.server.asked.size(), 2U);
  EXPECT_EQ(world.server.asked.at(1).purpose, statement::Purpose::renew);
}

}  // namespace
}  // namespace fb::agent
