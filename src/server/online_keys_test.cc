// Online keys that change while the server runs: it signs with those that the metadata names, and a
// device follows without a pause.
#include "server/lab_test.h"
#include "tuf/refresh.h"

namespace fb::server {
namespace {

using statement::ActKind;

// A server that was given a second key for each online role, and a device that runs the whole TUF
// workflow over what it has stored.
struct Turnover : Lab {
  Turnover() : Lab({.devices = 6, .tenants = 1, .budget = 3}) {
    close();
    signers.timestamp.add(std::make_unique<tuf::TestSigner>("timestamp-2"));
    signers.rollouts.add(std::make_unique<tuf::TestSigner>("rollouts-2"));
    open();
  }

  // Role metadata in which `keys` sign for `role`, one version up.
  std::string root_naming(const std::string& role, const std::vector<std::string>& keys,
                          int threshold = 1) {
    json::Value part = json::parse(roles.at("root"))->at("signed");
    name_keys(part["roles"][role], part["keys"], keys, threshold);
    return signed_next(std::move(part), "root");
  }
  std::string targets_naming(const std::vector<std::string>& keys, int threshold = 1) {
    json::Value part = json::parse(roles.at("targets"))->at("signed");
    for (json::Value& each : part["delegations"]["roles"]) {
      if (each["name"] == "rollouts") name_keys(each, part["delegations"]["keys"], keys, threshold);
    }
    return signed_next(std::move(part), "targets");
  }
  port::ServerResponse change(const std::string& role, const std::string& file) {
    auto response = send("POST", "/api/v1/metadata", json::compact({{"files", {{role, file}}}}));
    if (response.status == 201) roles[role] = file;
    return response;
  }

  // What the device trusts now.
  Result<tuf::TrustedSet> follow() {
    tuf::RefreshStart start{*files.read("metadata/1.root.json", 1U << 20U),
                            stored,
                            {"core", "content", "flags", "rollouts"},
                            {clock.wall(), clock.wall()}};
    FB_ASSIGN(auto refresh, tuf::Refresh::begin(std::move(start)));
    while (const auto need = refresh.next()) {
      const auto served = files.read("metadata/" + need->path, 1U << 20U);
      const Status fed = served.ok() ? refresh.feed(*served) : refresh.not_found();
      for (const auto& [role, bytes] : refresh.take_accepted()) stored[role] = bytes;
      if (!fed.ok()) return fed.error();
    }
    return refresh.trusted();
  }
  std::set<crypto::KeyId> who_signs(const std::string& role) {
    const auto trusted = follow();
    if (!trusted.ok()) ADD_FAILURE() << trusted.error().detail;
    return trusted.ok() ? trusted->role_keys(role)->keyids : std::set<crypto::KeyId>();
  }
  crypto::KeyId id(const std::string& name) { return signer(name).key().id(); }
  // Whether the permit counts for who trusts `trusted`.
  static bool counts(const port::ServerResponse& response, const tuf::TrustedSet& trusted) {
    const auto reply = wire::decode_permit_reply(response.body);
    if (!reply.ok() || !reply->permit) return false;
    const auto role = trusted.role_keys("rollouts");
    return statement::open(*reply->permit, statement::kPermitType,
                           {role->keys, role->keyids, static_cast<int>(role->threshold)})
        .ok();
  }
  tuf::StoredMetadata stored;

 private:
  void name_keys(json::Value& entry, json::Value& map, const std::vector<std::string>& keys,
                 int threshold) {
    entry["keyids"] = json::Value::array();
    entry["threshold"] = threshold;
    for (const std::string& each : keys) {
      entry["keyids"].push_back(id(each));
      map[id(each)] = signer(each).key().document;
    }
  }
  std::string signed_next(json::Value part, const std::string& role) {
    part["version"] = part["version"].get<int>() + 1;
    return *tuf::add_signature(tuf::unsigned_file(part), signer(role));
  }
};

TEST(OnlineKeys, OfTimestampChangeOverWhileTheServerRunsAndADeviceFollows) {
  Turnover lab;
  ASSERT_EQ(lab.who_signs("timestamp"), std::set{lab.id("timestamp")});
  ASSERT_EQ(lab.change("root", lab.root_naming("timestamp", {"timestamp-2"})).status, 201);
  EXPECT_EQ(lab.who_signs("timestamp"), std::set{lab.id("timestamp-2")});
  EXPECT_EQ(lab.fatal, 0);
  for (int hour = 0; hour < 30; ++hour) lab.pass(hours(1));
  const auto later = lab.follow();
  ASSERT_TRUE(later.ok()) << later.error().detail;
  EXPECT_GT((later->timestamp()->body.expires - lab.clock.wall()).ms, hours(20).ms)
      << "renewed with the new key";
  lab.publish_channel("291");
  EXPECT_TRUE(lab.follow().ok());
  lab.restart();
  EXPECT_EQ(lab.who_signs("timestamp"), std::set{lab.id("timestamp-2")});
}

TEST(OnlineKeys, OfRolloutsSignPlanBlocksAndPermitsAnewAndNoPermitIsLostMeanwhile) {
  Turnover lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  const auto before = lab.follow();
  ASSERT_TRUE(before.ok());
  std::vector<LabDevice*> waiting;
  for (LabDevice& device : lab.devices) {
    if (device.permitted.contains(rollout)) waiting.push_back(&device);
  }
  ASSERT_GE(waiting.size(), 1U);
  const wire::PermitAsk ask{rollout_id(rollout), release, Lab::nonce(rollout),
                            statement::Purpose::start};
  ASSERT_TRUE(Turnover::counts(lab.send_ask(*waiting[0], ask), *before));

  ASSERT_EQ(lab.change("targets", lab.targets_naming({"rollouts-2"})).status, 201);
  const auto answer = lab.send_ask(*waiting[0], ask);
  EXPECT_TRUE(Turnover::counts(answer, *before)) << "for a device that has not heard of it yet";
  const auto after = lab.follow();
  ASSERT_TRUE(after.ok()) << after.error().detail;
  EXPECT_EQ(after->role_keys("rollouts")->keyids, std::set{lab.id("rollouts-2")});
  EXPECT_TRUE(Turnover::counts(answer, *after));
  ASSERT_NE(after->targets("rollouts"), nullptr);
  EXPECT_TRUE(
      after->targets("rollouts")->body.targets.contains(statement::plan_path(rollout_id(rollout))));

  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  const auto halted = lab.follow();
  ASSERT_TRUE(halted.ok()) << halted.error().detail;
  EXPECT_EQ(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->size(), 1U);
  EXPECT_GT(halted->targets("rollouts")->body.version, after->targets("rollouts")->body.version);
}

TEST(OnlineKeys, ThatTheServerLacksAreRefusedWithWhatToDoAndNothingIsPublished) {
  Turnover lab;
  const auto refused = lab.change("root", lab.root_naming("timestamp", {"timestamp-3"}));
  EXPECT_EQ(Lab::rule_of(refused), "conflict");
  const std::string detail = Lab::detail_of(refused);
  EXPECT_NE(detail.find(lab.id("timestamp-3").substr(0, 12)), std::string::npos) << detail;
  EXPECT_NE(detail.find(lab.id("timestamp-2").substr(0, 12)), std::string::npos) << detail;
  EXPECT_NE(detail.find("Add the key's file to keys.timestamp"), std::string::npos) << detail;
  EXPECT_EQ(Lab::rule_of(lab.change("targets", lab.targets_naming({"rollouts-3"}))), "conflict");
  EXPECT_EQ(Lab::rule_of(lab.change("targets", lab.targets_naming({"rollouts", "rollouts-3"}, 2))),
            "conflict")
      << "one of the two that have to sign";
  EXPECT_EQ(lab.who_signs("timestamp"), std::set{lab.id("timestamp")});
}

TEST(OnlineKeys, SignTogetherWhenTheThresholdAsksForIt) {
  Turnover lab;
  ASSERT_EQ(
      lab.change("root", lab.root_naming("timestamp", {"timestamp", "timestamp-2"}, 2)).status,
      201);
  ASSERT_EQ(lab.change("targets", lab.targets_naming({"rollouts", "rollouts-2"}, 2)).status, 201);
  EXPECT_EQ(lab.who_signs("timestamp").size(), 2U);
  EXPECT_EQ(lab.who_signs("rollouts").size(), 2U);
}

TEST(OnlineKeys, ThatNobodyNamesKeepTheServerFromStarting) {
  Turnover lab;
  ASSERT_EQ(lab.change("root", lab.root_naming("timestamp", {"timestamp-2"})).status, 201);
  lab.close();
  lab.signers.timestamp = std::make_unique<tuf::TestSigner>("timestamp");
  const Status opened = lab.try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().detail.find("keys.timestamp"), std::string::npos)
      << opened.error().detail;
}

}  // namespace
}  // namespace fb::server
