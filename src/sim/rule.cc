#include "sim/rule.h"

#include "json/reader.h"
#include "sim/engine_rule.h"
#include "sim/rivals.h"

namespace fb::sim {

const std::vector<std::string>& rule_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names = {"hbp"};
    for (const Rival& rival : rivals()) names.emplace_back(rival.name);
    return names;
  }();
  return kNames;
}

Result<std::unique_ptr<Rule>> make_rule(std::string_view name, const Scenario& scenario) {
  if (name == "hbp") {
    FB_ASSIGN(auto rule, EngineRule::start(scenario));
    return std::unique_ptr<Rule>(std::move(rule));
  }
  for (const Rival& rival : rivals()) {
    if (rival.name == name) return rival.make(scenario);
  }
  std::string known;
  for (const std::string& each : rule_names()) known += (known.empty() ? "" : ", ") + each;
  const std::string near = json::nearest(name, rule_names());
  return Error{ErrorCode::bad_usage,
               "'" + std::string(name) + "' is not a rule; " +
                   (near.empty() ? "known are " + known : "did you mean '" + near + "'?")};
}

}  // namespace fb::sim
