// Changes of trust: what the offline roles signed is published, survives a crash, and nothing that
// a device would refuse is taken. What is not signed anew in time is told of.
#include "server/lab_test.h"
#include "statement/log_trust.h"

namespace fb::server {
namespace {

struct Desk : Lab {
  Desk() : Lab({.devices = 1, .tenants = 1, .budget = 3}) {}

  // The next root, with `comes` in place of the root key, signed by those named.
  std::string next_root(std::int64_t version, const std::string& comes,
                        const std::vector<std::string>& keys) {
    json::Value part = json::parse(roles.at("root"))->at("signed");
    const auto& key = signer(comes).key();
    part["version"] = version;
    part["roles"]["root"]["keyids"] = {key.id()};
    part["keys"][key.id()] = key.document;
    std::string file = tuf::unsigned_file(part);
    for (const std::string& name : keys) file = *tuf::add_signature(file, signer(name));
    return file;
  }
  port::ServerResponse change(const std::map<std::string, std::string>& changed) {
    auto response =
        send("POST", "/api/v1/metadata", json::compact({{"files", json::Value(changed)}}));
    if (response.status == 201) {
      for (const auto& [role, file] : changed) roles[role] = file;
    }
    return response;
  }
  std::int64_t root_version() {
    return look([](World& world) { return world.repository->current()->root_version; });
  }
  std::string people(const std::set<std::string>& names) {
    statement::People out;
    for (const std::string& name : names) {
      out.people.push_back({person(name),
                            {statement::Role::reviewer},
                            {{signer(name).key().id(), signer(name).key()}}});
    }
    return statement::encode(out);
  }
};

TEST(TrustChange, PublishesEveryRootInTurnAndOutlivesACrash) {
  Desk lab;
  EXPECT_EQ(lab.change({{"root", lab.next_root(2, "root-b", {"root", "root-b"})}}).status, 201);
  EXPECT_EQ(lab.change({{"root", lab.next_root(3, "root-c", {"root-b", "root-c"})}}).status, 201);
  EXPECT_EQ(lab.root_version(), 3);
  lab.restart();
  EXPECT_EQ(lab.root_version(), 3);
  // A crash between the commit and the files leaves them to the store.
  ASSERT_TRUE(lab.files.remove("metadata/2.root.json").ok());
  ASSERT_TRUE(lab.files.remove("metadata/3.root.json").ok());
  lab.restart();
  EXPECT_EQ(lab.root_version(), 3);
  EXPECT_TRUE(lab.files.size("metadata/2.root.json").ok());
  EXPECT_TRUE(lab.files.size("metadata/3.root.json").ok());
  EXPECT_EQ(lab.log("trust").size(), 2U);
}

TEST(TrustChange, NeedsTheOldAndTheNewRootThresholds) {
  Desk lab;
  for (const auto& keys : {std::vector<std::string>{"root"}, {"root-b"}, {"content-a"}})
    EXPECT_EQ(Lab::rule_of(lab.change({{"root", lab.next_root(2, "root-b", keys)}})),
              "bad_signature");
  EXPECT_NE(lab.change({{"root", lab.next_root(3, "root-b", {"root", "root-b"})}}).status, 201);
  EXPECT_EQ(lab.root_version(), 1);
}

TEST(Traps, ARotationOfKeysAfterAHaltOffersNobodyAnything) {
  Lab lab({.devices = 12, .tenants = 1, .budget = 3});
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  ASSERT_GT(lab.dispatched(rollout), 0);
  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  const auto blocked = lab.target(std::string(statement::kBlockedPath));
  // The next root has the same keys: what matters is that everybody reads all metadata anew.
  json::Value part = json::parse(lab.roles.at("root"))->at("signed");
  part["version"] = 2;
  const std::string root = *tuf::add_signature(tuf::unsigned_file(part), lab.signer("root"));
  ASSERT_EQ(
      lab.send("POST", "/api/v1/metadata", json::compact({{"files", {{"root", root}}}})).status,
      201);
  lab.beat(3);
  EXPECT_EQ(*lab.target(std::string(statement::kBlockedPath)), *blocked);
  for (LabDevice& device : lab.devices) {
    const auto reply = lab.check_in(device);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->root_version, 2);
    EXPECT_TRUE(reply->offers.empty());
  }
}

TEST(TrustChange, OfPeopleCountsAtOnceAndForgetsTheirActs) {
  Desk lab;
  const Digest release = lab.publish_channel("291");
  ASSERT_EQ(lab.order(statement::ActKind::approve, "rita", release).status, 201);
  const std::string people = lab.people({"sven", "otto"});
  lab.put_blob(people);
  const auto file =
      lab.metadata("targets", {{std::string(statement::kPeoplePath), people}}, {"targets"});
  ASSERT_EQ(lab.change({{"targets", file}}).status, 201);
  EXPECT_EQ(lab.get("/api/v1/releases/" + release.text())["approvals"].size(), 0U);
  EXPECT_EQ(Lab::rule_of(lab.order(statement::ActKind::approve, "rita", release)), "bad_signature");
  EXPECT_EQ(lab.order(statement::ActKind::approve, "sven", release).status, 201);
  lab.restart();
  EXPECT_EQ(lab.get("/api/v1/releases/" + release.text())["approvals"].size(), 1U);
}

TEST(TrustChange, RefusesWhatWouldBreakDevicesOrHideARelease) {
  Desk lab;
  lab.put_blob("{}");
  const auto with = [&](const std::string& path) {
    return Lab::rule_of(
        lab.change({{"targets", lab.metadata("targets", {{path, "{}"}}, {"targets"})}}));
  };
  EXPECT_EQ(with(std::string(statement::kPeoplePath)), "malformed");
  EXPECT_EQ(with("core/sensor.engine/9.manifest.json"), "forbidden");
  const auto with_log = [&](const statement::LogTrust& log) {
    const std::string bytes = encode(log);
    lab.put_blob(bytes);
    return Lab::rule_of(lab.change(
        {{"targets", lab.metadata("targets", {{std::string(statement::kLogTrustPath), bytes}},
                                  {"targets"})}}));
  };
  const auto& rita = lab.signer("rita").key();
  EXPECT_EQ(with_log({"lab", {{rita.id(), rita}}, {}}), "conflict") << "not the server's key";
  auto renamed = lab.log_trust();
  renamed.origin = "elsewhere";
  EXPECT_EQ(with_log(renamed), "conflict");
  const auto release = Lab::channel_manifest("291");
  lab.put_blob(release::encode(release));
  EXPECT_EQ(
      Lab::rule_of(lab.change(
          {{"content",
            lab.metadata("content", {{release::manifest_path(release), release::encode(release)}},
                         {"content-a", "content-b"})}})),
      "malformed");
  EXPECT_EQ(Lab::rule_of(lab.change({})), "malformed");
}

TEST(TrustChange, SignsARoleAnewWithoutAnotherRelease) {
  Desk lab;
  lab.publish_channel("291");
  EXPECT_EQ(
      lab.change({{"content", lab.metadata("content", {}, {"content-a", "content-c"})}}).status,
      201);
  EXPECT_EQ(*lab.target("content/sensor.channel/291.channel.bin"), "channel 291");
}

std::vector<std::string> told(const Lab& lab) {
  std::vector<std::string> out;
  for (const Notice& notice : lab.notices) out.push_back(notice.event + " " + notice.component);
  return out;
}

// The tick that renews the server's own roles looks at nobody's expiry; the next one does.
void wait(Lab& lab, Millis by) {
  lab.pass(by);
  lab.pass(seconds(1));
}

TEST(Expiry, OfAnOfflineRoleIsToldWellBeforeAndOncePerStep) {
  Desk lab;
  wait(lab, days(23));
  for (const std::string& each : told(lab))
    EXPECT_EQ(each, "expiring trust.core") << "core is told of 30 days before, and earlier";
  wait(lab, days(1));
  const auto first = told(lab);
  for (const char* role : {"expiring trust.content", "expiring trust.flags"})
    EXPECT_EQ(std::count(first.begin(), first.end(), role), 1) << role;
  for (const std::string& each : first)
    EXPECT_EQ(each.find("trust.timestamp"), std::string::npos) << "the server renews that itself";
  wait(lab, days(7));
  const auto then = told(lab);
  EXPECT_EQ(std::count(then.begin(), then.end(), "expired trust.content"), 1);
}

TEST(Expiry, ShowsInMetricsAndIsOverWithTheNextSignature) {
  Desk lab;
  lab.pass(days(25));
  const std::size_t before = lab.notices.size();
  ASSERT_EQ(
      lab.change({{"content", lab.metadata("content", {}, {"content-a", "content-b"})}}).status,
      201);
  const auto until = (lab.clock.wall() + days(31)).ms / 1000;
  lab.pass(days(4));
  for (std::size_t i = before; i < lab.notices.size(); ++i)
    EXPECT_NE(lab.notices[i].component, "trust.content");
  const std::string metrics = lab.send("GET", "/metrics").body;
  EXPECT_NE(metrics.find("firebreak_role_expires_timestamp_seconds{role=\"content\"} " +
                         std::to_string(until)),
            std::string::npos)
      << metrics;
}

TEST(Expiry, OfOnlineRolesNeverComesNearWhileTheServerRuns) {
  Desk lab;
  for (int hour = 0; hour < 24 * 9; ++hour) {
    lab.pass(hours(1));
    for (const auto& each : lab.look([](World& w) { return w.repository->expiries(); })) {
      if (each.role == "timestamp") {
        EXPECT_GT((each.expires - lab.clock.wall()).ms, hours(20).ms);
      }
      if (each.role == "snapshot" || each.role == "rollouts") {
        EXPECT_GT((each.expires - lab.clock.wall()).ms, days(3).ms);
      }
    }
  }
}

}  // namespace
}  // namespace fb::server
