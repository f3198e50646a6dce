// The people's words that a plan carries, for devices to verify themselves.
#pragma once

#include <set>
#include <vector>

#include "statement/people.h"

namespace fb::server {

// Of what was said about one release: approvals, waivers, and resumes of a halt in `lifted`; of
// each person only the word that stands longest. What has expired stays behind.
std::vector<statement::Envelope> acts_for_devices(const std::vector<statement::SignedAct>& acts,
                                                  const std::set<RolloutId>& lifted, Instant now);

}  // namespace fb::server
