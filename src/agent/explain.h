// What a device tells people about itself: `status` and `explain`, as one JSON document and as
// text.
//
// Built from the state files alone, so the answer is there with the server off and the agent dead;
// a running agent adds what only it knows. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "install/state.h"
#include "json/json.h"

namespace fb::agent {

// What only a running agent knows.
struct Live {
  std::string device;
  std::optional<Instant> last_contact;
  std::string trouble;                           // what went wrong last, if it still does
  std::map<ComponentId, std::string> workloads;  // by core: "running", or why not
};

// {"components":[{component, version, state, sentence, decisions…}], "live": …}
json::Value describe(const std::vector<const install::State*>& states, const Live* live);

// One line per component.
std::string status_text(const json::Value& document);
// The decisions, newest last; of one component when it is named.
std::string explain_text(const json::Value& document, const std::optional<ComponentId>& component);

}  // namespace fb::agent
