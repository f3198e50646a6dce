// What Prometheus scrapes: counters of the decider and one set of gauges per live rollout.
#pragma once

#include <string>

#include "server/decider.h"

namespace fb::server {

// Prometheus text exposition format 0.0.4. Any thread; never waits for a decision.
std::string render_metrics(const Decider& decider);

}  // namespace fb::server
