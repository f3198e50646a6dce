// firebreak-agent status, explain and provision.
#include <cstdio>
#include <filesystem>

#include "agent/explain.h"
#include "agent/provision.h"
#include "base/limits.h"
#include "main/firebreak_agent.h"
#include "posix/directory.h"
#include "posix/file_client.h"
#include "posix/local_socket.h"
#include "posix/system_clock.h"

namespace fb::agent_main {
namespace {

// From the running agent; without one, from its files.
Result<json::Value> document(const agent::Config& config) {
  const auto reply = posix::ask_local(config.socket, R"({"ask":"status"})", seconds(5));
  if (reply.ok()) {
    FB_ASSIGN(auto value, json::parse(*reply, {4U << 20U, limits::kJsonDepth}));
    if (value.contains("components")) return value;
  } else if (reply.error().code == ErrorCode::forbidden) {
    return reply.error();
  }
  FB_ASSIGN(auto files, posix::open_directory(config.state_dir));
  FB_ASSIGN(const auto states, agent::read_states(config, *files));
  std::vector<const install::State*> all;
  for (const auto& state : states) all.push_back(&state);
  return agent::describe(all, nullptr);
}

Result<std::optional<ComponentId>> wanted(const agent::Config& config, const std::string& name) {
  if (name.empty()) return std::optional<ComponentId>();
  FB_ASSIGN(const auto id, ComponentId::parse(name));
  if (config.components.contains(id)) return std::optional(id);
  return Error{ErrorCode::bad_usage, "the configuration has no component " + name};
}

Status tell(const TellOptions& options, bool decisions) {
  FB_ASSIGN(const auto config, read_config(options.config));
  FB_ASSIGN(const auto component, wanted(config, options.component));
  FB_ASSIGN(auto value, document(config));
  if (component) {
    auto& components = value["components"];
    for (std::size_t i = components.size(); i > 0; --i) {
      if (components[i - 1]["component"] != component->text()) components.erase(i - 1);
    }
  }
  const std::string text = options.json ? json::pretty(value)
                           : decisions  ? agent::explain_text(value, component)
                                        : agent::status_text(value);
  std::fputs(text.c_str(), stdout);
  return {};
}

Result<install::Slot> put(const ProvisionOptions& options) {
  FB_ASSIGN(const auto config, read_config(options.config));
  FB_ASSIGN(const auto pinned, read_pinned(config));
  FB_ASSIGN(const auto component, ComponentId::parse(options.component));
  FB_ASSIGN(auto files, posix::open_directory(config.state_dir, posix::Lock::exclusive));
  posix::FileClient client;
  const posix::SystemClock clock;
  const std::string url = "file://" + std::filesystem::absolute(options.repository).string();
  return agent::provision(config, pinned.root, {component, options.version, url},
                          {*files, clock, client});
}

}  // namespace

int status(const TellOptions& options) {
  const Status told = tell(options, false);
  return told.ok() ? kYes : complain(told.error());
}

int explain(const TellOptions& options) {
  const Status told = tell(options, true);
  return told.ok() ? kYes : complain(told.error());
}

int provision(const ProvisionOptions& options) {
  const auto slot = put(options);
  if (slot.ok()) {
    std::printf("%s %s is in place (%s)\n", options.component.c_str(), slot->version.c_str(),
                slot->release.text().c_str());
    return kYes;
  }
  const ErrorCode code = slot.error().code;
  const bool refused = code == ErrorCode::bad_signature || code == ErrorCode::mismatch ||
                       code == ErrorCode::expired || code == ErrorCode::not_found ||
                       code == ErrorCode::forbidden || code == ErrorCode::rolled_back;
  const int exit = complain(slot.error());
  return refused ? kNo : exit;
}

}  // namespace fb::agent_main
