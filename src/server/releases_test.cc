// Submission: each way to hand in something wrong has its own answer.
#include "server/lab_test.h"

namespace fb::server {
namespace {

struct Desk : Lab {
  Desk() : Lab({.devices = 3, .tenants = 1, .budget = 3}) {}
  using Files = std::map<std::string, std::string>;
  static Files files_of(const release::Manifest& m, const std::string& bytes) {
    return {{release::target_path(m, m.artifacts.front().name), bytes},
            {release::manifest_path(m), release::encode(m)}};
  }
  void upload(const Files& targets) {
    for (const auto& [path, bytes] : targets) put_blob(bytes);
  }
  std::string hand_in(const std::string& role, const Files& targets) {
    upload(targets);
    return rule_of(submit(role, metadata(role, targets, keys_of(role))));
  }
  void approve(const release::Manifest& manifest) {
    const Digest release = crypto::sha256(release::encode(manifest));
    ASSERT_EQ(order(statement::ActKind::approve, "rita", release).status, 201);
  }
  std::size_t releases() { return get("/api/v1/releases")["releases"].size(); }
};

TEST(Submission, OfContentIsTakenAndServed) {
  Desk lab;
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(Lab::channel_manifest("291"), "channel 291")),
            "accepted");
  EXPECT_EQ(*lab.target("content/sensor.channel/291.channel.bin"), "channel 291");
  EXPECT_EQ(lab.releases(), 2U);
  lab.restart();
  EXPECT_EQ(lab.releases(), 2U);
  EXPECT_EQ(*lab.target("content/sensor.channel/291.channel.bin"), "channel 291");
}

TEST(Submission, KeysForContentCannotSignCore) {
  Desk lab;
  auto targets = Desk::files_of(Lab::engine_manifest("8.0"), "engine 8.0");
  EXPECT_EQ(lab.hand_in("content", targets), "forbidden");
  lab.upload(targets);
  EXPECT_EQ(
      Lab::rule_of(lab.submit("core", lab.metadata("core", targets, {"content-a", "content-b"}))),
      "bad_signature");
  EXPECT_EQ(lab.releases(), 1U);
}

TEST(Submission, BelowTheThresholdIsABadSignature) {
  Desk lab;
  const auto targets = Desk::files_of(Lab::channel_manifest("291"), "channel 291");
  lab.upload(targets);
  EXPECT_EQ(Lab::rule_of(lab.submit("content", lab.metadata("content", targets, {"content-a"}))),
            "bad_signature");
  EXPECT_EQ(
      Lab::rule_of(lab.submit("content", lab.metadata("content", targets, {"content-a", "otto"}))),
      "bad_signature");
  EXPECT_EQ(Lab::rule_of(lab.submit("content",
                                    lab.metadata("content", targets, {"content-a", "content-c"}))),
            "accepted");
}

TEST(Submission, OfAManifestThatDisagreesWithItsTargetsIsAMismatch) {
  Desk lab;
  release::Manifest m = Lab::channel_manifest("291");
  m.artifacts.front().digest = crypto::sha256("other bytes");
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(m, "channel 291")), "mismatch");
  m = Lab::channel_manifest("291");
  m.artifacts.front().size = 3;
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(m, "channel 291")), "mismatch");
  m = Lab::channel_manifest("291");
  EXPECT_EQ(
      lab.hand_in("content", {{"content/sensor.channel/292.channel.bin", "channel 291"},
                              {"content/sensor.channel/292.manifest.json", release::encode(m)}}),
      "mismatch")
      << "another version's place";
}

TEST(Submission, WithoutABlobIsNotFound) {
  Desk lab;
  const auto m = Lab::channel_manifest("291");
  const auto targets = Desk::files_of(m, "channel 291");
  lab.put_blob(release::encode(m));
  const auto refused =
      lab.submit("content", lab.metadata("content", targets, Lab::keys_of("content")));
  EXPECT_EQ(Lab::rule_of(refused), "not_found");
  EXPECT_NE(Lab::detail_of(refused).find("291.channel.bin"), std::string::npos);
  EXPECT_EQ(lab.hand_in("content", {{release::manifest_path(m), release::encode(m)}}), "not_found")
      << "an artifact that is no target";
}

TEST(Submission, OfAVersionWithOtherBytesIsRefused) {
  Desk lab;
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(Lab::channel_manifest("291"), "channel 291")),
            "accepted");
  auto other = Lab::channel_manifest("291");
  other.notes.what = "something else";
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(other, "channel 291")), "already_exists");
}

TEST(Submission, OfAVersionWithOtherBytesIsRefusedAlsoAfterItWasWithdrawn) {
  Desk lab;
  const auto first = Lab::channel_manifest("291");
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(first, "channel 291")), "accepted");
  tuf::TargetChanges withdraw;
  withdraw.remove = {release::manifest_path(first), release::target_path(first, "channel.bin")};
  lab.upload(Desk::files_of(Lab::channel_manifest("292"), "channel 292"));
  for (const auto& [path, bytes] : Desk::files_of(Lab::channel_manifest("292"), "channel 292"))
    withdraw.add.emplace(path, tuf::describe(bytes));
  const auto next = tuf::next_targets(lab.roles["content"], withdraw, lab.clock.wall() + days(30));
  ASSERT_EQ(lab.submit("content",
                       *tuf::sign_file(*next, {&lab.signer("content-a"), &lab.signer("content-b")}))
                .status,
            201);
  auto other = first;
  other.notes.what = "something else";
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(other, "channel 291")), "already_exists");
}

// The next content metadata in which the manifest of 291 says `custom`.
std::string marked_291(Desk& lab, const json::Value& custom, const std::string& file,
                       const std::string& bytes = "") {
  const auto published = tuf::decode_targets(lab.roles["content"], "content");
  tuf::TargetChanges changes;
  const std::string path = "content/sensor.channel/291." + file;
  tuf::TargetFile target = bytes.empty() ? published->body.targets.at(path) : tuf::describe(bytes);
  target.custom = custom;
  changes.add.emplace(path, target);
  const auto next = tuf::next_targets(lab.roles["content"], changes, lab.clock.wall() + days(30));
  return *tuf::sign_file(*next, {&lab.signer("content-a"), &lab.signer("content-b")});
}

TEST(Submission, OfTheReleasedMarkIsTakenServedAndLogged) {
  Desk lab;
  const auto manifest = Lab::channel_manifest("291");
  ASSERT_EQ(lab.hand_in("content", Desk::files_of(manifest, "channel 291")), "accepted");
  const json::Value mark{{"released", "2026-11-25T12:00:00Z"}};
  const auto early = lab.submit("content", marked_291(lab, mark, "manifest.json"));
  EXPECT_EQ(Lab::rule_of(early), "conflict");
  EXPECT_NE(early.body.find("0 of 1 approvals"), std::string::npos) << early.body;
  lab.approve(manifest);
  const auto taken = lab.submit("content", marked_291(lab, mark, "manifest.json"));
  ASSERT_EQ(Lab::rule_of(taken), "accepted") << taken.body;
  const std::string release = crypto::sha256(release::encode(manifest)).text();
  EXPECT_EQ(json::parse(taken.body)->at("releases").at(0).at("release"), release);
  EXPECT_EQ(lab.releases(), 2U);
  lab.restart();
  const auto custom = lab.look([](World& world) {
    return world.repository->newest_targets("content")
        ->targets.at("content/sensor.channel/291.manifest.json")
        .custom;
  });
  EXPECT_EQ(custom, mark);
  const auto entries = lab.log("released");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().data.at("release"), release);
  EXPECT_EQ(entries.front().data.at("since"), "2026-11-25T12:00:00Z");
}

TEST(Submission, OfAnyOtherChangeOfWhatIsPublishedIsRefused) {
  const json::Value mark{{"released", "2026-11-25T12:00:00Z"}};
  struct Case {
    const char* what;
    json::Value custom;
    const char* file;
  };
  for (const Case& each : {Case{"a mark on an artifact", mark, "channel.bin"},
                           Case{"a mark that is none", {{"released", true}}, "manifest.json"},
                           Case{"another word", {{"note", "x"}}, "manifest.json"}}) {
    Desk lab;
    ASSERT_EQ(lab.hand_in("content", Desk::files_of(Lab::channel_manifest("291"), "channel 291")),
              "accepted");
    const auto refused = lab.submit("content", marked_291(lab, each.custom, each.file));
    EXPECT_EQ(Lab::rule_of(refused), "already_exists") << each.what;
    const auto other = lab.submit("content", marked_291(lab, mark, "manifest.json", "other bytes"));
    EXPECT_EQ(Lab::rule_of(other), "already_exists") << "a mark over other bytes";
  }
}

TEST(Submission, ThatTakesAMarkBackOrRedatesItIsRefused) {
  Desk lab;
  ASSERT_EQ(lab.hand_in("content", Desk::files_of(Lab::channel_manifest("291"), "channel 291")),
            "accepted");
  const json::Value mark{{"released", "2026-11-25T12:00:00Z"}};
  lab.approve(Lab::channel_manifest("291"));
  ASSERT_EQ(Lab::rule_of(lab.submit("content", marked_291(lab, mark, "manifest.json"))),
            "accepted");
  for (const json::Value& custom :
       {json::Value(), json::Value{{"released", "2026-11-26T12:00:00Z"}}}) {
    EXPECT_EQ(Lab::rule_of(lab.submit("content", marked_291(lab, custom, "manifest.json"))),
              "already_exists")
        << custom;
  }
}

TEST(Submission, TwoOfOneBatchAreHeldAgainstEachOther) {
  Desk lab;
  auto other = Lab::channel_manifest("291");
  other.notes.what = "something else";
  const auto first = Desk::files_of(Lab::channel_manifest("291"), "channel 291");
  const auto second = Desk::files_of(other, "channel 291");
  lab.upload(first);
  lab.upload(second);
  const std::string two = lab.metadata("content", first, Lab::keys_of("content"));
  lab.roles["content"] = two;
  const std::string three = lab.metadata("content", second, Lab::keys_of("content"));
  const auto blobs = [&](const Digest& digest) { return lab.blobs.read(digest.hex(), 1 << 20); };
  const auto outcome = lab.look([&](World& world) {
    Transaction tx(world.log->tip().size);
    const auto now = lab.clock.wall();
    const Releases::Ground ground{world.devices, world.people};
    const auto one = world.releases->submit({"content", two}, blobs, ground, tx, now);
    const auto other_one = world.releases->submit({"content", three}, blobs, ground, tx, now);
    return std::pair(tuf::refusal(one), tuf::refusal(other_one));
  });
  EXPECT_EQ(outcome.first, "accepted");
  EXPECT_EQ(outcome.second, "already_exists");
}

TEST(Submission, OfExpiredReplayedOrSkippedMetadataIsRefused) {
  Desk lab;
  const auto targets = Desk::files_of(Lab::channel_manifest("291"), "channel 291");
  lab.upload(targets);
  const std::string expired =
      lab.metadata("content", targets, Lab::keys_of("content"), seconds(-1));
  EXPECT_EQ(Lab::rule_of(lab.submit("content", expired)), "expired");
  const std::string good = lab.metadata("content", targets, Lab::keys_of("content"));
  EXPECT_EQ(Lab::rule_of(lab.submit("content", good)), "accepted");
  EXPECT_EQ(Lab::rule_of(lab.submit("content", good)), "rolled_back");
  lab.roles["content"] =
      lab.metadata("content", {}, Lab::keys_of("content"));  // version 3, never handed in
  const auto later = Desk::files_of(Lab::channel_manifest("292"), "channel 292");
  EXPECT_EQ(lab.hand_in("content", later), "rolled_back");
}

TEST(Submission, OfARoleThatIsNotForReleasesIsMalformed) {
  Desk lab;
  for (const char* role :
       {"targets", "rollouts", "root", "snapshot", "timestamp", "", "no such role"}) {
    EXPECT_EQ(Lab::rule_of(lab.submit(role, lab.roles.at("content"))), "malformed") << role;
  }
}

TEST(Submission, RefusedLeavesTheRepositoryAsItWas) {
  Desk lab;
  const auto before = lab.look([](World& world) { return world.repository->current()->timestamp; });
  EXPECT_NE(lab.hand_in("content", Desk::files_of(Lab::engine_manifest("8.0"), "engine 8.0")),
            "accepted");
  EXPECT_EQ(lab.look([](World& world) { return world.repository->current()->timestamp; }), before);
  EXPECT_EQ(lab.log("refused").size(), 1U);
  EXPECT_EQ(lab.hand_in("content", Desk::files_of(Lab::channel_manifest("291"), "channel 291")),
            "accepted");
}

TEST(Submission, OfBlobsChecksTheName) {
  Desk lab;
  EXPECT_EQ(Lab::rule_of(lab.send("PUT", "/api/v1/blobs/" + crypto::sha256("a").hex(), "b")),
            "mismatch");
  EXPECT_EQ(Lab::rule_of(lab.send("PUT", "/api/v1/blobs/abc", "b")), "malformed");
}

}  // namespace
}  // namespace fb::server
