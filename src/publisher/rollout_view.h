// Rollouts as people watch them: a ladder on one line, and the engine's own sentence below it.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "json/json.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"

namespace fb::publisher {

// "1  sensor.channel 291  running canary [####......] 12/60 exposed, healthy 10, harmed 1, silent
// 1, bound 0.21, 3:1"
std::string ladder_line(const json::Value& rollout);
// Why it stands where it stands, or "".
std::string sentence(const json::Value& rollout);
std::string rollout_text(const json::Value& rollout);
std::string rollouts_text(const json::Value& list);

// Nothing will change any more.
bool is_over(const json::Value& rollout);
// Over, and not because it went to everybody.
bool went_wrong(const json::Value& rollout);

// One rollout ("" : all). "no" when it was halted or reverted.
Result<Outcome> rollout_status(ServerClient& server, const std::string& id);

}  // namespace fb::publisher
