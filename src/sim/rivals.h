// Rivals: the rollout rules of other systems, modelled as their projects document them, so that
// the same fleet can be shown under each.
//
// Every parameter has its source beside it in rivals.cc. A model of a rule is not the system: what
// a team adds around it (alerts, people) is left out, and so is what the system needs to be told
// (queries). They see what a server sees.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sim/rule.h"

namespace fb::sim {

struct Rival {
  std::string_view name;
  std::string_view what;  // one line for people
  std::unique_ptr<Rule> (*make)(const Scenario& scenario);
};

const std::vector<Rival>& rivals();

}  // namespace fb::sim
