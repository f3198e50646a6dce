// Rule: who decides in a simulation how many devices may have the release. The door behind which
// Firebreak's own engine and the models of other systems' rules stand.
//
// A rule sees what a server sees: counts of one tick, never what the release really does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rollout/step.h"
#include "sim/fleet_model.h"
#include "sim/scenario.h"

namespace fb::sim {

// One tick as a server sees it.
struct Sight {
  const rollout::TickCounts& counts;
  std::int64_t remaining = 0;
  rollout::Installs installs;
  std::int64_t heard = 0;  // exposed devices that speak as they should
  Millis now;              // since the start
};

// What a curve of one run shows; rules that know no bound leave it at 1.
struct Gauge {
  double evidence = 1;  // E
  double bound = 1;     // u of the binding horizon
  double lowest = 1;    // the lowest Umin of any horizon
};

class Rule {
 public:
  virtual ~Rule() = default;

  // Places that may be taken now.
  [[nodiscard]] virtual std::int64_t open_places() const = 0;
  // Permits were taken, and some handed back.
  virtual void took(const Permits& permits) = 0;
  virtual void see(const Sight& sight) = 0;
  [[nodiscard]] virtual bool halted() const = 0;
  // It has stopped and asks a person.
  [[nodiscard]] virtual bool stuck() const = 0;
  // Whether anything it sees from now on could make it halt, when nobody is left to wait.
  [[nodiscard]] virtual bool watches_without_control() const = 0;
  [[nodiscard]] virtual Gauge gauge() const { return {}; }
  [[nodiscard]] virtual std::string sentence() const { return ""; }
};

// "hbp" is Firebreak's own; the others are in rivals.h.
const std::vector<std::string>& rule_names();
// Errors: bad_usage, naming the near one.
Result<std::unique_ptr<Rule>> make_rule(std::string_view name, const Scenario& scenario);

}  // namespace fb::sim
