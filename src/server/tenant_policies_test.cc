// A tenant's policy key on the server: rotations are kept and served in their order, and only the
// key of today signs policies.
#include "server/lab_test.h"

namespace fb::server {
namespace {

struct Tenant : Lab {
  Tenant() : Lab({.devices = 2, .tenants = 2, .budget = 1}) {}

  std::string rotate(std::int64_t version, const std::string& next,
                     const std::vector<std::string>& keys, const std::string& tenant = "tenanta") {
    const policy::KeyRotation what{*TenantId::parse(tenant), version, clock.wall(),
                                   signer(next).key()};
    statement::Envelope out{std::string(policy::kPolicyKeyType), policy::encode(what), {}};
    for (const auto& each : keys) out = *statement::add_signature(std::move(out), signer(each));
    return rule_of(send("POST", "/api/v1/policy-keys", json::compact(statement::encode(out))));
  }
  std::string say(std::int64_t version, const std::string& key) {
    policy::Policy policy;
    policy.tenant = *TenantId::parse("tenanta");
    policy.version = version;
    policy.issued = clock.wall();
    return rule_of(send("POST", "/api/v1/policies",
                        json::compact(statement::encode(*statement::seal(
                            statement::kPolicyType, policy::encode(policy), signer(key))))));
  }
  std::size_t served(int device) {
    const auto answer =
        send("GET", "/v1/policy-keys", "", devices[static_cast<std::size_t>(device)].secret);
    EXPECT_EQ(answer.status, 200);
    return policy::decode_rotations(answer.body)->size();
  }
};

TEST(TenantKeys, RotateWithBothSignaturesAndOutliveARestart) {
  Tenant lab;
  EXPECT_EQ(lab.say(1, "policy of tenanta"), "accepted");
  EXPECT_EQ(lab.rotate(1, "a2", {"policy of tenanta"}), "bad_signature") << "old only";
  EXPECT_EQ(lab.rotate(1, "a2", {"a2"}), "bad_signature") << "new only";
  EXPECT_EQ(lab.rotate(1, "a2", {"policy of tenanta", "a2"}, "tenantb"), "mismatch");
  EXPECT_EQ(lab.rotate(1, "a2", {"policy of tenantb", "a2"}), "mismatch");
  EXPECT_EQ(lab.served(0), 0U);
  EXPECT_EQ(lab.check_in(lab.devices[0])->policy_key_version, 0);

  EXPECT_EQ(lab.rotate(1, "a2", {"policy of tenanta", "a2"}), "accepted");
  EXPECT_EQ(lab.rotate(1, "a2", {"policy of tenanta", "a2"}), "rolled_back") << "a replay";
  EXPECT_EQ(lab.rotate(1, "a3", {"a2", "a3"}), "rolled_back") << "versions only grow";
  EXPECT_EQ(lab.say(2, "policy of tenanta"), "bad_signature") << "the key before";
  EXPECT_EQ(lab.say(2, "a2"), "accepted");
  lab.restart();
  EXPECT_EQ(lab.say(3, "policy of tenanta"), "bad_signature");
  EXPECT_EQ(lab.rotate(2, "a3", {"a2", "a3"}), "accepted");
  EXPECT_EQ(lab.say(3, "a3"), "accepted");
  EXPECT_EQ(lab.served(0), 2U);
  EXPECT_EQ(lab.served(1), 0U) << "another tenant's machine";
  EXPECT_EQ(lab.check_in(lab.devices[0])->policy_key_version, 2);
  EXPECT_EQ(lab.log("policy-key").size(), 2U);
  EXPECT_EQ(lab.send("GET", "/v1/policy-keys", "", "no such secret").status, 401);
}

}  // namespace
}  // namespace fb::server
