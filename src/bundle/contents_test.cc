#include "bundle/contents.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "bundle/bundle_sim_test.h"

namespace fb::bundle {
namespace {

// A publisher with content 291 marked as released, the log it stands in, and the bundle of both.
struct Shop {
  Shop() {
    manifest.component = *ComponentId::parse("sensor.channel");
    manifest.version = "291";
    manifest.author = *PersonId::parse("ann");
    manifest.created = tuf::kTestNow;
    manifest.artifacts = {{"channel.bin", kBytes.size(), crypto::sha256(kBytes), false}};
    manifest.notes = {"what", "why", "risk", "undo"};
    manifest.reader = *ComponentId::parse("sensor.engine");
    manifest.needs = release::Needs{{{"ipc", {1}}}, 0};
    put("content", release::target_path(manifest, "channel.bin"), kBytes);
    put("content", release::manifest_path(manifest), release::encode(manifest),
        encode(release::ReleasedMark{tuf::kTestNow}));
    put("targets", std::string(statement::kLogTrustPath), statement::encode(log.trust()));
    put("targets", std::string(statement::kPeoplePath),
        statement::encode(statement::People{{{*PersonId::parse("bob"),
                                              {statement::Role::security},
                                              {{bob.key().id(), bob.key()}}}}}));
    put("rollouts", std::string(statement::kBlockedPath),
        statement::encode(std::vector<statement::Blocked>{}));
    sign();
    log.append("enrolled", {{"device", "x"}});
    log.append("release", {{"release", release().text()}});
    log.append("report", {{"number", 1}});
    index = {log.checkpoint(), {{3, {}}}, {carried_in(log, 1, "291", release())}};
    index.releases.front().acts = {approval(release(), bob)};
  }
  [[nodiscard]] static statement::Envelope approval(const Digest& release,
                                                    const tuf::TestSigner& signer) {
    statement::Act act;
    act.person = *PersonId::parse("bob");
    act.release = release;
    act.reason = "looked at it";
    act.issued = tuf::kTestNow;
    act.expires = tuf::kTestNow + days(30);
    act.nonce = std::string(32, '1');
    return *statement::seal(statement::kPersonType, encode(act), signer);
  }
  void put(const std::string& role, const std::string& path, const std::string& bytes,
           const json::Value& custom = nullptr) {
    repository.targets[role].targets[path] = tuf::describe(bytes, custom);
    targets["targets/" + tuf::hashed_name(path, crypto::sha256(bytes).hex())] = bytes;
  }
  void sign() { repository.next({"content", "rollouts", "targets", "snapshot", "timestamp"}); }
  [[nodiscard]] Digest release() const { return crypto::sha256(release::encode(manifest)); }
  [[nodiscard]] Files files() const {
    Files out = metadata_files(repository);
    out.insert(targets.begin(), targets.end());
    out[std::string(kIndexName)] = encode(index);
    return out;
  }
  [[nodiscard]] Result<Contents> look(const std::string& bytes, Instant now = tuf::kTestNow,
                                      Millis carry = {}) const {
    FB_ASSIGN(const auto archive, Archive::open(source_of(bytes)));
    return examine(archive, {root, {now, now, carry}});
  }
  [[nodiscard]] std::string verdict(const Files& changed) const {
    return tuf::refusal(look(packed(changed)));
  }

  static inline const std::string kBytes = "channel 291";
  const tuf::TestSigner bob{"bob"};
  tuf::RepositorySimulator repository;
  std::string root = repository.newest("root");
  release::Manifest manifest;
  audit::LogSimulator log;
  Index index;
  Files targets;
};

TEST(Contents, AreWhatTheOwningRoleMarkedAndTheLogProves) {
  const Shop shop;
  const auto contents = shop.look(packed(shop.files()));
  ASSERT_TRUE(contents.ok()) << contents.error().detail;
  ASSERT_EQ(contents->releases.size(), 1U);
  EXPECT_EQ(contents->releases.front().carried.release, shop.release());
  EXPECT_EQ(contents->releases.front().mark.since, tuf::kTestNow);
  EXPECT_EQ(contents->log.size, 3U);
  ASSERT_EQ(contents->releases.front().acts.size(), 1U);
  EXPECT_EQ(contents->releases.front().acts.front().act.person.text(), "bob");
  EXPECT_EQ(contents->members.size(), shop.files().size());
}

TEST(Contents, AreMissedWhateverFileIsMissing) {
  const Shop shop;
  for (const auto& [name, bytes] : shop.files()) {
    Files without = shop.files();
    without.erase(name);
    const bool harmless = name == "metadata/1.root.json" || name.starts_with("metadata/1.core") ||
                          name.starts_with("metadata/1.flags");
    EXPECT_EQ(shop.verdict(without), harmless ? "accepted" : "not_found") << name;
  }
}

TEST(Contents, NoFileTooManyIsAccepted) {
  const Shop shop;
  for (const char* name : {"targets/content/sensor.channel/292.bin", "metadata/99.root.json",
                           "metadata/9.content.json", "targets/x"}) {
    Files more = shop.files();
    more[name] = "x";
    EXPECT_NE(shop.verdict(more), "accepted") << name;
  }
}

// But of what only a device can judge: how the log goes on from what that device has seen.
TEST(Contents, NoChangedByteOfATargetOrOfTheIndexIsAccepted) {
  const Shop shop;
  const std::string index = encode(shop.index);
  const std::size_t from = index.find("\"continues\""), to = index.find("\"format\"");
  for (const auto& [name, bytes] : shop.files()) {
    if (name.starts_with("metadata/")) continue;
    for (std::size_t i = 0; i < bytes.size(); i += name == kIndexName ? 7U : 3U) {
      if (name == kIndexName && i > from && i < to) continue;
      Files bad = shop.files();
      bad[name][i] = static_cast<char>(bad[name][i] ^ 1);
      EXPECT_NE(shop.verdict(bad), "accepted") << name << ", byte " << i;
    }
  }
}

// What signatures do not cover (white space, the case of hex digits) may change; what is said may
// not.
TEST(Contents, SayTheSameOrNothingAfterAnyChangedByteOfMetadata) {
  const Shop shop;
  int refused = 0;
  int looked_at = 0;
  for (const auto& [name, bytes] : shop.files()) {
    if (!name.starts_with("metadata/")) continue;
    for (std::size_t i = 0; i < bytes.size(); i += 53) {
      Files bad = shop.files();
      bad[name][i] = static_cast<char>(bad[name][i] ^ 1);
      const auto contents = shop.look(packed(bad));
      ++looked_at;
      if (!contents.ok()) ++refused;
      if (!contents.ok()) continue;
      ASSERT_EQ(contents->releases.size(), 1U);
      EXPECT_EQ(contents->releases.front().carried.release, shop.release());
      EXPECT_FALSE(contents->members.contains(name) && name != "metadata/1.root.json")
          << name << ", byte " << i;
    }
  }
  EXPECT_GT(refused * 2, looked_at) << "of " << looked_at;
}

TEST(Contents, WithoutTheMarkAreRefused) {
  Shop shop;
  shop.put("content", release::manifest_path(shop.manifest), release::encode(shop.manifest));
  shop.sign();
  EXPECT_EQ(shop.verdict(shop.files()), "conflict");
  shop.put("content", release::manifest_path(shop.manifest), release::encode(shop.manifest),
           {{"released", true}});
  shop.sign();
  EXPECT_EQ(shop.verdict(shop.files()), "malformed");
}

// The online role may not speak of releases, whatever it writes.
TEST(Contents, OfAnotherRoleThanTheOwningOneAreRefused) {
  Shop shop;
  auto& content = shop.repository.targets["content"].targets;
  auto& rollouts = shop.repository.targets["rollouts"].targets;
  rollouts.insert(content.begin(), content.end());
  content.clear();
  shop.sign();
  EXPECT_EQ(shop.verdict(shop.files()), "not_found");
}

TEST(Contents, ThatTheLogDoesNotProveAreRefused) {
  Shop shop;
  shop.index.releases = {carried_in(shop.log, 2, "291", shop.release())};
  EXPECT_EQ(shop.verdict(shop.files()), "mismatch") << "another entry";
  audit::LogSimulator other;
  other.signer = crypto::TestSigner("somebody");
  other.append("release", {{"release", shop.release().text()}});
  shop.index = {other.checkpoint(), {}, {carried_in(other, 0, "291", shop.release())}};
  EXPECT_EQ(shop.verdict(shop.files()), "bad_signature") << "another log";
}

TEST(Contents, WithAnActOfNobodyOrAboutAnotherReleaseAreRefused) {
  Shop shop;
  auto& acts = shop.index.releases.front().acts;
  acts = {Shop::approval(shop.release(), tuf::TestSigner("somebody"))};
  EXPECT_EQ(shop.verdict(shop.files()), "bad_signature");
  acts = {Shop::approval(crypto::sha256("another"), shop.bob)};
  EXPECT_EQ(shop.verdict(shop.files()), "mismatch");
  acts.clear();
  EXPECT_EQ(shop.verdict(shop.files()), "accepted");
}

TEST(Contents, LeaveAnActAsideThatRanOutOnTheWay) {
  const Shop shop;
  const auto contents = shop.look(packed(shop.files()), tuf::kTestNow + days(31), days(30));
  ASSERT_TRUE(contents.ok()) << contents.error().detail;
  EXPECT_TRUE(contents->releases.front().acts.empty());
}

TEST(Contents, WhoseOnlineMetadataRanOutOnTheWayCountForTheTimeOfCarryingOnly) {
  Shop shop;
  shop.repository.timestamp.expires = tuf::kTestNow + days(1);
  shop.repository.snapshot.expires = tuf::kTestNow + days(7);
  shop.repository.targets["rollouts"].expires = tuf::kTestNow + days(7);
  shop.repository.next({"rollouts", "snapshot", "timestamp"});
  const std::string bytes = packed(shop.files());
  const auto at = [&](Millis age, Millis carry) {
    return tuf::refusal(shop.look(bytes, tuf::kTestNow + age, carry));
  };
  EXPECT_EQ(at(days(14), {}), "expired");
  EXPECT_EQ(at(days(14), days(14)), "accepted");
  EXPECT_EQ(at(days(15), days(14)), "expired");
  EXPECT_EQ(at(days(101), days(101)), "expired") << "offline roles are judged now";
}

TEST(Index, ShowsWhoeverHasSeenTheLogThatItGoesOn) {
  const Shop shop;
  const auto& carried = shop.index.releases.front();
  EXPECT_TRUE(shop.index.proof_for(carried, 0).has_value());
  EXPECT_TRUE(shop.index.proof_for(carried, 3).has_value());
  EXPECT_FALSE(shop.index.proof_for(carried, 2).has_value());
}

TEST(Index, HasEachTenantOnceWithOnePolicyOrNone) {
  Shop shop;
  const statement::Envelope policy{std::string(statement::kPolicyType), "{}", {}};
  const TenantsWord acme{*TenantId::parse("acme"), {}, policy};
  shop.index.tenants = {acme, {*TenantId::parse("beta"), {}, {}}};
  const auto again = decode_index(encode(shop.index));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->tenants.front().policy->payload, "{}");
  EXPECT_FALSE(again->tenants.back().policy.has_value());
  shop.index.tenants = {acme, acme};
  EXPECT_FALSE(decode_index(encode(shop.index)).ok());
}

TEST(Index, OverItsLimitsIsRefused) {
  Shop shop;
  const Carried one = shop.index.releases.front();
  shop.index.releases.assign(limits::kBundleReleases + 1, one);
  EXPECT_FALSE(decode_index(encode(shop.index)).ok());
  shop.index.releases.assign(limits::kBundleReleases, one);
  EXPECT_TRUE(decode_index(encode(shop.index)).ok());
  EXPECT_FALSE(decode_index(encode(shop.index) + "\n").ok());
}

}  // namespace
}  // namespace fb::bundle
