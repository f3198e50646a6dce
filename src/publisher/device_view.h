// Devices as people ask about them: what they run, and why one did or did not get a release, as the
// server knows it.
//
// The machine itself knows more, and with the server off: `firebreak-agent explain`.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "json/json.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"

namespace fb::publisher {

Result<Outcome> list_devices(ServerClient& server, Instant now);
// `id`: 32 hex digits or a beginning of them that only one device has. Errors: not_found, conflict.
Result<Outcome> show_device(ServerClient& server, const std::string& id, Instant now);
// `component`: "" for all.
Result<Outcome> explain_device(ServerClient& server, const std::string& id,
                               const std::string& component);

std::string devices_text(const json::Value& list, Instant now);
std::string device_text(const json::Value& device, Instant now);
// The sentences; `rollouts` is the server's list.
std::vector<std::string> explain(const json::Value& device, const json::Value& rollouts,
                                 const std::string& component);

}  // namespace fb::publisher
