// firebreak rollout watch: the live view.
#pragma once

#include <cstdint>
#include <string>

#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::cli {

enum class WatchAs : std::uint8_t { text, json };

// Asks five times a second and returns when the rollout is over. On a terminal two lines are
// redrawn in place; elsewhere, and as JSON, each change is one line. Errors: those of the server,
// after it has been away for ten seconds.
Result<publisher::Outcome> watch_rollout(publisher::Desk& desk, const std::string& id,
                                         WatchAs form);

}  // namespace fb::cli
