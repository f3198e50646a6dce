#include "statement/plan.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"
#include "crypto/signer_test.h"
#include "statement/log_trust.h"

namespace fb::statement {
namespace {

using V = json::Value;

constexpr Instant kNow{1'721'362'140'000};
const RolloutId kRollout = *RolloutId::parse(7);

Plan plan() {
  Plan plan;
  plan.rollout = kRollout;
  plan.component = *ComponentId::parse("sensor.channel");
  plan.manifest_path = "content/sensor.channel/291.manifest.json";
  plan.rings = {Ring::canary, Ring::early};
  plan.started = kNow;
  plan.acts = {{std::string(kPersonType), "{}", {{"key", "signature"}}}};
  return plan;
}

Permit permit() {
  return {*DeviceId::parse(std::string(32, 'd')),
          kRollout,
          {},
          std::string(32, 'c'),
          Purpose::renew,
          kNow,
          limits::kFreshness,
          {12, "{}", "a note", {Digest{}}, {}}};
}

template <class T>
std::string problem(const Result<T>& decoded) {
  return decoded.ok() ? "" : decoded.error().detail;
}

struct Mistake {
  std::function<void(V&)> make;
  const char* problem;
};

template <class Decode>
void expect_refused(const std::string& good, Decode decode, const std::vector<Mistake>& mistakes) {
  ASSERT_EQ(problem(decode(good)), "");
  for (const Mistake& mistake : mistakes) {
    V value = *json::parse(good);
    mistake.make(value);
    const std::string told = problem(decode(json::compact(value)));
    EXPECT_NE(told.find(mistake.problem), std::string::npos)
        << "instead of " << mistake.problem << ": " << told;
  }
}

TEST(Plans, SurviveTheRoundTrip) {
  const auto again = decode_plan(encode(plan()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(plan()));
  EXPECT_EQ(plan_path(kRollout), "rollouts/7.json");
}

TEST(Plans, RefuseWhatTheFormatForbids) {
  expect_refused(encode(plan()), decode_plan,
                 {{[](V& v) { v["rollout"] = 10; }, "plan.rollout: 10 is not a rollout id"},
                  {[](V& v) { v["rollout"] = 0; }, "plan.rollout: 0 is not a rollout id"},
                  {[](V& v) { v["rollout"] = 2'147'483'648; }, "plan.rollout"},
                  {[](V& v) {
                     v["rings"] = {"canary", "outer"};
                   },
                   "'outer' is no ring"},
                  {[](V& v) { v["state"] = "paused"; }, "'paused' is none of: running"},
                  {[](V& v) { v["lane"] = "slow"; }, "'slow' is none of: standard"},
                  {[](V& v) { v["acts"] = V::object(); }, "a list of at most 32 envelopes"},
                  {[](V& v) { v["acts"] = V(33, v["acts"][0]); }, "a list of at most 32 envelopes"},
                  {[](V& v) { v["acts"][0]["payload"] = "Zg"; }, "plan.acts: envelope.payload"},
                  {[](V& v) { v["manifest"]["size"] = 1; }, "plan.manifest.size: unknown field"}});
}

TEST(Permits, SurviveTheRoundTrip) {
  const auto again = decode_permit(encode(permit()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(permit()));
  EXPECT_EQ(again->purpose, Purpose::renew);
}

TEST(Permits, AreNeverValidLongerThanFreshness) {
  expect_refused(encode(permit()), decode_permit,
                 {{[](V& v) { v["valid_ms"] = limits::kFreshness.ms + 1; }, "permit.valid_ms"},
                  {[](V& v) { v["valid_ms"] = 99; }, "permit.valid_ms"},
                  {[](V& v) { v["valid_ms"] = -1; }, "permit.valid_ms"},
                  {[](V& v) { v["valid_ms"] = 18'446'744'073'709'551'615U; }, "permit.valid_ms"}});
}

TEST(Permits, RefuseWhatTheFormatForbids) {
  expect_refused(encode(permit()), decode_permit,
                 {{[](V& v) { v["rollout"] = 20; }, "20 is not a rollout id"},
                  {[](V& v) { v["device"] = "device-1"; }, "'device-1' is not a device id"},
                  {[](V& v) { v["purpose"] = "again"; }, "'again' is none of: start, renew"},
                  {[](V& v) { v["log"]["kind"] = "none"; }, "where 'inclusion' is expected"},
                  {[](V& v) { v["log"]["inclusion"] = V(65, Digest{}.text()); }, "inclusion"},
                  {[](V& v) { v["log"]["consistency"] = V(1, "sha256:x"); }, "consistency"},
                  {[](V& v) { v["log"]["entry"] = std::string(70'000, 'x'); }, "permit.log.entry"},
                  {[](V& v) { v["nonce"] = std::string(65, 'c'); }, "permit.nonce: 65 bytes"}});
}

TEST(BlockedReleases, SurviveTheRoundTrip) {
  const std::vector<Blocked> blocked{{{}, kRollout, kNow, "halted"}};
  const auto again = decode_blocked(encode(blocked));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(blocked));
  EXPECT_TRUE(decode_blocked(encode(std::vector<Blocked>{}))->empty());
}

TEST(BlockedReleases, RefuseARolloutDivisibleByTen) {
  expect_refused(encode(std::vector<Blocked>{{{}, kRollout, kNow, "halted"}}), decode_blocked,
                 {{[](V& v) { v["digests"][0]["rollout"] = 30; }, "30 is not a rollout id"}});
}

TEST(LogTrust, NamesTheLogItsKeysAndItsWitnesses) {
  const crypto::TestSigner log("log"), witness("witness");
  const std::string good = encode(
      LogTrust{"log.example/x", {{log.key().id(), log.key()}}, {{"w.example", witness.key()}}});
  const auto trust = decode_log_trust(good);
  ASSERT_TRUE(trust.ok()) << trust.error().detail;
  EXPECT_EQ(trust->keys.begin()->first, log.key().id());
  EXPECT_EQ(trust->witnesses.at(0).key.id(), witness.key().id());
  EXPECT_EQ(encode(*trust), good);
  const std::string pem = "-----BEGIN PUBLIC KEY-----";
  expect_refused(
      good, decode_log_trust,
      {{[](V& v) { v["keys"] = V::array(); }, "1 to 8 public keys"},
       {[](V& v) { v["keys"] = V(9, v["keys"][0]); }, "1 to 8 public keys"},
       {[](V& v) { v["origin"] = ""; }, "log.origin"},
       {[](V& v) { v["origin"] = "a b"; }, "log.origin"},
       {[](V& v) { v["witnesses"][0]["name"] = "a+b"; }, "name"},
       {[&](V& v) { v["keys"][0] = crypto::ecdsa_key(pem).document; }, "Ed25519"},
       {[&](V& v) { v["witnesses"][0]["key"] = crypto::ecdsa_key(pem).document; }, "Ed25519"}});
}

}  // namespace
}  // namespace fb::statement
