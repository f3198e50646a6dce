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
};

// All but the log's proof, which LogWatch judges. Errors: bad_signature, malformed; mismatch
// (another device, release, rollout, nonce or purpose).
Result<statement::Permit> verify_permit(const statement::Envelope& envelope,
                                        const PermitQuestion& question);

}  // namespace fb::agent
