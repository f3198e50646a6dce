// The customers' words as the server keeps them: each tenant's newest policy, and the rotations of
// the key that signs it.
//
// The server can make neither. A chain of keys begins with the key of the configuration. On the
// decider's thread.
#pragma once

#include <map>
#include <string>

#include "policy/key_rotation.h"
#include "port/store.h"
#include "server/config.h"
#include "server/transaction.h"

namespace fb::server {

struct TenantPolicy {
  std::int64_t version = 0;
  statement::Envelope envelope;
};

class TenantPolicies {
 public:
  explicit TenantPolicies(const Config& config);
  // Errors: malformed.
  Status load(port::Store& store);

  // Signed with the tenant's key of today; versions only grow. Errors: bad_signature, rolled_back,
  // malformed.
  struct Accepted {
    TenantId tenant;
    std::int64_t version = 0;
  };
  Result<Accepted> accept(const statement::Envelope& envelope, Transaction& tx, Instant now);
  // The next key, signed by the old and the new. Errors: those of policy::KeyChain.
  Result<Accepted> rotate(const statement::Envelope& envelope, Transaction& tx, Instant now);

  // Null where there is none.
  [[nodiscard]] const TenantPolicy* find(const TenantId& tenant) const;
  [[nodiscard]] const policy::KeyChain* keys(const TenantId& tenant) const;

 private:
  std::map<TenantId, TenantPolicy> policies_;
  std::map<TenantId, policy::KeyChain> keys_;
};

}  // namespace fb::server
