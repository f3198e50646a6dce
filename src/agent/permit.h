// Whether an envelope is the permit that this device asked for. Pure.
#pragma once

#include <string>

#include "base/ids.h"
#include "statement/plan.h"
#include "tuf/trusted_set.h"
#include "wire/device_api.h"

namespace fb::agent {

struct PermitQuestion {
  const DeviceId& device;
  const wire::PermitAsk& ask;
  const tuf::RoleSigners& rollouts;  // who may sign permits
  const crypto::KeyMap& log_keys;    // trust/log.json
};

struct VerifiedPermit {
  statement::Permit permit;
  Instant authenticated;  // the latest time that a trusted key signed in it
};

// Errors: bad_signature, malformed; mismatch (another device, release, rollout, nonce or purpose;
// or the log does not prove the release).
Result<VerifiedPermit> verify_permit(const statement::Envelope& envelope,
                                     const PermitQuestion& question);

}  // namespace fb::agent
