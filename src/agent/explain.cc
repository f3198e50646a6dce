#include "agent/explain.h"

namespace fb::agent {
namespace {

using namespace install;

// Where the component stands, in one sentence.
struct SentenceOf {
  std::string operator()(const Idle&) const { return "nothing is under way"; }
  std::string operator()(const Fetching& in) const { return "fetching " + in.release.brief(); }
  std::string operator()(const Staged& in) const {
    return in.candidate.slot.version + (in.ready ? " waits for a permit" : " is staged");
  }
  std::string operator()(const Deferred& in) const {
    return in.candidate.slot.version + " waits: " + in.sentence;
  }
  std::string operator()(const Permitted& in) const {
    return in.candidate.slot.version + " is being tried";
  }
  std::string operator()(const Tasted& in) const {
    return in.candidate.slot.version + " passed its trial load";
  }
  std::string operator()(const Activating& in) const {
    return in.candidate.slot.version + " is being activated";
  }
  std::string operator()(const Probation& in) const {
    return in.candidate.slot.version + " is on probation: " + std::to_string(in.crashes) +
           " crashes (" + std::to_string(in.candidate.restarts) + " tolerated), " +
           std::to_string(in.probe_failures) + " failed probes in a row (" +
           std::to_string(in.candidate.probe_failures) + " tolerated)";
  }
  std::string operator()(const Healthy&) const { return "the last update passed its probation"; }
  std::string operator()(const RolledBack& in) const {
    return in.from.version + " was rolled back" + (in.to ? " to " + in.to->version : "") + ": " +
           in.reason;
  }
  std::string operator()(const Refused& in) const {
    return in.slot.version + " was refused: " + in.sentence;
  }
};

json::Value slot_value(const std::optional<Slot>& slot) {
  if (!slot) return nullptr;
  return {{"version", slot->version}, {"release", slot->release.text()}};
}

json::Value describe_one(const State& state) {
  json::Value decisions = json::Value::array();
  for (const Decision& each : state.decisions) {
    decisions.push_back({{"at", to_rfc3339(each.at)},
                         {"rule", each.rule},
                         {"sentence", each.sentence},
                         {"change", each.change}});
  }
  return {{"component", state.component.text()},
          {"state", word(state.phase)},
          {"sentence", std::visit(SentenceOf{}, state.phase)},
          {"active", slot_value(state.active)},
          {"last_known_good", slot_value(state.lkg)},
          {"previous_last_known_good", slot_value(state.previous_lkg)},
          {"decisions", std::move(decisions)}};
}

std::string text_of(const json::Value& value, const char* key) {
  return value.at(key).get<std::string>();
}

std::string version_of(const json::Value& slot) {
  return slot.is_null() ? "nothing" : slot.at("version").get<std::string>();
}

std::string live_text(const json::Value& live) {
  std::string out = "agent: running";
  if (const auto device = text_of(live, "device"); !device.empty()) out += ", device " + device;
  if (live.contains("last_contact")) out += ", server last heard " + text_of(live, "last_contact");
  out += "\n";
  if (const auto trouble = text_of(live, "trouble"); !trouble.empty())
    out += "trouble: " + trouble + "\n";
  for (const auto& [core, state] : live.at("workloads").items()) {
    out += "workload of " + core + ": " + state.get<std::string>() + "\n";
  }
  return out;
}

}  // namespace

json::Value describe(const std::vector<const State*>& states, const Live* live) {
  json::Value components = json::Value::array();
  for (const State* state : states) components.push_back(describe_one(*state));
  json::Value document{{"format", "firebreak.device-status/1"},
                       {"components", std::move(components)}};
  if (live == nullptr) return document;
  json::Value workloads = json::Value::object();
  for (const auto& [core, state] : live->workloads) workloads[core.text()] = state;
  document["live"] = {
      {"device", live->device}, {"trouble", live->trouble}, {"workloads", std::move(workloads)}};
  if (live->last_contact) document["live"]["last_contact"] = to_rfc3339(*live->last_contact);
  return document;
}

std::string status_text(const json::Value& document) {
  std::string out =
      document.contains("live") ? live_text(document.at("live")) : "agent: not running\n";
  for (const auto& each : document.at("components")) {
    out += text_of(each, "component") + " " + version_of(each.at("active")) + " (" +
           text_of(each, "state") + ", last-known-good " + version_of(each.at("last_known_good")) +
           "): " + text_of(each, "sentence") + "\n";
  }
  return out;
}

std::string explain_text(const json::Value& document, const std::optional<ComponentId>& component) {
  std::string out;
  for (const auto& each : document.at("components")) {
    if (component && text_of(each, "component") != component->text()) continue;
    out += text_of(each, "component") + " runs " + version_of(each.at("active")) +
           ", last-known-good " + version_of(each.at("last_known_good")) + ". " +
           text_of(each, "sentence") + ".\n";
    for (const auto& decision : each.at("decisions")) {
      out += "  " + text_of(decision, "at") + "  " + text_of(decision, "rule") + ": " +
             text_of(decision, "sentence") + "\n";
      if (const auto change = text_of(decision, "change"); !change.empty())
        out += "      would change with: " + change + "\n";
    }
  }
  return out;
}

}  // namespace fb::agent
