#include "statement/plan.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"
#include "crypto/signer_test.h"
#include "statement/log_trust.h"
#include "statement/revocation.h"

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

const TenantId kAcme = *TenantId::parse("acme");
const TenantId kBank = *TenantId::parse("bank");

TEST(Plans, SayForWhichTenantsAloneTheyAreHalted) {
  EXPECT_FALSE(json::parse(encode(plan()))->contains("halted_tenants"));
  Plan halted = plan();
  halted.halted_tenants = {tenant_mark(halted.manifest, kAcme)};
  const auto again = decode_plan(encode(halted));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->halted_tenants, halted.halted_tenants);
  const std::string mark = Digest{}.text();
  expect_refused(encode(halted), decode_plan,
                 {{[](V& v) { v["halted_tenants"] = V::array(); }, "must name a tenant"},
                  {[](V& v) { v["halted_tenants"] = "acme"; }, "plan.halted_tenants"},
                  {[](V& v) { v["halted_tenants"] = V(1, "acme"); }, "plan.halted_tenants"},
                  {[&](V& v) { v["halted_tenants"] = V(65, mark); }, "plan.halted_tenants"}});
}

// Anybody may read the file.
TEST(Plans, TellNobodyTheNameOfATenant) {
  const Digest one = *Digest::parse("sha256:" + std::string(64, '1'));
  EXPECT_EQ(tenant_mark(one, kAcme), tenant_mark(one, kAcme));
  EXPECT_NE(tenant_mark(one, kAcme), tenant_mark(one, kBank));
  EXPECT_NE(tenant_mark(one, kAcme), tenant_mark(Digest{}, kAcme)) << "nor in two releases";
  Plan halted = plan();
  halted.halted_tenants = {tenant_mark(halted.manifest, kAcme)};
  EXPECT_EQ(encode(halted).find("acme"), std::string::npos);
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

TEST(BlockedReleases, MayBeBlockedForTheDevicesOfOneTenantAlone) {
  const Digest release = *Digest::parse("sha256:" + std::string(64, '1'));
  const std::vector<Blocked> list{
      {Digest{}, kRollout, kNow, "for all"},
      {release, kRollout, kNow, "alone", {tenant_mark(release, kAcme), tenant_mark({}, kBank)}}};
  const auto again = decode_blocked(encode(list));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(list));
  const auto ours = concerning(*again, kAcme);
  ASSERT_EQ(ours.size(), 2U);
  EXPECT_TRUE(ours[0].tenants.empty());
  EXPECT_EQ(ours[1].tenants, std::vector<Digest>{tenant_mark(release, kAcme)});
  const auto theirs = concerning(*again, kBank);
  ASSERT_EQ(theirs.size(), 1U) << "a mark counts for its own release alone";
  EXPECT_EQ(theirs[0].reason, "for all");
  // An empty list could be read as nobody or as everybody.
  expect_refused(encode(list), decode_blocked,
                 {{[](V& v) { v["digests"][1]["tenants"] = V::array(); }, "must name a tenant"}});
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
