#include "tuf/trusted_set.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

const TrustedNow kNow = at(kTestNow);

TrustedSet root_of(const RepositorySimulator& repository) {
  return std::move(TrustedSet::from_root(repository.newest(kRoot))).value();
}

// Everything loaded up to top-level targets.
TrustedSet loaded(const RepositorySimulator& repository) {
  TrustedSet trusted = root_of(repository);
  EXPECT_TRUE(trusted.update_timestamp(repository.newest(kTimestamp), kNow).ok());
  EXPECT_TRUE(trusted.update_snapshot(repository.newest(kSnapshot), kNow, Source::repository).ok());
  EXPECT_TRUE(trusted.update_targets(repository.newest(kTargets), kNow).ok());
  return trusted;
}

TEST(Expiry, IsDoubtfulWhileOnlyTheLocalClockSaysSo) {
  const Instant expires = kTestNow;
  const Instant before = expires - milliseconds(1);
  EXPECT_TRUE(check_expiry(expires, {before, before}, "x").ok());
  EXPECT_EQ(refusal(check_expiry(expires, {expires, before}, "x")), "clock_doubtful");
  EXPECT_EQ(refusal(check_expiry(expires, {before, expires}, "x")), "expired");
  EXPECT_EQ(refusal(check_expiry(expires, {expires, expires}, "x")), "expired");
}

// Carried for two days: what is signed online may have run out on the way, and nothing else.
TEST(Expiry, OfTheOnlineRolesAloneIsJudgedAsOfWhenTheyWereCarriedAway) {
  for (const char* role : {"root", "timestamp", "snapshot", "targets", "core", "rollouts"}) {
    RepositorySimulator repository;
    const Instant ran_out = kTestNow - days(1);
    if (role == std::string("root")) repository.root.expires = ran_out;
    if (role == std::string("timestamp")) repository.timestamp.expires = ran_out;
    if (role == std::string("snapshot")) repository.snapshot.expires = ran_out;
    if (repository.targets.contains(role)) repository.targets[role].expires = ran_out;
    repository.next({"root", "core", "rollouts", "targets", "snapshot", "timestamp"});
    const auto follow = [&](TrustedNow now) -> Status {
      TrustedSet trusted = root_of(repository);
      FB_TRY(trusted.check_root_fresh(now));
      FB_TRY(trusted.update_timestamp(repository.newest(kTimestamp), now));
      FB_TRY(trusted.update_snapshot(repository.newest(kSnapshot), now, Source::repository));
      FB_TRY(trusted.update_targets(repository.newest(kTargets), now));
      for (const char* below : {"core", "rollouts"})
        FB_TRY(trusted.update_delegated(below, kTargets, repository.newest(below), now));
      return trusted.check_all_fresh(now);
    };
    EXPECT_EQ(refusal(follow(kNow)), "expired") << role;
    const bool online = role == std::string("timestamp") || role == std::string("snapshot") ||
                        role == std::string("rollouts");
    EXPECT_EQ(refusal(follow({kTestNow, kTestNow, days(2)})), online ? "accepted" : "expired")
        << role;
    EXPECT_EQ(refusal(follow({kTestNow, kTestNow, days(1)})), "expired") << role;
  }
}

TEST(TrustedSet, OnlyTheLegalOrderIsAccepted) {
  const RepositorySimulator repository;
  const std::string& timestamp = repository.newest(kTimestamp);
  const std::string& snapshot = repository.newest(kSnapshot);
  const std::string& targets = repository.newest(kTargets);
  TrustedSet trusted = root_of(repository);
  EXPECT_EQ(refusal(trusted.find_target("a")), "conflict");
  EXPECT_EQ(refusal(trusted.check_all_fresh(kNow)), "conflict");
  EXPECT_EQ(refusal(trusted.update_snapshot(snapshot, kNow, Source::repository)), "conflict");
  ASSERT_TRUE(trusted.update_timestamp(timestamp, kNow).ok());
  EXPECT_EQ(refusal(trusted.update_root(repository.newest(kRoot))), "conflict");
  EXPECT_EQ(refusal(trusted.update_targets(targets, kNow)), "conflict");
  ASSERT_TRUE(trusted.update_snapshot(snapshot, kNow, Source::repository).ok());
  EXPECT_EQ(refusal(trusted.update_timestamp(timestamp, kNow)), "conflict");
  EXPECT_EQ(refusal(trusted.update_delegated("core", "targets", repository.newest("core"), kNow)),
            "conflict");
  ASSERT_TRUE(trusted.update_targets(targets, kNow).ok());
  EXPECT_EQ(refusal(trusted.update_snapshot(snapshot, kNow, Source::repository)), "conflict");
  EXPECT_EQ(refusal(trusted.update_targets(targets, kNow)), "conflict");
  EXPECT_TRUE(trusted.update_delegated("core", "targets", repository.newest("core"), kNow).ok());
  EXPECT_TRUE(trusted.check_all_fresh(kNow).ok());
}

TEST(TrustedSet, ARefusedFileLeavesTheTrustedOneStanding) {
  RepositorySimulator repository;
  TrustedSet trusted = root_of(repository);
  ASSERT_TRUE(trusted.update_timestamp(repository.newest(kTimestamp), kNow).ok());
  const std::string before = trusted.timestamp()->bytes;
  EXPECT_FALSE(trusted.update_timestamp(repository.newest(kSnapshot), kNow).ok());
  EXPECT_EQ(trusted.timestamp()->bytes, before);
}

TEST(TrustedSet, NoSingleChangedByteOfARootIsAccepted) {
  const std::string good = RepositorySimulator().newest(kRoot);
  ASSERT_TRUE(TrustedSet::from_root(good).ok());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(TrustedSet::from_root(bad).ok()) << "byte " << i << " of " << bad;
  }
}

TEST(TrustedSet, NoShortenedRootIsAccepted) {
  const std::string good = RepositorySimulator().newest(kRoot);
  for (std::size_t i = 0; i < good.size(); ++i)
    EXPECT_FALSE(TrustedSet::from_root(good.substr(0, i)).ok()) << i;
}

TEST(TrustedSet, SaysHowManySignaturesAreMissing) {
  RepositorySimulator repository;
  repository.set_keys(kSnapshot, {repository.make_signer("a"), repository.make_signer("b")}, 2);
  repository.next({kRoot});
  repository.signers["snapshot"].pop_back();
  repository.next({kSnapshot, kTimestamp});
  TrustedSet trusted = root_of(repository);
  ASSERT_TRUE(trusted.update_timestamp(repository.newest(kTimestamp), kNow).ok());
  const Status status =
      trusted.update_snapshot(repository.newest(kSnapshot), kNow, Source::repository);
  EXPECT_EQ(refusal(status), "bad_signature");
  EXPECT_EQ(
      status.error().detail,
      "snapshot version 2: signed by 1 of the 2 keys that root version 2 asks for (2 are listed)");
}

struct Threshold {
  const char* name;
  std::vector<int> keys;
  std::int64_t threshold;
  std::vector<int> signatures;
  bool accepted;
};

TEST(TrustedSet, AThresholdCountsDifferentListedKeys) {
  const Threshold rows[] = {
      {"one of one", {1}, 1, {1}, true},
      {"others do not matter", {1}, 1, {3, 1, 4}, true},
      {"only others", {1}, 1, {3, 4}, false},
      {"two of three", {1, 2, 3}, 2, {3, 1}, true},
      {"one of two", {1, 2, 3}, 2, {3}, false},
      {"nobody", {1}, 1, {}, false},
      {"more than there are", {1, 2}, 3, {1, 2}, false},
  };
  for (const Threshold& row : rows) {
    RepositorySimulator repository;
    const auto pick = [&](const std::vector<int>& numbers) {
      std::vector<const TestSigner*> out;
      for (const int n : numbers) out.push_back(repository.make_signer(std::to_string(n)));
      return out;
    };
    repository.set_keys(kTimestamp, pick(row.keys), row.threshold);
    repository.next({kRoot});
    repository.signers["timestamp"] = pick(row.signatures);
    repository.next({kTimestamp});
    TrustedSet trusted = root_of(repository);
    const auto result = trusted.update_timestamp(repository.newest(kTimestamp), kNow);
    EXPECT_EQ(result.ok(), row.accepted) << row.name;
    if (!row.accepted) {
      EXPECT_EQ(refusal(result), "bad_signature") << row.name;
    }
  }
}

TEST(TrustedSet, OneKeyUnderTwoIdsCountsOnce) {
  RepositorySimulator repository;
  const TestSigner* signer = repository.signers["timestamp"].front();
  repository.root.keys.emplace("alias", signer->key());
  RoleKeys& role = repository.role_entry(kTimestamp);
  role.keyids.insert("alias");
  role.threshold = 2;
  repository.next({kRoot, kTimestamp});
  json::Value file = *json::parse(repository.newest(kTimestamp));
  json::Value again = file["signatures"][0];
  again["keyid"] = "alias";
  file["signatures"].push_back(again);
  TrustedSet trusted = root_of(repository);
  EXPECT_EQ(refusal(trusted.update_timestamp(file.dump(), kNow)), "bad_signature");
}

TEST(TrustedSet, AnIdThatIsNoHashOfItsKeyStillCounts) {
  RepositorySimulator repository;
  repository.root.keys.emplace("alias", repository.signers["timestamp"].front()->key());
  repository.role_entry(kTimestamp).keyids = {"alias"};
  repository.next({kRoot, kTimestamp});
  json::Value file = *json::parse(repository.newest(kTimestamp));
  file["signatures"][0]["keyid"] = "alias";
  TrustedSet trusted = root_of(repository);
  EXPECT_TRUE(trusted.update_timestamp(file.dump(), kNow).ok());
}

TEST(TrustedSet, RolesHaveTheirOwnKeys) {
  const RepositorySimulator repository;
  const TrustedSet trusted = loaded(repository);
  EXPECT_EQ(trusted.role_keys("rollouts")->keyids,
            std::set<crypto::KeyId>{repository.signers.at("rollouts").front()->key().id()});
  EXPECT_EQ(trusted.role_keys("rollouts")->keys.size(), 1U);
  EXPECT_EQ(trusted.role_keys(kTimestamp)->threshold, 1);
  EXPECT_EQ(refusal(trusted.role_keys("nobody")), "not_found");
  EXPECT_EQ(refusal(root_of(repository).role_keys("rollouts")), "conflict");
}

TEST(TrustedSet, OnlyTheLoadedDelegationsCanVouch) {
  RepositorySimulator repository;
  repository.targets["core"].targets["core/a.b/1.x"] = describe("core");
  repository.next({"core", kTargets, kSnapshot, kTimestamp});
  TrustedSet trusted = loaded(repository);
  const Search before = *trusted.find_target("core/a.b/1.x");
  ASSERT_TRUE(std::holds_alternative<NeedRole>(before));
  EXPECT_EQ(std::get<NeedRole>(before).role, "core");
  ASSERT_TRUE(trusted.update_delegated("core", "targets", repository.newest("core"), kNow).ok());
  const Search after = *trusted.find_target("core/a.b/1.x");
  ASSERT_TRUE(std::holds_alternative<FoundTarget>(after));
  EXPECT_EQ(std::get<FoundTarget>(after).role, "core");
  EXPECT_EQ(refusal(trusted.update_delegated("flags", "core", repository.newest("flags"), kNow)),
            "not_found");
}

TEST(TrustedSet, TheSameRoleThroughAnotherDelegatorIsVerifiedAgain) {
  RepositorySimulator repository;
  repository.delegate("targets", "a", {"team-a/*"});
  repository.delegate("targets", "b", {"team-b/*"});
  repository.delegate("a", "release", {"team-a/*"});
  repository.delegate("b", "release", {"team-b/*"});
  repository.signers["release"].pop_back();  // b's key does not sign
  repository.targets["release"].targets["team-a/x"] = describe("good");
  repository.targets["release"].targets["team-b/x"] = describe("evil");
  repository.put({"release", "a", "b"});
  repository.next_all();
  TrustedSet trusted = loaded(repository);
  ASSERT_TRUE(trusted.update_delegated("a", "targets", repository.newest("a"), kNow).ok());
  ASSERT_TRUE(trusted.update_delegated("b", "targets", repository.newest("b"), kNow).ok());
  ASSERT_TRUE(trusted.update_delegated("release", "a", repository.newest("release"), kNow).ok());
  EXPECT_TRUE(std::holds_alternative<FoundTarget>(*trusted.find_target("team-a/x")));
  const Search other = *trusted.find_target("team-b/x");
  ASSERT_TRUE(std::holds_alternative<NeedRole>(other));
  EXPECT_EQ(std::get<NeedRole>(other).delegator, "b");
  EXPECT_EQ(refusal(trusted.update_delegated("release", "b", repository.newest("release"), kNow)),
            "bad_signature");
}

TEST(TrustedSet, OneRoleHasOneContentWhoeverDelegatesIt) {
  RepositorySimulator repository;
  repository.with_hashes = false;
  repository.delegate("targets", "a", {"x"});
  repository.delegate("targets", "b", {"y"});
  repository.delegate("a", "release", {"x"});
  repository.delegate("b", "release", {"y"});
  repository.put({"release", "a", "b"});
  repository.next_all();
  const std::string one = repository.newest("release");
  repository.targets["release"].targets["y"] = describe("of the same version");
  repository.put({"release"});
  TrustedSet trusted = loaded(repository);
  ASSERT_TRUE(trusted.update_delegated("a", "targets", repository.newest("a"), kNow).ok());
  ASSERT_TRUE(trusted.update_delegated("b", "targets", repository.newest("b"), kNow).ok());
  ASSERT_TRUE(trusted.update_delegated("release", "a", one, kNow).ok());
  EXPECT_EQ(refusal(trusted.update_delegated("release", "b", repository.newest("release"), kNow)),
            "mismatch");
  EXPECT_TRUE(trusted.update_delegated("release", "b", one, kNow).ok());
}

TEST(TrustedSet, AFetchedSnapshotOfAnotherVersionLeavesNoTrace) {
  RepositorySimulator repository;
  repository.with_hashes = false;
  repository.next({kTimestamp});
  repository.next({kSnapshot});
  TrustedSet trusted = root_of(repository);
  ASSERT_TRUE(trusted.update_timestamp(repository.newest(kTimestamp), kNow).ok());
  const std::string& ahead = repository.newest(kSnapshot);
  EXPECT_EQ(refusal(trusted.update_snapshot(ahead, kNow, Source::repository)), "mismatch");
  EXPECT_FALSE(trusted.snapshot().has_value());
  EXPECT_EQ(refusal(trusted.update_snapshot(ahead, kNow, Source::own_store)), "mismatch");
  EXPECT_EQ(refusal(trusted.update_targets(repository.newest(kTargets), kNow)), "mismatch");
}

TEST(TrustedSet, NothingIsTrustedUnderAnExpiredRoot) {
  RepositorySimulator repository;
  repository.root.expires = kTestNow;
  repository.next({kRoot});
  TrustedSet trusted = root_of(repository);
  EXPECT_EQ(refusal(trusted.update_timestamp(repository.newest(kTimestamp), kNow)), "expired");
  EXPECT_FALSE(trusted.timestamp().has_value());
}

TEST(TrustedSet, TooManyRolesForOneTargetAreRefused) {
  RepositorySimulator repository;
  std::vector<std::string> chain{"targets"};
  for (int i = 0; i < limits::kDelegations; ++i) {
    chain.push_back("deep" + std::to_string(i));
    repository.delegate(chain[chain.size() - 2], chain.back(), {"deep"});
  }
  for (std::size_t i = 1; i < chain.size(); ++i) repository.put({chain[i]});
  repository.next_all();
  TrustedSet trusted = loaded(repository);
  for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
    ASSERT_TRUE(
        trusted.update_delegated(chain[i], chain[i - 1], repository.newest(chain[i]), kNow).ok());
  }
  EXPECT_EQ(refusal(trusted.find_target("deep")), "too_large");
}

TEST(TrustedSet, ATimestampIsRenewedOnlyOverTheSameSnapshot) {
  RepositorySimulator repository;
  TrustedSet trusted = loaded(repository);
  repository.next({kTimestamp});
  EXPECT_EQ(*trusted.renew_timestamp(repository.newest(kTimestamp), kNow), TimestampChange::newer);
  EXPECT_EQ(trusted.timestamp()->body.version, 2);
  EXPECT_EQ(*trusted.renew_timestamp(repository.newest(kTimestamp), kNow), TimestampChange::same);
  repository.next({kSnapshot, kTimestamp});
  EXPECT_EQ(refusal(trusted.renew_timestamp(repository.newest(kTimestamp), kNow)), "conflict");
  EXPECT_EQ(trusted.timestamp()->body.version, 2);
  repository.timestamp.version = 1;
  repository.put({kTimestamp});
  EXPECT_EQ(refusal(trusted.renew_timestamp(repository.newest(kTimestamp), kNow)), "rolled_back");
}

}  // namespace
}  // namespace fb::tuf
