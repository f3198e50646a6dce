// What a server's configuration may not undercut: the floors of each kind, at its start and at that
// of a rollout.
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;

struct Shop : Lab {
  explicit Shop(std::int64_t budget, std::vector<statement::Ring> rings = {statement::Ring::broad})
      : Lab({.devices = 60,
             .tenants = 3,
             .budget = budget,
             .rings = std::move(rings),
             .profile = rollout::Profile::production}) {
    for (LabDevice& device : devices) EXPECT_TRUE(check_in(device));
  }
  port::ServerResponse scope(const Digest& release, const std::string& lane = "standard") {
    port::ServerRequest request;
    request.method = "GET";
    request.path = "/api/v1/releases/" + release.text() + "/scope";
    request.query["lane"] = lane;
    request.headers["authorization"] = "Bearer " + kApiToken;
    std::promise<port::ServerResponse> promise;
    router->handle(std::move(request), [&promise](port::ServerResponse response) {
      promise.set_value(std::move(response));
    });
    return promise.get_future().get();
  }
  rollout::Scope read_scope(const Digest& release, const std::string& lane = "standard") {
    const auto response = scope(release, lane);
    EXPECT_EQ(response.status, 200) << response.body;
    auto read = rollout::decode_scope(json::parse(response.body).value());
    return read.ok() ? *read : rollout::Scope{};
  }
};

TEST(ServerFloors, CoreIsPlannedOverAWorkingDayAndContentOverFourHours) {
  Shop shop(2);  // core: a 25th of sixty
  const Digest channel = shop.publish_channel("291");
  const Digest engine = shop.publish_engine("7.12");
  EXPECT_EQ(shop.read_scope(channel).parameters.horizons.back().age, hours(4));
  EXPECT_EQ(shop.read_scope(channel, "fast").parameters.horizons.back().age, hours(1));
  EXPECT_EQ(shop.read_scope(engine).parameters.horizons.back().age, hours(8));
  EXPECT_EQ(Lab::rule_of(shop.scope(engine, "fast")), "conflict");
}

// A component that is known to fail late is watched for as long, in every lane but the emergency.
TEST(ServerFloors, AReleaseIsWatchedForAsLongAsItsFaultsAreKnownToTake) {
  Shop shop(2);
  release::Manifest manifest = shop.channel_manifest("291", {1, 20});
  manifest.health.longest_fault_delay = hours(26);
  const Digest channel = shop.publish(manifest, "channel 291");
  for (const char* lane : {"standard", "fast"}) {
    const rollout::Scope scope = shop.read_scope(channel, lane);
    EXPECT_EQ(scope.parameters.horizons.back().age, hours(26)) << lane;
    EXPECT_EQ(scope.parameters.horizons.front().age, minutes(15)) << lane;
    for (const auto& population : scope.start.populations)
      EXPECT_EQ(population.parameters.horizons.back().age, hours(26)) << lane;
  }
  EXPECT_EQ(shop.read_scope(channel, "emergency").parameters.horizons.back().age, minutes(15));
  ASSERT_EQ(shop.order(ActKind::approve, "rita", channel).status, 201);
  const auto started = shop.order(ActKind::start, "otto", channel);
  ASSERT_EQ(started.status, 201) << started.body;
  const int rollout = Lab::rollout_of(started);
  const Millis watched = shop.look([&](World& world) {
    return world.rollouts->find(rollout_id(rollout))->state().parameters.horizons.back().age;
  });
  EXPECT_EQ(watched, hours(26));
  const Digest next = shop.publish_channel("292");
  EXPECT_EQ(shop.get("/api/v1/releases/" + channel.text())["longest_fault_delay_ms"], hours(26).ms);
  const json::Value later = shop.get("/api/v1/releases/" + next.text());
  EXPECT_EQ(later["longest_fault_delay_ms"], 0);
  EXPECT_EQ(later["longest_fault_delay_of_others_ms"], hours(26).ms)
      << "people see that it says less";
}

TEST(ServerFloors, ARolloutBelowThemIsNeitherPlannedNorStarted) {
  Shop shop(13);  // content: a tenth of sixty is six
  const Digest channel = shop.publish_channel("291");
  const std::string told =
      "budget = 13 is not allowed for content in the standard lane: the largest legal one for 60 "
      "devices is 6";
  EXPECT_NE(Lab::detail_of(shop.scope(channel)).find(told), std::string::npos)
      << shop.scope(channel).body;
  ASSERT_EQ(shop.order(ActKind::approve, "rita", channel).status, 201);
  const auto refused = shop.order(ActKind::start, "otto", channel);
  EXPECT_EQ(Lab::rule_of(refused), "conflict");
  EXPECT_NE(Lab::detail_of(refused).find(told), std::string::npos) << refused.body;
  EXPECT_TRUE(shop.log("start").empty());
}

// The budget is meant for the fleet: a ring of twenty has its own, also in the emergency lane.
TEST(ServerFloors, ASmallRingHasTheUsualBudgetOfItsSizeInEveryLane) {
  using statement::Ring;
  Shop shop(4, {Ring::canary, Ring::broad, Ring::broad});
  const Digest channel = shop.publish_channel("291");
  for (const auto& [lane, factor] : std::map<std::string, std::int64_t>{
           {"standard", 1}, {"emergency", rollout::kEmergencyBudgetFactor}}) {
    const auto populations = shop.read_scope(channel, lane).start.populations;
    ASSERT_EQ(populations.size(), 4U);
    EXPECT_EQ(populations[1].parameters.budget(), 2 * factor) << lane;
    EXPECT_EQ(populations[2].parameters.budget(), 4 * factor) << lane;
  }
}

// The one door past the times of production, and two offline signatures are in front of it.
TEST(ServerFloors, TheLabProfileNeedsSpeedLimitsThatOnlyALabSigns) {
  Lab lab({.devices = 1, .tenants = 1, .budget = 3});
  statement::SpeedLimits limits;
  limits.rules.push_back(
      {release::Kind::content, release::Class::feature, {{Millis{}, 1'000'000}}});
  const std::string bytes = statement::encode(limits);
  lab.put_blob(bytes);
  const auto file =
      lab.metadata("targets", {{std::string(statement::kLimitsPath), bytes}}, {"targets"});
  ASSERT_EQ(
      lab.send("POST", "/api/v1/metadata", json::compact({{"files", {{"targets", file}}}})).status,
      201);
  lab.close();
  const Status refused = lab.try_open();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::bad_usage);
  EXPECT_NE(refused.error().detail.find("profile \"lab\" is for a repository that"),
            std::string::npos)
      << refused.error().detail;
  lab.config.profile = rollout::Profile::production;
  EXPECT_TRUE(lab.try_open().ok());
}

}  // namespace
}  // namespace fb::server
