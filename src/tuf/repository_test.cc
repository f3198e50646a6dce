#include "tuf/repository.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

struct Holders {
  TestSigner a{"a"}, b{"b"}, c{"c"};
  Keyring two_of_three{{a.key(), b.key(), c.key()}, 2};
  Keyrings rings{{"root", two_of_three},        {"targets", two_of_three},
                 {"timestamp", {{a.key()}, 1}}, {"snapshot", {{a.key()}, 1}},
                 {"core", two_of_three},        {"content", two_of_three},
                 {"flags", two_of_three},       {"rollouts", {{b.key()}, 1}}};
  json::Value root() { return encode(*compose_root(rings, {1, kTestNow + Lifetimes().root})); }
};

TEST(Ceremony, HoldersSignTheSameBytesOneAfterTheOther) {
  Holders h;
  const std::string blank = unsigned_file(h.root());
  EXPECT_EQ(refusal(TrustedSet::from_root(blank)), "bad_signature");
  const std::string one = *add_signature(blank, h.b);
  EXPECT_EQ(refusal(TrustedSet::from_root(one)), "bad_signature");
  const std::string two = *add_signature(one, h.c);
  EXPECT_TRUE(TrustedSet::from_root(two).ok());
  EXPECT_EQ(two, *sign_file(h.root(), {&h.b, &h.c}));
}

TEST(Ceremony, SigningAgainRenewsTheSignature) {
  Holders h;
  const std::string once = *sign_file(h.root(), {&h.a});
  EXPECT_EQ(*add_signature(once, h.a), once);
  EXPECT_EQ(refusal(sign_file(h.root(), {&h.a, &h.a})), "bad_usage");
}

TEST(Ceremony, NobodySignsWhatIsNoMetadata) {
  Holders h;
  for (const char* file : {"", "[]", R"({"signatures":[],"signed":{"_type":"cheque"}})",
                           R"({"signatures":[],"signed":{"_type":"root","x":1.5}})"}) {
    EXPECT_EQ(refusal(add_signature(file, h.a)), "malformed") << file;
  }
}

TEST(Ceremony, NobodyAddsASignatureThatMakesTheFileUnreadable) {
  Holders h;
  json::Value file = *json::parse(unsigned_file(h.root()));
  for (std::size_t n = 0; n < limits::kSignatures; ++n) {
    file["signatures"].push_back({{"keyid", std::to_string(n)}, {"sig", ""}});
  }
  EXPECT_EQ(refusal(add_signature(file.dump(), h.a)), "too_large");
}

TEST(Compose, NeedsAKeyringThatCanReachItsThreshold) {
  Holders h;
  h.rings["snapshot"] = {{h.a.key(), h.a.key()}, 2};
  EXPECT_EQ(refusal(compose_root(h.rings, {})), "bad_usage");
  h.rings.erase("snapshot");
  EXPECT_EQ(refusal(compose_root(h.rings, {})), "bad_usage");
  h.rings.erase("flags");
  EXPECT_EQ(refusal(compose_targets(h.rings, {})), "bad_usage");
}

TEST(Compose, DelegatesEachKindToItsOwnRole) {
  Holders h;
  const Targets targets = *compose_targets(h.rings, {1, kTestNow});
  struct Row {
    const char* role;
    const char* path;
  };
  for (const Row& row : {Row{"core", "core/a.b/1.bin"}, Row{"content", "content/a.b/1.bin"},
                         Row{"content", "config/a.b/1.toml"}, Row{"flags", "flags/a.b/1.json"},
                         Row{"rollouts", "rollouts/11.json"}, Row{nullptr, "trust/people.json"}}) {
    for (const DelegatedRole& role : targets.delegations.roles) {
      EXPECT_TRUE(role.terminating);
      EXPECT_EQ(role.covers(row.path), row.role != nullptr && role.name == row.role)
          << role.name << " " << row.path;
    }
  }
}

TEST(Compose, WhatIsComposedIsWhatADeviceTrusts) {
  Holders h;
  const std::string targets =
      *sign_file(encode(*compose_targets(h.rings, {4, kTestNow + days(1)})), {&h.a, &h.b});
  const std::string flags =
      *sign_file(encode(Targets{9, kTestNow + days(1), {}, {}}), {&h.b, &h.c});
  const auto snapshot =
      compose_snapshot({{"targets", targets}, {"flags", flags}}, {3, kTestNow + days(1)});
  EXPECT_EQ(snapshot->meta.at("flags").version, 9);
  const std::string snapshot_file = *sign_file(encode(*snapshot), {&h.a});
  const auto timestamp = compose_timestamp(snapshot_file, {2, kTestNow + days(1)});
  EXPECT_EQ(timestamp->snapshot.version, 3);

  auto trusted = *TrustedSet::from_root(*sign_file(h.root(), {&h.a, &h.b}));
  const TrustedNow now = at(kTestNow);
  ASSERT_TRUE(trusted.update_timestamp(*sign_file(encode(*timestamp), {&h.a}), now).ok());
  ASSERT_TRUE(trusted.update_snapshot(snapshot_file, now, Source::repository).ok());
  ASSERT_TRUE(trusted.update_targets(targets, now).ok());
  EXPECT_TRUE(trusted.update_delegated("flags", "targets", flags, now).ok());
}

TEST(Compose, ABrokenFileDoesNotEnterASnapshot) {
  EXPECT_EQ(refusal(compose_snapshot({{"targets", "{}"}}, {})), "malformed");
  EXPECT_EQ(refusal(compose_timestamp("{}", {})), "malformed");
}

TEST(NextTargets, AddsRemovesAndKeepsTheRest) {
  Holders h;
  json::Value first = encode(Targets{7, kTestNow, {{"flags/a.b/1.json", describe("one")}}, {}});
  first["x-team"] = "flags";
  const std::string file = *sign_file(first, {&h.a});
  const TargetChanges changes{.add = {{"flags/a.b/2.json", describe("two", {{"k", 1}})}},
                              .remove = {"flags/a.b/1.json"}};
  const auto next = next_targets(file, changes, kTestNow + days(30));
  ASSERT_TRUE(next.ok()) << next.error().detail;
  const auto decoded = decode_targets(unsigned_file(*next));
  EXPECT_EQ(decoded->body.version, 8);
  EXPECT_EQ(decoded->body.expires, kTestNow + days(30));
  EXPECT_EQ(decoded->body.targets.size(), 1U);
  EXPECT_EQ(*decoded->body.targets.at("flags/a.b/2.json").sha256(), crypto::sha256("two"));
  EXPECT_EQ(next->at("x-team"), "flags");
}

TEST(NextTargets, RefusesOddNamesAndRemovalsOfNothing) {
  const std::string file = unsigned_file(encode(Targets{1, kTestNow, {}, {}}));
  EXPECT_EQ(refusal(next_targets(file, {.add = {{"../x", describe("")}}, .remove = {}}, kTestNow)),
            "malformed");
  EXPECT_EQ(refusal(next_targets(file, {.add = {}, .remove = {"a/b"}}, kTestNow)), "not_found");
}

TEST(Lifetimes, EveryRoleHasOne) {
  for (const char* role :
       {"root", "targets", "core", "content", "flags", "rollouts", "snapshot", "timestamp"}) {
    EXPECT_TRUE(Lifetimes().of(role).ok()) << role;
  }
  EXPECT_EQ(*Lifetimes().of("timestamp"), hours(24));
  EXPECT_EQ(refusal(Lifetimes().of("nobody")), "not_found");
}

}  // namespace
}  // namespace fb::tuf
