// What a rollout would do, told before it starts: waves, and how far a fault would come.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "publisher/outcome.h"
#include "publisher/server_client.h"
#include "rollout/plan.h"

namespace fb::publisher {

// A plan, and how late the release says that its faults may show; zero: it says nothing.
struct PlannedRelease {
  rollout::Plan plan;
  Millis longest_fault_delay;

  // Faults may show so late that this plan does not halt them.
  [[nodiscard]] bool falls_short() const;
};
std::string plan_text(const PlannedRelease& planned);
// The plan's own, with `longest_fault_delay_ms` and `falls_short`.
json::Value encode(const PlannedRelease& planned);

struct PlanOrder {
  std::vector<std::string> release;  // words, as for find_release()
  std::string lane;
  std::vector<RolloutId> borrow;
};
// The plan of such a start, computed here over what the server would serve. Errors: also conflict
// (nobody is left to serve, nothing is lent).
Result<Outcome> plan_rollout(ServerClient& server, const PlanOrder& order);

// No lane serves everybody at once. "No", with the fastest lawful plan.
Result<Outcome> refuse_at_once(ServerClient& server, const std::vector<std::string>& words);

}  // namespace fb::publisher
