// What a network, a mirror or a thief of keys may try, and by which name the device refuses it.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tuf/refresh.h"
#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

// --- Root
// -----------------------------------------------------------------------------------------------------------

struct RootStep {
  std::vector<int> keys;
  std::int64_t threshold;
  std::vector<int> signatures;
  bool accepted = true;
};
struct Rotation {
  const char* name;
  std::vector<RootStep> steps;
};

TEST(RootRotation, NeedsTheOldAndTheNewThreshold) {
  const Rotation rotations[] = {
      {"one key for another", {{{1}, 1, {1}}, {{2}, 1, {2, 1}}, {{2}, 1, {2}}}},
      {"others may sign, too", {{{1}, 1, {3, 1, 4}}, {{2}, 1, {3, 2, 1, 4}}}},
      {"one of five", {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 4, 1}}}},
      {"all of five", {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{5, 6, 7, 8, 9}, 3, {0, 2, 4, 5, 6, 7}}}},
      {"threshold up", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {1, 2}}}},
      {"threshold down", {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1, 2}}, {{1, 2, 3}, 1, {1}}}},
      {"not by the old", {{{1}, 1, {1}}, {{2}, 1, {2, 3, 4}, false}}},
      {"not by the new", {{{1}, 1, {1}}, {{2}, 1, {1, 3, 4}, false}}},
      {"two of three old",
       {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 4, 5}, false}}},
      {"two of three new",
       {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 2, 4}, false}}},
      {"up without the new", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {2}, false}}},
      {"down without the old", {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1}, false}}},
  };
  for (const Rotation& rotation : rotations) {
    RepositorySimulator repository;
    std::vector<const TestSigner*> all;
    for (int i = 0; i < 10; ++i) all.push_back(repository.make_signer("root " + std::to_string(i)));
    const auto pick = [&](const std::vector<int>& numbers) {
      std::vector<const TestSigner*> out;
      for (const int n : numbers) out.push_back(all[static_cast<std::size_t>(n)]);
      return out;
    };
    std::optional<SimulatedDevice> device;
    for (const RootStep& step : rotation.steps) {
      repository.set_keys(kRoot, pick(step.keys), step.threshold);
      repository.signers["root"] = pick(step.signatures);
      device ? repository.next({kRoot}) : repository.put({kRoot});
      if (!device) device.emplace(repository);
    }
    const bool accepted = rotation.steps.back().accepted;
    const Status status = device->refresh(repository);
    EXPECT_EQ(status.ok(), accepted) << rotation.name;
    if (!accepted) {
      EXPECT_EQ(refusal(status), "bad_signature") << rotation.name;
    }
    EXPECT_EQ(device->stored_version(kRoot), repository.root.version - (accepted ? 0 : 1))
        << rotation.name;
  }
}

TEST(RootRotation, ASkippedVersionIsAMismatch) {
  SeenRepository k;
  k.repository.root.version = 3;
  k.repository.put({kRoot});
  k.repository.files["2.root.json"] = k.repository.newest(kRoot);
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "mismatch");
  EXPECT_EQ(k.device.stored_version(kRoot), 1);
}

TEST(RootRotation, AnOldRootIsARollback) {
  SeenRepository k;
  k.repository.files["2.root.json"] = k.repository.newest(kRoot);
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "rolled_back");
}

TEST(RootRotation, StopsAtTheBoundAndGoesOnFromThere) {
  RepositorySimulator repository;
  SimulatedDevice device(repository);
  for (int i = 0; i < limits::kRootRotations + 1; ++i) repository.next({kRoot});
  EXPECT_TRUE(device.refresh(repository).ok());
  EXPECT_EQ(device.stored_version(kRoot), limits::kRootRotations + 1);
}

TEST(RootRotation, AnExpiredRootIsStoredButNothingBehindIt) {
  SeenRepository k;
  k.repository.root.expires = kTestNow - seconds(1);
  k.repository.next({kRoot, kTargets, kSnapshot, kTimestamp});
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "expired");
  EXPECT_EQ(k.device.stored_version(kRoot), 2);
  EXPECT_EQ(k.device.stored_version(kTimestamp), 2);
}

TEST(RootRotation, AnExpiredRootOnTheWayIsNoObstacle) {
  RepositorySimulator repository;
  repository.root.expires = kTestNow - days(1);
  repository.put({kRoot});
  SimulatedDevice device(repository);
  repository.root.expires = RepositorySimulator::expires();
  repository.next({kRoot});
  EXPECT_TRUE(device.refresh(repository).ok());
}

// --- Expiry
// ---------------------------------------------------------------------------------------------------------

void expire(RepositorySimulator& repository, std::string_view role) {
  const Instant past = kTestNow - seconds(1);
  if (role == kTimestamp) repository.timestamp.expires = past;
  if (role == kSnapshot) repository.snapshot.expires = past;
  if (role == kTargets || role == "core") repository.targets[std::string(role)].expires = past;
  repository.next({"core", kTargets, kSnapshot, kTimestamp});
}

TEST(Freeze, AnExpiredFileIsRefusedAndNotStored) {
  for (const std::string_view role : {kTimestamp, kSnapshot, kTargets}) {
    SeenRepository k;
    expire(k.repository, role);
    EXPECT_EQ(refusal(k.device.refresh(k.repository)), "expired") << role;
    EXPECT_EQ(k.device.stored_version(role), 2) << role;
  }
}

TEST(Freeze, ExpiryByTheLocalClockAloneIsDoubtful) {
  for (const std::string_view role : {kTimestamp, kSnapshot, kTargets}) {
    SeenRepository k;
    expire(k.repository, role);
    const TrustedNow now{.local = kTestNow, .authenticated_bound = kTestNow - days(1)};
    EXPECT_EQ(refusal(k.device.refresh(k.repository, now)), "clock_doubtful") << role;
  }
}

TEST(Freeze, AClockThatIsBehindDoesNotReviveWhatAuthenticatedTimeHasExpired) {
  SeenRepository k;
  expire(k.repository, kTimestamp);
  const TrustedNow now{.local = kTestNow - days(1), .authenticated_bound = kTestNow};
  EXPECT_EQ(refusal(k.device.refresh(k.repository, now)), "expired");
}

TEST(Freeze, AnExpiredDelegatedRoleFailsAlone) {
  SeenRepository k;
  expire(k.repository, "core");
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  ASSERT_EQ(k.device.failures.size(), 1U);
  EXPECT_EQ(name(k.device.failures.at("core").code), "expired");
  EXPECT_NE(k.device.trusted->targets("content"), nullptr);
  EXPECT_EQ(k.device.trusted->targets("core"), nullptr);
}

TEST(Freeze, AnExpiredStoredTimestampStillBoundsTheNextOne) {
  SeenRepository k;
  k.repository.timestamp.expires = kTestNow + days(1);
  k.repository.next({kTimestamp});
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  k.repository.timestamp.version = 2;
  k.repository.timestamp.expires = kTestNow + days(90);
  k.repository.put({kTimestamp});
  EXPECT_EQ(refusal(k.device.refresh(k.repository, at(kTestNow + days(2)))), "rolled_back");
  k.repository.timestamp.version = 4;
  k.repository.put({kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository, at(kTestNow + days(2))).ok());
}

TEST(Freeze, TheSameTimestampPastItsExpiryIsRefused) {
  SeenRepository k;
  EXPECT_EQ(refusal(k.device.refresh(k.repository, at(RepositorySimulator::expires()))), "expired");
}

// --- Rollback, replay, mix and match
// --------------------------------------------------------------------------------

TEST(Rollback, AReplayedTimestampIsRefused) {
  SeenRepository k;
  k.repository.timestamp.version = 1;
  k.repository.put({kTimestamp});
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "rolled_back");
  EXPECT_EQ(k.device.stored_version(kTimestamp), 2);
}

TEST(Rollback, TheSameTimestampVersionWithOtherContentIsIgnored) {
  SeenRepository k;
  const std::string before = k.device.stored["timestamp"];
  k.repository.timestamp.snapshot.version = 100;
  k.repository.put({kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored["timestamp"], before);
}

TEST(Rollback, ATimestampThatNamesAnOlderSnapshotIsRefused) {
  for (const bool with_hashes : {true, false}) {
    SeenRepository k;
    k.repository.with_hashes = with_hashes;
    k.repository.snapshot.version = 0;
    k.repository.next({kSnapshot, kTimestamp});
    EXPECT_EQ(refusal(k.device.refresh(k.repository)), "rolled_back");
    EXPECT_EQ(k.device.stored_version(kTimestamp), 2);
  }
}

TEST(Rollback, ASnapshotThatNamesOlderTargetsIsRefused) {
  for (const std::string role : {"targets", "core"}) {
    for (const bool with_hashes : {true, false}) {
      SeenRepository k;
      k.repository.with_hashes = with_hashes;
      k.repository.targets[role].version = 0;
      k.repository.next({role, kSnapshot, kTimestamp});
      EXPECT_EQ(refusal(k.device.refresh(k.repository)), "rolled_back") << role;
      EXPECT_EQ(k.device.stored_version(kSnapshot), 2);
    }
  }
}

TEST(Rollback, ASnapshotThatDropsARoleIsRefused) {
  SeenRepository k;
  k.repository.snapshot.meta.erase("core");
  ++k.repository.snapshot.version;
  k.repository.put({kSnapshot});
  k.repository.next({kTimestamp});
  const Status status = k.device.refresh(k.repository);
  EXPECT_EQ(refusal(status), "rolled_back");
  EXPECT_NE(status.error().detail.find("no longer lists core"), std::string::npos)
      << status.error().detail;
  EXPECT_EQ(k.device.stored_version(kSnapshot), 2);
}

TEST(MixAndMatch, OldFilesUnderNewNamesAreRefused) {
  struct Row {
    const char* served_as;
    const char* old;
    std::string_view changed;
    const char* with_hashes;
    const char* without;
  };
  const Row rows[] = {
      {"3.snapshot.json", "2.snapshot.json", kSnapshot, "mismatch", "mismatch"},
      {"3.targets.json", "2.targets.json", kTargets, "mismatch", "mismatch"},
      {"3.targets.json", "2.core.json", kTargets, "mismatch", "bad_signature"},
      {"3.snapshot.json", "2.targets.json", kSnapshot, "too_large", "malformed"},
      {"timestamp.json", "2.snapshot.json", kTimestamp, "malformed", "malformed"},
  };
  for (const bool with_hashes : {true, false}) {
    for (const Row& row : rows) {
      SeenRepository k;
      k.repository.with_hashes = with_hashes;
      k.repository.next_all();
      k.repository.files[row.served_as] = k.repository.files[row.old];
      EXPECT_EQ(refusal(k.device.refresh(k.repository)),
                with_hashes ? row.with_hashes : row.without)
          << row.served_as << " <- " << row.old;
      EXPECT_EQ(k.device.stored_version(row.changed), 2);
    }
  }
}

TEST(MixAndMatch, OtherBytesOfTheRightVersionAreCaughtByTheHash) {
  for (const char* path : {"3.snapshot.json", "3.targets.json"}) {
    SeenRepository k;
    k.repository.next_all();
    std::string& served = k.repository.files[path];
    served[served.find(":[")] = ' ';  // as long as before
    EXPECT_EQ(refusal(k.device.refresh(k.repository)), "mismatch") << path;
  }
}

TEST(MixAndMatch, ShorterAndLongerFilesThanSignedAreRefused) {
  SeenRepository k;
  k.repository.next_all();
  const std::string honest = k.repository.files["3.snapshot.json"];
  k.repository.files["3.snapshot.json"] = honest.substr(1);
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "mismatch");
  k.repository.files["3.snapshot.json"] = honest + " ";
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "too_large");
}

TEST(EndlessData, EveryNeedNamesItsLimit) {
  SeenRepository k;
  k.repository.with_hashes = false;
  k.repository.next({kRoot, "core", kTargets, kSnapshot, kTimestamp});
  struct Row {
    const char* path;
    std::size_t limit;
  };
  for (const Row& row :
       {Row{"2.root.json", limits::kRootBytes}, Row{"timestamp.json", limits::kTimestampBytes},
        Row{"3.snapshot.json", limits::kSnapshotBytes},
        Row{"3.targets.json", limits::kTargetsBytes}}) {
    SimulatedDevice device = k.device;
    RepositorySimulator evil;
    evil.files = k.repository.files;
    evil.files[row.path].resize(row.limit + 1, ' ');
    EXPECT_EQ(refusal(device.refresh(evil)), "too_large") << row.path;
    evil.files[row.path].resize(row.limit);
    EXPECT_TRUE(device.refresh(evil).ok()) << row.path;
  }
}

TEST(EndlessData, ASignedLengthIsTheLimit) {
  const RepositorySimulator repository;
  auto run = *Refresh::begin({repository.newest(kRoot), {}, {}, at(kTestNow)});
  ASSERT_TRUE(run.not_found().ok());
  ASSERT_TRUE(run.feed(repository.newest(kTimestamp)).ok());
  EXPECT_EQ(run.next()->max_bytes, repository.newest(kSnapshot).size());
}

TEST(Missing, AFileThatMustBeThereEndsTheRefresh) {
  for (const char* path : {"timestamp.json", "3.snapshot.json", "3.targets.json"}) {
    SeenRepository k;
    k.repository.next_all();
    k.repository.files.erase(path);
    EXPECT_EQ(refusal(k.device.refresh(k.repository)), "not_found") << path;
  }
}

// --- Key compromise and recovery
// ------------------------------------------------------------------------------------

TEST(KeyCompromise, ARevokedKeySignsNothingMore) {
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    SeenRepository k;
    const auto stolen = k.repository.signers[role];
    k.repository.rotate(role);
    k.repository.next({kRoot});
    k.repository.signers[role] = stolen;
    k.repository.next_all();
    EXPECT_EQ(refusal(k.device.refresh(k.repository)), "bad_signature") << role;
    EXPECT_EQ(k.device.stored_version(role), 2) << role;
  }
}

TEST(KeyCompromise, ARevokedDelegatedKeySignsNothingMore) {
  SeenRepository k;
  const auto stolen = k.repository.signers["content"];
  k.repository.rotate("content");
  k.repository.signers["content"] = stolen;
  k.repository.next({"content", kTargets, kSnapshot, kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(name(k.device.failures.at("content").code), "bad_signature");
  EXPECT_EQ(k.device.trusted->targets("content"), nullptr);
}

TEST(KeyCompromise, ATimestampKeyCannotSignTheSnapshot) {
  SeenRepository k;
  k.repository.signers["snapshot"] = k.repository.signers["timestamp"];
  k.repository.next({kSnapshot, kTimestamp});
  EXPECT_EQ(refusal(k.device.refresh(k.repository)), "bad_signature");
}

TEST(KeyCompromise, ContentKeysCannotVouchForCore) {
  SeenRepository k;
  k.repository.targets["content"].targets["core/a.b/1.bin"] = describe("evil");
  k.repository.targets["content"].targets["content/a.b/1.bin"] = describe("good");
  k.repository.next({"content", kTargets, kSnapshot, kTimestamp});
  EXPECT_TRUE(absent(k.device.find(k.repository, "core/a.b/1.bin")));
  EXPECT_TRUE(found_in(k.device.find(k.repository, "content/a.b/1.bin"), "content"));
}

TEST(KeyCompromise, ContentKeysCannotSignTheCoreRole) {
  SeenRepository k;
  k.repository.signers["core"] = k.repository.signers["content"];
  k.repository.targets["core"].targets["core/a.b/1.bin"] = describe("evil");
  k.repository.next({"core", kTargets, kSnapshot, kTimestamp});
  EXPECT_EQ(refusal(k.device.find(k.repository, "core/a.b/1.bin")), "bad_signature");
}

TEST(FastForward, OfTheTimestampIsHealedByItsRotation) {
  SeenRepository k;
  k.repository.timestamp.version = 99;
  k.repository.next({kTimestamp});
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  k.repository.rotate(kTimestamp);
  k.repository.timestamp.version = 0;
  k.repository.next({kRoot, kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored_version(kTimestamp), 1);
}

TEST(FastForward, OfTheSnapshotIsHealedByRotatingSnapshotAndTimestamp) {
  SeenRepository k;
  k.repository.snapshot.version = 99;
  k.repository.next({kSnapshot, kTimestamp});
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  k.repository.rotate(kTimestamp);
  k.repository.rotate(kSnapshot);
  k.repository.snapshot.version = 0;
  k.repository.next({kRoot, kSnapshot, kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored_version(kSnapshot), 1);
}

TEST(FastForward, OfTargetsIsHealedByRotatingTheSnapshotKey) {
  SeenRepository k;
  k.repository.targets["targets"].version = 99;
  k.repository.next_all();
  ASSERT_TRUE(k.device.refresh(k.repository).ok());
  k.repository.rotate(kSnapshot);
  k.repository.targets["targets"].version = 0;
  k.repository.targets.erase("core");
  k.repository.snapshot.meta.erase("core");
  k.repository.next({kRoot, kTargets, kSnapshot, kTimestamp});
  EXPECT_TRUE(k.device.refresh(k.repository).ok());
  EXPECT_EQ(k.device.stored_version(kTargets), 1);
}

}  // namespace
}  // namespace fb::tuf
