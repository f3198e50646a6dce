// The keys that this server signs with: for each online role as many as the configuration names.
//
// Metadata says which of them count today. So a key that is to come is configured beforehand, and
// when the offline roles name it the server changes over by itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "statement/envelope.h"
#include "tuf/repository.h"
#include "tuf/role_keys.h"

namespace fb::server {

class RoleSigners {
 public:
  RoleSigners() = default;
  // One key is the usual case.
  template <class S>
  RoleSigners(std::unique_ptr<S> only) {  // NOLINT(google-explicit-constructor)
    add(std::move(only));
  }
  void add(std::unique_ptr<crypto::Signer> signer) { all_.push_back(std::move(signer)); }

  // All that are here of those that the metadata names. Errors: conflict (fewer than its
  // threshold), naming the ids on both sides and what to do.
  [[nodiscard]] Result<tuf::Signers> named_by(const tuf::RoleKeys& named,
                                              std::string_view role) const;

  // Signed by every key that is here: a device that has not seen yet which of them count now finds
  // one that it knows. Errors: those of the signers.
  [[nodiscard]] Result<statement::Envelope> seal(std::string_view type, std::string payload) const;

 private:
  std::vector<std::unique_ptr<crypto::Signer>> all_;
};

struct OnlineSigners {
  RoleSigners rollouts, snapshot, timestamp;
  std::unique_ptr<crypto::Signer> log;
};

}  // namespace fb::server
