// What a rollout would do, told before it starts: waves, and how far a fault would come.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"
#include "rollout/plan.h"

namespace fb::publisher {

std::string plan_text(const rollout::Plan& plan);

// The plan of a start by this lane, computed here over what the server would serve. `words` name a
// release as for find_release(). Errors: also conflict (nobody is left to serve).
Result<Outcome> plan_rollout(ServerClient& server, const std::vector<std::string>& words,
                             const std::string& lane);

// No lane serves everybody at once. "No", with the fastest lawful plan.
Result<Outcome> refuse_at_once(ServerClient& server, const std::vector<std::string>& words);

}  // namespace fb::publisher
