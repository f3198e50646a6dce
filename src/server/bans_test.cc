// What the offline keys revoke, floor and unblock, on the server: it starts nothing of it, takes
// nothing of it, stops what runs, and says which, since when and why.
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;

struct Publisher : Lab {
  Publisher() : Lab({.devices = 12, .tenants = 1, .budget = 3}) {}

  // The list as the publisher signs it next; it arrives as a change of trust does.
  port::ServerResponse sign_list() {
    const std::string path(statement::kRevokedPath);
    const std::string bytes = encode(list);
    put_blob(bytes);
    const auto file = metadata("targets", {{path, bytes}}, {"targets"});
    auto response =
        send("POST", "/api/v1/metadata", json::compact({{"files", {{"targets", file}}}}));
    EXPECT_EQ(response.status, 201) << response.body;
    roles["targets"] = file;
    return response;
  }
  void revoke(const Digest& release) {
    list.revoked.push_back({release, clock.wall(), "reads a 21st field"});
    sign_list();
  }
  void floor(const ComponentId& component, const std::string& version) {
    std::erase_if(list.floors, [&](const auto& each) { return each.component == component; });
    list.floors.push_back({component, version, clock.wall(), "the July fault"});
    sign_list();
  }
  Digest approved(const std::string& version) {
    const Digest release = publish_channel(version);
    EXPECT_EQ(order(ActKind::approve, "rita", release).status, 201);
    return release;
  }
  // "accepted", or why not.
  std::string try_start(const Digest& release) {
    beat();
    const auto response = order(ActKind::start, "otto", release);
    return response.status == 201 ? "accepted" : rule_of(response) + ": " + detail_of(response);
  }
  json::Value shown(const Digest& release) { return get("/api/v1/releases/" + release.text()); }
  statement::Revocations list;
};

TEST(Bans, ARevokedReleaseIsNotStartedAndTheRefusalSaysSinceWhenAndWhy) {
  Publisher lab;
  const Digest release = lab.approved("291");
  const std::string since = to_rfc3339(lab.clock.wall());
  lab.revoke(release);
  const std::string expected = "conflict: sensor.channel 291 was revoked by the publisher on " +
                               since + ": reads a 21st field";
  EXPECT_EQ(lab.try_start(release).substr(0, expected.size()), expected);
  EXPECT_EQ(lab.shown(release)["revoked"]["reason"], "reads a 21st field");
  lab.restart();
  EXPECT_EQ(lab.try_start(release).substr(0, expected.size()), expected);
}

TEST(Bans, AListThatGetsShorterTakesNothingBackAlsoAfterARestart) {
  Publisher lab;
  const Digest release = lab.approved("291");
  lab.revoke(release);
  lab.list = {};
  lab.sign_list();
  EXPECT_NE(lab.try_start(release), "accepted");
  lab.restart();
  EXPECT_NE(lab.try_start(release), "accepted");
}

TEST(Bans, WhatRunsIsHaltedWithTheMetadataThatRevokesIt) {
  Publisher lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  ASSERT_EQ(lab.state(rollout), "running");
  const auto device = std::find_if(lab.devices.begin(), lab.devices.end(), [&](const auto& each) {
    return !each.permitted.contains(rollout);
  });
  ASSERT_NE(device, lab.devices.end());
  lab.revoke(release);
  const auto seen = lab.rollout(rollout);
  EXPECT_NE(seen["reason"].get<std::string>().find(
                "halted by the publisher: revoked: reads a 21st field"),
            std::string::npos)
      << seen["reason"];
  EXPECT_EQ(lab.ask(*device, rollout, release, Lab::nonce(77)), "halted");
  EXPECT_EQ(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->size(), 1U);
  lab.settle();
  EXPECT_EQ(lab.get("/api/v1/incidents")["incidents"].size(), 1U);
  for (const char* who : {"otto", "sven"}) {
    EXPECT_EQ(Lab::rule_of(lab.order(ActKind::resume, who, release, rollout)), "conflict")
        << "no two people lift what the publisher revoked";
  }
}

TEST(Bans, AFloorHoldsWhatRunsBelowItAndNobodyContinuesThat) {
  Publisher lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  lab.floor(kChannel, "292");
  EXPECT_EQ(lab.state(rollout), "held");
  EXPECT_TRUE(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->empty())
      << "a floor sends nobody back";
  const auto refused = lab.order(ActKind::go_on, "otto", release, rollout);
  EXPECT_EQ(Lab::rule_of(refused), "conflict");
  EXPECT_NE(Lab::detail_of(refused).find("below version 292"), std::string::npos);
  lab.floor(kChannel, "291");
  lab.pass(seconds(2));
  EXPECT_EQ(lab.order(ActKind::go_on, "otto", release, rollout).status, 201)
      << "a lower floor took the place of the wrong one";
}

TEST(Bans, BelowItsFloorNothingIsSubmittedOrStarted) {
  Publisher lab;
  const Digest before = lab.approved("291");
  lab.floor(kChannel, "292");
  EXPECT_NE(lab.try_start(before).find("the smallest of sensor.channel that the publisher allows"),
            std::string::npos);
  EXPECT_EQ(lab.shown(before)["below_floor"]["version"], "292");
  const auto submit = [&](const std::string& version) {
    const auto manifest = Lab::channel_manifest(version);
    const std::string bytes = "channel " + version, text = release::encode(manifest);
    lab.put_blob(bytes);
    lab.put_blob(text);
    return lab.submit(
        "content",
        lab.metadata("content",
                     {{release::target_path(manifest, manifest.artifacts.front().name), bytes},
                      {release::manifest_path(manifest), text}},
                     Lab::keys_of("content")));
  };
  const auto refused = submit("290");
  EXPECT_EQ(Lab::rule_of(refused), "conflict");
  EXPECT_NE(Lab::detail_of(refused).find("the July fault"), std::string::npos);
  EXPECT_EQ(submit("292").status, 201);
}

TEST(Bans, AHaltedReleaseIsStartedAgainOnlyWhenTwoPeopleOrThePublisherLiftedIt) {
  Publisher lab;
  const Digest release = lab.publish_channel("291");
  const int first = lab.start(release);
  lab.beat(2);
  ASSERT_EQ(lab.halt(first, release).status, 201);
  for (LabDevice& device : lab.devices) {
    if (device.permitted.contains(first))
      lab.tell(device, wire::EventKind::reverted_on_halt, release, first);
  }
  lab.beat(2);
  ASSERT_EQ(lab.state(first), "reverted") << "nothing but the block stands against a start";
  const std::string refused = lab.try_start(release);
  EXPECT_NE(refused.find("two people resume it"), std::string::npos) << refused;
  lab.list.unblocked.push_back({release, rollout_id(first + 1), lab.clock.wall(), "another halt"});
  lab.sign_list();
  EXPECT_NE(lab.try_start(release), "accepted") << "that was the halt of another rollout";
  lab.list.unblocked.push_back({release, rollout_id(first), lab.clock.wall(), "a false alarm"});
  lab.sign_list();
  EXPECT_TRUE(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->empty());
  EXPECT_EQ(lab.shown(release)["blocked"], false);
  EXPECT_EQ(lab.try_start(release), "accepted");
}

}  // namespace
}  // namespace fb::server
