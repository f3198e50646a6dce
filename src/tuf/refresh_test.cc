#include "tuf/refresh.h"

#include <gtest/gtest.h>

#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

using Paths = std::vector<std::string>;

TEST(Refresh, AsksForEachFileOnceAndInOrder) {
  const RepositorySimulator repository;
  SimulatedDevice device(repository);
  ASSERT_TRUE(device.refresh(repository).ok());
  EXPECT_EQ(device.requests,
            (Paths{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json",
                   "1.core.json", "1.content.json", "1.flags.json", "1.rollouts.json"}));
  for (const char* role :
       {"root", "timestamp", "snapshot", "targets", "core", "content", "flags", "rollouts"}) {
    EXPECT_EQ(device.stored[role], repository.newest(role)) << role;
  }
}

TEST(Refresh, FetchesOnlyWhatChanged) {
  SeenRepository k;
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.requests, (Paths{"2.root.json", "timestamp.json"}));
  k.repository.next({"content", kSnapshot, kTimestamp});
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.requests,
            (Paths{"2.root.json", "timestamp.json", "3.snapshot.json", "3.content.json"}));
}

TEST(Refresh, WithoutConsistentSnapshotsNamesHaveNoVersion) {
  RepositorySimulator repository;
  repository.root.consistent_snapshot = false;
  repository.next({kRoot, "core", kTargets, kSnapshot, kTimestamp});
  SimulatedDevice device(repository);
  device.wanted = {"core"};
  ASSERT_TRUE(device.refresh(repository).ok());
  EXPECT_EQ(device.requests,
            (Paths{"3.root.json", "timestamp.json", "snapshot.json", "targets.json", "core.json"}));
}

TEST(Refresh, StoredFilesThatAreBrokenAreFetchedAgain) {
  SeenRepository k;
  for (auto& [role, bytes] : k.device.stored) bytes[bytes.size() / 2] = '#';
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.requests.size(), 8U);
  for (const auto& [role, bytes] : k.device.stored)
    EXPECT_EQ(bytes, k.repository.newest(role)) << role;
}

TEST(Refresh, BytesAreStoredAsTheyCame) {
  SeenRepository k;
  k.repository.next({kTimestamp});
  std::string& served = k.repository.files["timestamp.json"];
  served += " \n";
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored["timestamp"], served);
}

TEST(Refresh, UnknownFieldsAreSignedKeptAndOtherwiseIgnored) {
  RepositorySimulator repository;
  SimulatedDevice device(repository);
  json::Value signed_part = encode(repository.root);
  signed_part["version"] = 2;
  signed_part["x-ours"] = {{"a", {1, 2}}};
  const std::string file = *sign_file(signed_part, {repository.signers["root"].front()});
  repository.files["2.root.json"] = file;
  ASSERT_TRUE(device.refresh(repository).ok());
  EXPECT_EQ(device.stored["root"], file);
}

TEST(Refresh, APinnedRootThatDoesNotSignItselfStartsNothing) {
  const RepositorySimulator repository;
  SimulatedDevice device(repository);
  device.pinned = unsigned_file(encode(repository.root));
  EXPECT_EQ(refusal(device.refresh(repository)), "bad_signature");
  EXPECT_TRUE(device.requests.empty());
}

TEST(Refresh, ANewerPinnedRootWinsOverTheStoredOne) {
  SeenRepository k;
  k.repository.rotate(kRoot);
  k.repository.next(
      {kRoot});  // version 2 signed by the new key only: the old chain cannot reach it
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "bad_signature");
  k.device.pinned = k.repository.newest(kRoot);
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored_version(kRoot), 2);
}

TEST(Refresh, RefusesToBeFedUnasked) {
  const RepositorySimulator repository;
  auto run = *Refresh::begin({repository.newest(kRoot), {}, {}, at(kTestNow)});
  EXPECT_EQ(refusal(run.want("core", kTargets)), "conflict");
  EXPECT_FALSE(run.feed("{").ok());
  EXPECT_FALSE(run.next().has_value());
  EXPECT_EQ(refusal(run.feed("{")), "conflict");
  EXPECT_EQ(refusal(run.not_found()), "conflict");
}

TEST(TrustStored, NeedsNoNetwork) {
  SeenRepository k;
  const auto trusted =
      trust_stored({k.device.pinned, k.device.stored, {"core", "nobody"}, at(kTestNow)});
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  EXPECT_NE(trusted->targets("core"), nullptr);
  EXPECT_EQ(trusted->targets("content"), nullptr);
  EXPECT_EQ(refusal(trust_stored({k.device.pinned, {}, {}, at(kTestNow)})), "not_found");
  EXPECT_EQ(refusal(trust_stored(
                {k.device.pinned, k.device.stored, {}, at(RepositorySimulator::expires())})),
            "expired");
}

TEST(ShortPath, StoresATimestampOverTheSameSnapshot) {
  SeenRepository k;
  TrustedSet& trusted = *k.device.trusted;
  k.repository.next({kTimestamp});
  const auto verdict =
      feed_timestamp_from_reply(trusted, {k.repository.newest(kTimestamp), 1}, at(kTestNow));
  EXPECT_EQ(verdict.action, ReplyAction::store_timestamp) << verdict.reason;
  EXPECT_EQ(trusted.timestamp()->body.version, 3);
  const auto again =
      feed_timestamp_from_reply(trusted, {k.repository.newest(kTimestamp), 1}, at(kTestNow));
  EXPECT_EQ(again.action, ReplyAction::nothing);
}

TEST(ShortPath, AsksForAFullRefreshWheneverItCannotTell) {
  SeenRepository k;
  const auto verdict = [&](std::int64_t newest_root, TrustedNow now) {
    return feed_timestamp_from_reply(*k.device.trusted,
                                     {k.repository.newest(kTimestamp), newest_root}, now);
  };
  EXPECT_EQ(verdict(2, at(kTestNow)).reason, "root version 2 is out; version 1 is trusted here");
  EXPECT_EQ(verdict(1, at(RepositorySimulator::expires())).action, ReplyAction::full_refresh);
  k.repository.next({kSnapshot, kTimestamp});
  EXPECT_EQ(verdict(1, at(kTestNow)).action, ReplyAction::full_refresh);
  k.repository.rotate(kTimestamp);
  k.repository.next({kTimestamp});
  EXPECT_EQ(verdict(1, at(kTestNow)).action, ReplyAction::full_refresh);
  EXPECT_EQ(k.device.trusted->timestamp()->body.version, 2);
}

TEST(ShortPath, AFreshTimestampDoesNotHideThatTargetsHaveExpired) {
  RepositorySimulator repository;
  repository.targets["targets"].expires = kTestNow + days(1);
  repository.next_all();
  SimulatedDevice device(repository);
  ASSERT_TRUE(device.refresh(repository).ok());
  repository.next({kTimestamp});
  const auto verdict = feed_timestamp_from_reply(
      *device.trusted, {repository.newest(kTimestamp), 1}, at(kTestNow + days(2)));
  EXPECT_EQ(verdict.action, ReplyAction::full_refresh);
  EXPECT_NE(verdict.reason.find("targets version 2 expired"), std::string::npos) << verdict.reason;
}

}  // namespace
}  // namespace fb::tuf
