// Audience: who a rollout is for, and in which portions: all rings in one list, strata of devices
// that are alike, and populations with budgets of their own.
//
// Read once, at the start; the list is frozen from then on. On the decider's thread.
#pragma once

#include <set>
#include <vector>

#include "rollout/plan.h"
#include "server/config.h"
#include "server/devices.h"
#include "server/releases.h"
#include "server/rollout_run.h"

namespace fb::server {

struct Audience {
  std::vector<RolloutRun::Member> members;
  std::set<statement::Ring> rings;
  rollout::Scope scope;
};

// One word, two vocabularies: as people sign it, and as the engine has it.
rollout::Lane engine_lane(statement::Lane lane);

class Audiences {
 public:
  Audiences(const Config& config, const Devices& devices, const Releases& releases)
      : config_(config), devices_(devices), releases_(releases) {}

  // A new process began to hear devices.
  void listen_from(Instant now) { listening_since_ = now; }

  struct Question {
    const Digest& release;
    statement::Lane lane;
    const RolloutRun* resumed;   // of a retry: the halted rollout, whose list it keeps
    std::set<TenantId> without;  // for whose devices the release is blocked
    Instant now;
  };
  // With budgets. Errors: conflict (nobody is left; this process has not heard everybody yet; the
  // lane does not carry the kind; what is configured lies below a floor of the kind).
  [[nodiscard]] Result<Audience> gather(const Question& question) const;

 private:
  [[nodiscard]] Result<rollout::Parameters> parameters(const Question& question, std::int64_t size,
                                                       Config::Budget whose) const;
  [[nodiscard]] Status fleet_was_heard(Instant now) const;
  [[nodiscard]] bool takes_part(DeviceIndex device, const ComponentId& component,
                                Instant now) const;
  [[nodiscard]] Audience eligible(const Question& question) const;
  [[nodiscard]] Result<rollout::PopulationPlan> population(std::size_t which, std::int64_t size,
                                                           const Question& question) const;

  const Config& config_;
  const Devices& devices_;
  const Releases& releases_;
  Instant listening_since_;
};

}  // namespace fb::server
