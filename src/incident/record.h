// The incident record that a halt opens: what happened, when, to how many, told without names.
//
// Blameless by construction: the timeline is made from the event log and names roles, never
// persons; root causes and action items are lists that people fill in. Both forms, JSON and
// Markdown, come from the same value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::incident {

struct Moment {
  Instant at;
  std::string what;  // one sentence
};

struct Incident {
  RolloutId rollout;  // also the incident's id: one halt, one incident
  ComponentId component;
  std::string version;
  Digest release;
  Instant opened;
  std::string sentence;             // why it was halted
  std::vector<std::string> strata;  // harmed ones, strongest first
  std::int64_t exposed = 0;         // when it halted
  std::int64_t eligible = 0;
  std::vector<Moment> timeline;  // oldest first
};

// Adds one log entry's sentence to the timeline when it tells something of this rollout or release.
void add_to_timeline(Incident& incident, Instant at, std::string_view kind,
                     const json::Value& data);

// format "firebreak.incident/1"
std::string encode(const Incident& incident);
Result<Incident> decode_incident(std::string_view bytes);
std::string markdown(const Incident& incident);

}  // namespace fb::incident
