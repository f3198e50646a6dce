// The chain of a tenant's keys: both sign, versions only grow, and the pinned key begins it.
#include "policy/key_rotation.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/signer_test.h"

namespace fb::policy {
namespace {

using crypto::TestSigner;
using statement::Envelope;

const TestSigner kOne("one"), kTwo("two"), kThree("three");

Envelope rotation(std::int64_t version, const TestSigner& next,
                  const std::vector<const TestSigner*>& signers, const char* tenant = "acme") {
  const KeyRotation what{*TenantId::parse(tenant), version, Instant{1'721'362'140'000}, next.key()};
  Envelope out{std::string(kPolicyKeyType), encode(what), {}};
  for (const TestSigner* each : signers) out = *statement::add_signature(std::move(out), *each);
  return out;
}

KeyChain pinned(const TestSigner& key = kOne) { return {*TenantId::parse("acme"), key.key()}; }

// "" when followed, else the error's name.
std::string follow(KeyChain& chain, const Envelope& envelope) {
  const Status status = chain.follow(envelope);
  return status.ok() ? "" : std::string(name(status.error().code));
}

TEST(KeyChain, TakesANextKeyThatTheOldAndTheNewOneSigned) {
  struct Row {
    const char* what;
    Envelope envelope;
    const char* refused;
  };
  const Row rows[] = {
      {"old only", rotation(1, kTwo, {&kOne}), "bad_signature"},
      {"new only", rotation(1, kTwo, {&kTwo}), "bad_signature"},
      {"old and a stranger", rotation(1, kTwo, {&kOne, &kThree}), "bad_signature"},
      {"nobody", rotation(1, kTwo, {}), "bad_signature"},
      {"both", rotation(1, kTwo, {&kOne, &kTwo}), ""},
      {"both, in the other order", rotation(1, kTwo, {&kTwo, &kOne}), ""},
      {"both, for another tenant", rotation(1, kTwo, {&kOne, &kTwo}, "other"), "mismatch"},
  };
  for (const Row& row : rows) {
    KeyChain chain = pinned();
    EXPECT_EQ(follow(chain, row.envelope), row.refused) << row.what;
    const bool taken = row.refused[0] == '\0';
    EXPECT_EQ(chain.current().id(), (taken ? kTwo : kOne).key().id()) << row.what;
    EXPECT_EQ(chain.version(), taken ? 1 : 0) << row.what;
  }
}

TEST(KeyChain, RefusesAReplayedRotationAlsoWhenTheKeyCameBack) {
  KeyChain chain = pinned();
  const Envelope first = rotation(1, kTwo, {&kOne, &kTwo});
  ASSERT_EQ(follow(chain, first), "");
  EXPECT_EQ(follow(chain, first), "rolled_back");
  ASSERT_EQ(follow(chain, rotation(2, kOne, {&kTwo, &kOne})), "");
  EXPECT_EQ(follow(chain, first), "rolled_back") << "its signatures are good again";
  EXPECT_EQ(chain.current().id(), kOne.key().id());
  EXPECT_EQ(follow(chain, rotation(2, kThree, {&kOne, &kThree})), "rolled_back");
  EXPECT_EQ(follow(chain, rotation(5, kThree, {&kOne, &kThree})), "");
}

TEST(KeyChain, IsReadBackFromWhatWasStored) {
  KeyChain chain = pinned();
  ASSERT_EQ(follow(chain, rotation(1, kTwo, {&kOne, &kTwo})), "");
  ASSERT_EQ(follow(chain, rotation(2, kThree, {&kTwo, &kThree})), "");
  const auto stored = decode_rotations(encode_rotations(chain.rotations()));
  ASSERT_TRUE(stored.ok());
  KeyChain again = pinned();
  again.follow_stored(*stored);
  EXPECT_EQ(again.current().id(), kThree.key().id());
  EXPECT_EQ(again.version(), 2);
  EXPECT_EQ(again.past_signers().authorized.size(), 3U);
  EXPECT_EQ(again.signers().authorized, std::set<crypto::KeyId>{kThree.key().id()});
}

TEST(KeyChain, GoesOnFromAKeyThatLocalRootPinnedLater) {
  const std::vector<Envelope> all{rotation(1, kTwo, {&kOne, &kTwo}),
                                  rotation(2, kThree, {&kTwo, &kThree})};
  KeyChain at_two = pinned(kTwo);
  at_two.follow_stored(all);
  EXPECT_EQ(at_two.current().id(), kThree.key().id());
  KeyChain at_three = pinned(kThree);
  at_three.follow_stored(all);
  EXPECT_EQ(at_three.current().id(), kThree.key().id());
  EXPECT_EQ(at_three.version(), 2) << "and what came before it is old";
  const TestSigner stranger("stranger");
  KeyChain elsewhere = pinned(stranger);
  elsewhere.follow_stored(all);
  EXPECT_EQ(elsewhere.current().id(), stranger.key().id());
}

TEST(KeyChain, HasAnEnd) {
  KeyChain chain = pinned();
  for (std::size_t i = 1; i <= limits::kPolicyKeyRotations; ++i) {
    const TestSigner& now = i % 2 == 1 ? kOne : kTwo;
    const TestSigner& next = i % 2 == 1 ? kTwo : kOne;
    ASSERT_EQ(follow(chain, rotation(static_cast<std::int64_t>(i), next, {&now, &next})), "");
  }
  EXPECT_EQ(follow(chain, rotation(1000, kThree, {&kOne, &kThree})), "too_many");
  EXPECT_TRUE(decode_rotations(encode_rotations(chain.rotations())).ok());
}

TEST(KeyRotationFormat, RefusesWhatIsNotOne) {
  const std::string good =
      encode(KeyRotation{*TenantId::parse("acme"), 1, Instant{1'721'362'140'000}, kTwo.key()});
  EXPECT_EQ(encode(*decode_key_rotation(good)), good);
  for (const char* field : {"tenant", "version", "issued", "next", "format"}) {
    json::Value value = *json::parse(good);
    value.erase(field);
    EXPECT_FALSE(decode_key_rotation(json::compact(value)).ok()) << field;
  }
  json::Value value = *json::parse(good);
  value["version"] = 0;
  EXPECT_FALSE(decode_key_rotation(json::compact(value)).ok());
  EXPECT_FALSE(decode_rotations(R"({"format":"firebreak.policy-keys/1","rotations":{}})").ok());
}

}  // namespace
}  // namespace fb::policy
