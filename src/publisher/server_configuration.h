// The two TOML files of a home: the server's, and the command line's own.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/key.h"
#include "publisher/layout.h"

namespace fb::publisher {

struct TenantSeat {
  TenantId id;
  Digest enrolment;  // of the token
  crypto::PublicKey policy_key;
};

// server/firebreakd.toml; paths in it are relative to it. Errors: bad_usage (listen).
Result<std::string> server_configuration(const LayoutOrder& order,
                                         const std::vector<TenantSeat>& tenants);
// firebreak.toml. Errors: bad_usage (listen).
Result<std::string> own_configuration(const LayoutOrder& order);

}  // namespace fb::publisher
