// Releases as people read them: from the server's records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "gate/gate.h"
#include "json/json.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"

namespace fb::publisher {

// One line each: "contract: closed — engine 7.11 supplies 20 fields of ipc". From a release record
// or a check's result.
std::string gates_text(const json::Value& record);
// Whether a gate that approvals cannot open is closed.
bool closed_besides_approval(const json::Value& record);

std::string release_text(const json::Value& record);
std::string releases_text(const json::Value& list);

// The record that a person means by a digest, its beginning (6 hex digits at least), "component
// version", "component@version" or a draft's name. Errors: not_found (naming the near one),
// conflict (several).
Result<json::Value> find_release(ServerClient& server, const std::vector<std::string>& words);

// Why this release is not proven yet: no rollout of it has completed. "": one has.
Result<std::string> find_doubt(ServerClient& server, const json::Value& view);

Result<Outcome> show_release(ServerClient& server, const std::vector<std::string>& words);
Result<Outcome> list_releases(ServerClient& server);

}  // namespace fb::publisher
