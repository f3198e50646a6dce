// Incident records, as the server keeps them.
#pragma once

#include <string>

#include "base/result.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"

namespace fb::publisher {

Result<Outcome> list_incidents(ServerClient& server);
// The text is the record's Markdown. Errors: not_found.
Result<Outcome> show_incident(ServerClient& server, const std::string& id);

}  // namespace fb::publisher
