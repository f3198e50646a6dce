#include "publisher/device_view.h"

#include <algorithm>

#include "base/ids.h"
#include "publisher/ages.h"
#include "publisher/columns.h"
#include "publisher/fields.h"

namespace fb::publisher {
namespace {

std::string brief_id(const json::Value& device) { return text_of(device, "device").substr(0, 12); }

std::string heard(const json::Value& device, Instant now) {
  const auto at = parse_rfc3339(text_of(device, "last_heard"));
  if (!at.ok()) return "never since the server started";
  return age_in_words(now - *at) + " ago";
}

std::string health(const json::Value& device) {
  if (flag_of(device, "silent")) return "SILENT";
  const json::Value& exposures = list_of(device, "exposures");
  const bool harmed = std::any_of(exposures.begin(), exposures.end(), [](const json::Value& each) {
    return flag_of(each, "harmed") && !flag_of(each, "reverted");
  });
  return harmed ? "HARMED" : "ok";
}

std::string runs(const json::Value& device) {
  std::string text;
  for (const json::Value& each : list_of(device, "components")) {
    const std::string version = text_of(each, "version");
    text += (text.empty() ? "" : ", ") + text_of(each, "component") + " " +
            (version.empty() ? "-" : version);
  }
  return text.empty() ? "-" : text;
}

Result<json::Value> find_device(ServerClient& server, const std::string& id) {
  if (DeviceId::parse(id).ok()) return server.get("/api/v1/devices/" + id);
  FB_ASSIGN(const json::Value list, server.list("/api/v1/devices", "devices"));
  const json::Value* found = nullptr;
  for (const json::Value& each : list) {
    if (id.empty() || !text_of(each, "device").starts_with(id)) continue;
    if (found != nullptr)
      return Error{ErrorCode::conflict, "'" + id + "' begins several device ids; give more of it"};
    found = &each;
  }
  if (found != nullptr) return server.get("/api/v1/devices/" + text_of(*found, "device"));
  return Error{ErrorCode::not_found,
               "no device's id begins with '" + id + "'; `firebreak device list` shows all"};
}

const json::Value* exposure_to(const json::Value& device, const std::string& rollout) {
  for (const json::Value& each : list_of(device, "exposures")) {
    if (text_of(each, "rollout") == rollout) return &each;
  }
  return nullptr;
}

std::string how_it_went(const json::Value& exposure) {
  if (flag_of(exposure, "reverted")) return "and went back to its last-known-good";
  if (flag_of(exposure, "harmed")) return "and was harmed";
  if (flag_of(exposure, "silent")) return "and has not been heard since";
  if (flag_of(exposure, "healthy")) return "and is healthy";
  return "and is on probation";
}

std::string got_it(const json::Value& rollout, const json::Value& exposure) {
  const Instant at{count_of(exposure, "dispatched_at_ms")};
  return "has a permit for " + text_of(rollout, "component") + " " + text_of(rollout, "version") +
         " since " + to_rfc3339(at) + " by rollout " + text_of(rollout, "rollout") + " (" +
         text_of(rollout, "lane") + " lane), " + how_it_went(exposure);
}

std::string not_yet(const json::Value& device, const json::Value& rollout) {
  const std::string head = "did not get " + text_of(rollout, "component") + " " +
                           text_of(rollout, "version") + " by rollout " +
                           text_of(rollout, "rollout") + ": ";
  const std::string state = text_of(rollout, "state");
  if (state != "running" && state != "completed") {
    return head + "it is " + state +
           (text_of(rollout, "reason").empty() ? "" : " — " + text_of(rollout, "reason"));
  }
  for (const json::Value& each : list_of(device, "components")) {
    const std::string waiting = text_of(each, "waiting");
    if (text_of(each, "component") == text_of(rollout, "component") && !waiting.empty())
      return head + "the device waits: " + waiting;
  }
  if (flag_of(device, "silent"))
    return head + "the device is silent, and only devices that are heard get a place";
  return head + std::to_string(count_of(rollout, "exposed")) + " of " +
         std::to_string(count_of(rollout, "eligible")) + " devices have it, up to " +
         std::to_string(count_of(rollout, "limit")) +
         " may have it now; places go in an order that was drawn at the start";
}

std::string now_running(const json::Value& component) {
  const std::string version = text_of(component, "version");
  const std::string state = text_of(component, "state");
  return "runs " + text_of(component, "component") + " " +
         (version.empty() ? "in no version" : version) + (state.empty() ? "" : " (" + state + ")");
}

}  // namespace

std::string devices_text(const json::Value& list, Instant now) {
  if (list.empty()) return "no device has enrolled yet\n";
  Columns columns({"DEVICE", "TENANT", "RING", "STATE", "HEARD", "RUNS"});
  for (const json::Value& each : list) {
    columns.row({brief_id(each), text_of(each, "tenant"), text_of(each, "ring"), health(each),
                 heard(each, now), runs(each)});
  }
  return columns.text();
}

std::string device_text(const json::Value& device, Instant now) {
  std::string text = "device " + text_of(device, "device") + "  " + health(device) + "\n";
  text += "tenant " + text_of(device, "tenant") + ", ring " + text_of(device, "ring") + ", " +
          text_of(device, "os") + " " + text_of(device, "arch") + "\n";
  text += "enrolled " + text_of(device, "enrolled") + ", heard " + heard(device, now) + "\n";
  for (const json::Value& each : list_of(device, "components"))
    text += "  " + now_running(each) + "\n";
  const json::Value& denial = object_of(device, "last_denial");
  if (!denial.empty())
    text += "last denial: " + text_of(denial, "rule") + " — " + text_of(denial, "detail") + "\n";
  return text;
}

std::vector<std::string> explain(const json::Value& device, const json::Value& rollouts,
                                 const std::string& component) {
  const auto asked = [&](const json::Value& each) {
    return component.empty() || text_of(each, "component") == component;
  };
  std::vector<std::string> sentences;
  for (const json::Value& each : list_of(device, "components")) {
    if (asked(each)) sentences.push_back(now_running(each));
  }
  for (const json::Value& rollout : rollouts) {
    if (!asked(rollout)) continue;
    const json::Value* exposure = exposure_to(device, text_of(rollout, "rollout"));
    sentences.push_back(exposure == nullptr ? not_yet(device, rollout)
                                            : got_it(rollout, *exposure));
  }
  const json::Value& denial = object_of(device, "last_denial");
  if (!denial.empty())
    sentences.push_back("was last denied by rule " + text_of(denial, "rule") + ": " +
                        text_of(denial, "detail"));
  if (sentences.empty()) sentences.emplace_back("runs nothing and no rollout concerns it");
  return sentences;
}

Result<Outcome> list_devices(ServerClient& server, Instant now) {
  FB_ASSIGN(json::Value list, server.list("/api/v1/devices", "devices"));
  return Outcome{Answer::yes, devices_text(list, now), {{"devices", std::move(list)}}};
}

Result<Outcome> show_device(ServerClient& server, const std::string& id, Instant now) {
  FB_ASSIGN(json::Value device, find_device(server, id));
  return Outcome{Answer::yes, device_text(device, now), std::move(device)};
}

Result<Outcome> explain_device(ServerClient& server, const std::string& id,
                               const std::string& component) {
  FB_ASSIGN(const json::Value device, find_device(server, id));
  FB_ASSIGN(const json::Value rollouts, server.list("/api/v1/rollouts", "rollouts"));
  const auto sentences = explain(device, rollouts, component);
  std::string text =
      "device " + text_of(device, "device") + " (" + text_of(device, "tenant") + ")\n";
  for (const std::string& each : sentences) text += "  " + each + "\n";
  return Outcome{
      Answer::yes, text, {{"device", text_of(device, "device")}, {"because", sentences}}};
}

}  // namespace fb::publisher
