#include "agent/mirrors.h"

#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

using List = std::vector<std::string>;

TEST(Mirrors, AreTriedInTheOrderInWhichTheyWereWritten) {
  const Mirrors mirrors({"a", "b", "c"}, "device 1");
  EXPECT_EQ(mirrors.in_order({0}), (List{"a", "b", "c"}));
}

TEST(Mirrors, OneThatFailedComesLastForAPauseThatGrowsAndEndsWithTheFirstSuccess) {
  Mirrors mirrors({"a", "b"}, "device 1");
  mirrors.failed("a", {0});
  EXPECT_EQ(mirrors.in_order({minutes(4).ms}), (List{"b", "a"}));
  EXPECT_EQ(mirrors.in_order({minutes(10).ms}), (List{"a", "b"}));
  mirrors.failed("a", {0});
  EXPECT_EQ(mirrors.in_order({minutes(9).ms}), (List{"b", "a"})) << "twice as long";
  for (int i = 0; i < 50; ++i) mirrors.failed("a", {0});
  EXPECT_EQ(mirrors.in_order({hours(3).ms}), (List{"a", "b"})) << "never for ever";
  mirrors.served("a");
  EXPECT_EQ(mirrors.in_order({0}), (List{"a", "b"}));
}

TEST(Mirrors, AreNotAllAskedAgainAtTheSameMoment) {
  std::set<bool> back;
  for (int i = 0; i < 40; ++i) {
    Mirrors mirrors({"a", "b"}, "device " + std::to_string(i));
    mirrors.failed("a", {0});
    back.insert(mirrors.in_order({seconds(450).ms}).front() == "a");
  }
  EXPECT_EQ(back.size(), 2U);
}

struct MirrorWorld : World {
  MirrorWorld() {
    config.mirrors = {"http://first/tuf/targets", "http://second/tuf/targets"};
    provision();
  }
  Digest update(const std::string& version, int rollout) {
    const Digest release = publish_channel(version);
    start_rollout(rollout, release, version);
    server.artifact_hosts.clear();
    run_for(minutes(3));
    EXPECT_EQ(active(), version) << agent->last_trouble();
    return release;
  }
  [[nodiscard]] long asked_host(const std::string& host) const {
    const auto& asked = server.artifact_hosts;
    return std::count(asked.begin(), asked.end(), host);
  }
};

TEST(MirrorList, ASlowMirrorIsLeftWhereItStandsSkippedNextTimeAndExplained) {
  MirrorWorld world;
  world.server.slow_hosts["first"] = 3;  // bytes within its time
  world.update("291", 7);
  EXPECT_NE(world.explained("mirror").find("http://first"), std::string::npos)
      << world.explained("mirror");
  const auto& asked = world.server.ranges;
  EXPECT_NE(std::find(asked.begin(), asked.end(), "bytes=3-"), asked.end())
      << "the second one goes on where the first one stood";
  world.update("292", 8);
  EXPECT_EQ(world.asked_host("first"), 0) << "still in its pause";
  EXPECT_GT(world.asked_host("second"), 0);
}

TEST(MirrorList, ABadBeginningFromOneIsNotBlamedOnTheNext) {
  MirrorWorld world;
  world.server.slow_hosts["first"] = 3;
  world.server.lying_hosts.insert("first");
  world.update("291", 7);
  for (const auto& decision : world.agent->state(kChannel).decisions)
    EXPECT_EQ(decision.sentence.find("http://second"), std::string::npos) << decision.sentence;
}

TEST(MirrorList, WhenAllAreSlowTheDownloadStillGetsThereByteByByte) {
  MirrorWorld world;
  for (const char* host : {"first", "second", "server"}) world.server.slow_hosts[host] = 2;
  world.update("291", 7);
}

// ---- Mirrors for metadata ----

struct MetadataMirrors : World {
  MetadataMirrors() {
    config.metadata_mirrors = {"http://first/tuf/metadata", "http://second/tuf/metadata"};
    config.mirrors = {"http://second/tuf/targets"};
    provision();
    run_for(seconds(30));
  }
  [[nodiscard]] bool takes(const std::string& version, int rollout) {
    start_rollout(rollout, publish_channel(version), version);
    run_for(minutes(3));
    return active() == version;
  }
};

TEST(MetadataMirrors, ServeWhereTheServerDoesNot) {
  MetadataMirrors world;
  world.server.metadata_hosts["server"] = {};  // it answers, and has no metadata
  EXPECT_TRUE(world.takes("291", 7)) << world.agent->last_trouble();
}

TEST(MetadataMirrors, OneThatIsBehindFreezesNobodyWhoReachesTheServer) {
  MetadataMirrors world;
  const auto old = world.repository.files;
  world.server.metadata_hosts["first"] = world.server.metadata_hosts["second"] = old;
  EXPECT_TRUE(world.takes("291", 7)) << world.agent->last_trouble();
  // The server hands out no files, but says in each reply how new they are. What the first mirror
  // has is no older than what the device has: no version gives it away.
  world.server.metadata_hosts["server"] = {};
  world.server.metadata_hosts["first"] = world.repository.files;
  world.server.metadata_hosts.erase("second");
  EXPECT_TRUE(world.takes("292", 8)) << world.agent->last_trouble();
}

TEST(MetadataMirrors, OneThatLiesIsLeftForTheNext) {
  MetadataMirrors world;
  world.server.metadata_hosts["server"] = {};
  auto& lies = world.server.metadata_hosts["first"];
  lies = world.repository.files;
  lies["timestamp.json"] = std::string(100, '?');
  EXPECT_TRUE(world.takes("291", 7)) << world.agent->last_trouble();
}

TEST(MetadataMirrors, BringAHaltWhileTheServerIsAway) {
  MetadataMirrors world;
  ASSERT_TRUE(world.takes("291", 7));
  const Digest release = world.agent->state(kChannel).active->release;
  world.server.down = true;
  world.halt(7, release);
  world.run_for(minutes(30));
  EXPECT_EQ(world.active(), "291") << "nobody could tell it";
  world.server.still_up = {"second"};
  world.run_for(minutes(30));
  EXPECT_EQ(world.active(), "290") << world.agent->last_trouble();
}

TEST(MetadataMirrors, StartNothingThatTheServerDoesNotPermit) {
  MetadataMirrors world;
  world.server.denial = wire::Denial{"no-place", "12 of 12 places are taken", seconds(1)};
  world.start_rollout(7, world.publish_channel("291"), "291");
  world.run_for(minutes(1));
  ASSERT_EQ(world.phase(), "staged");
  world.server.down = true;
  world.server.still_up = {"first", "second"};
  world.run_for(minutes(30));
  EXPECT_EQ(world.active(), "290");
}

}  // namespace
}  // namespace fb::agent
