#include "server/tenant_policies.h"

#include "policy/customer.h"

namespace fb::server {
namespace {

constexpr const char* kPolicySpace = "policy";
constexpr const char* kKeySpace = "policy-key";

}  // namespace

TenantPolicies::TenantPolicies(const Config& config) {
  for (const TenantConfig& tenant : config.tenants) {
    if (tenant.policy_key)
      keys_.emplace(tenant.id, policy::KeyChain(tenant.id, *tenant.policy_key));
  }
}

Status TenantPolicies::load(port::Store& store) {
  FB_TRY(store.scan(kKeySpace, "", [&](const std::string& key, const std::string& value) -> Status {
    FB_ASSIGN(const auto tenant, TenantId::parse(key));
    FB_ASSIGN(const auto rotations, policy::decode_rotations(value));
    const auto chain = keys_.find(tenant);
    if (chain != keys_.end()) chain->second.follow_stored(rotations);
    return {};
  }));
  return store.scan(kPolicySpace, "",
                    [&](const std::string& key, const std::string& value) -> Status {
                      FB_ASSIGN(const auto tenant, TenantId::parse(key));
                      FB_ASSIGN(auto envelope, statement::parse_envelope(value));
                      FB_ASSIGN(const auto policy, policy::decode_policy(envelope.payload));
                      policies_[tenant] = {policy.version, std::move(envelope)};
                      return {};
                    });
}

// The signature settles which tenant it can be of; only then is the payload read.
Result<TenantPolicies::Accepted> TenantPolicies::accept(const statement::Envelope& envelope,
                                                        Transaction& tx, Instant now) {
  for (const auto& [tenant, chain] : keys_) {
    if (!statement::open(envelope, statement::kPolicyType, chain.signers()).ok()) continue;
    FB_ASSIGN(const auto policy, policy::decode_policy(envelope.payload));
    if (policy.tenant != tenant) {
      return Error{ErrorCode::bad_signature,
                   tenant.text() + "'s key signed a policy for " + policy.tenant.text()};
    }
    const auto* known = find(tenant);
    if (known != nullptr && policy.version <= known->version) {
      return Error{ErrorCode::rolled_back, "policy version " + std::to_string(policy.version) +
                                               " of " + tenant.text() +
                                               "; versions only grow, and " +
                                               std::to_string(known->version) + " is here already"};
    }
    tx.put(kPolicySpace, tenant.text(), json::compact(statement::encode(envelope)));
    tx.log(now, "policy",
           {{"tenant", tenant.text()},
            {"version", policy.version},
            {"envelope", statement::encode(envelope)}});
    policies_[tenant] = {policy.version, envelope};
    return Accepted{tenant, policy.version};
  }
  return Error{ErrorCode::bad_signature, "signed by no tenant's policy key"};
}

Result<TenantPolicies::Accepted> TenantPolicies::rotate(const statement::Envelope& envelope,
                                                        Transaction& tx, Instant now) {
  for (auto& [tenant, chain] : keys_) {
    if (!statement::open(envelope, policy::kPolicyKeyType, chain.signers()).ok()) continue;
    FB_TRY(chain.follow(envelope));
    tx.put(kKeySpace, tenant.text(), policy::encode_rotations(chain.rotations()));
    tx.log(now, "policy-key",
           {{"tenant", tenant.text()},
            {"version", chain.version()},
            {"key", chain.current().id()},
            {"envelope", statement::encode(envelope)}});
    return Accepted{tenant, chain.version()};
  }
  return Error{ErrorCode::bad_signature,
               "signed by no tenant's policy key; the old key and the new one both have to sign"};
}

const TenantPolicy* TenantPolicies::find(const TenantId& tenant) const {
  const auto it = policies_.find(tenant);
  return it == policies_.end() ? nullptr : &it->second;
}

const policy::KeyChain* TenantPolicies::keys(const TenantId& tenant) const {
  const auto it = keys_.find(tenant);
  return it == keys_.end() ? nullptr : &it->second;
}

}  // namespace fb::server
