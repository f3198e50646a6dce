#include "agent/commands.h"

#include "agent/layout.h"
#include "agent/staging.h"

namespace fb::agent {

std::optional<Digest> linked_release(port::Files& files, const ComponentId& component) {
  const auto target = files.pointed(layout::current(component));
  if (!target.ok()) return std::nullopt;
  const auto digest = Digest::from_hex(target->substr(target->rfind('/') + 1));
  if (!digest.ok() || *target != layout::link_target(component, *digest)) return std::nullopt;
  return *digest;
}

Result<release::Manifest> Commands::active_manifest(const ComponentId& component) const {
  const auto release = linked_release(files, component);
  if (!release) return Error{ErrorCode::not_found, component.text() + " has no slot yet"};
  return read_manifest(files, component, *release);
}

Result<std::string> Commands::slot_of(const ComponentId& component) const {
  const auto release = linked_release(files, component);
  if (!release) return Error{ErrorCode::not_found, component.text() + " has no slot yet"};
  return files.absolute(layout::slot(component, *release));
}

Result<port::Command> Commands::workload(const ComponentId& core,
                                         const release::Definition& definition) const {
  FB_ASSIGN(auto command, expand(definition.command, {core, definition.workload, {}, {}}));
  const auto local = config.workloads.find(definition.workload);
  if (local != config.workloads.end()) {
    FB_ASSIGN(const auto more,
              expand(local->second.arguments, {core, definition.workload, {}, {}}));
    command.argv.insert(command.argv.end(), more.argv.begin(), more.argv.end());
  }
  return command;
}

Result<std::optional<port::Command>> Commands::probe(const ComponentId& core) const {
  FB_ASSIGN(const auto manifest, active_manifest(core));
  if (!manifest.definition || manifest.definition->probe.empty())
    return std::optional<port::Command>();
  FB_ASSIGN(auto command,
            expand(manifest.definition->probe, {core, manifest.definition->workload, {}, {}}));
  return std::optional(std::move(command));
}

Result<std::optional<port::Command>> Commands::taste(const ComponentId& component,
                                                     const Digest& candidate) const {
  const auto core = config.core_of(component);
  if (!core) return std::optional<port::Command>();
  const bool itself = *core == component;
  FB_ASSIGN(const auto manifest,
            itself ? read_manifest(files, component, candidate) : active_manifest(*core));
  if (!manifest.definition) return std::optional<port::Command>();
  const auto found = manifest.definition->taste.find(component);
  if (found == manifest.definition->taste.end()) return std::optional<port::Command>();
  const std::string slot = files.absolute(layout::slot(component, candidate));
  // A new core tries itself: its own slot is the candidate's.
  const auto own = itself ? std::optional(slot) : std::nullopt;
  FB_ASSIGN(auto command, expand(found->second, {*core, manifest.definition->workload, slot, own}));
  return std::optional(std::move(command));
}

Result<port::Command> Commands::expand(const std::vector<std::string>& words,
                                       const Expansion& with) const {
  port::Command command;
  for (const std::string& word : words) {
    FB_ASSIGN(auto expanded, expand_word(word, with));
    command.argv.push_back(std::move(expanded));
  }
  return command;
}

Result<std::string> Commands::expand_word(const std::string& word, const Expansion& with) const {
  std::string out;
  std::size_t at = 0;
  while (at < word.size()) {
    const std::size_t open = word.find('{', at);
    const std::size_t close = open == std::string::npos ? open : word.find('}', open);
    if (close == std::string::npos) break;
    FB_ASSIGN(const auto text, value(word.substr(open + 1, close - open - 1), with));
    out += word.substr(at, open - at) + text;
    at = close + 1;
  }
  return out + word.substr(at);
}

Result<std::string> Commands::value(const std::string& name, const Expansion& with) const {
  if (name == "slot")
    return with.own_slot ? Result<std::string>(*with.own_slot) : slot_of(with.core);
  if (name == "candidate" && with.candidate) return *with.candidate;
  if (name == "agent_pid") return std::to_string(agent_pid);
  if (name == "run") {
    const std::string directory = layout::run(with.workload);
    // Writing something is how a directory comes into being. Mostly it is there already, and then a
    // full disk must not keep the workload from starting.
    const Status made =
        files.write_atomic(directory + "/README", "Files of the workload " + with.workload + ".\n");
    if (!made.ok() && made.error().code != ErrorCode::no_space) return made.error();
    return files.absolute(directory);
  }
  if (name.starts_with("slot:")) {
    FB_ASSIGN(const auto component, ComponentId::parse(name.substr(5)));
    return slot_of(component);
  }
  return Error{ErrorCode::bad_usage, "the definition of " + with.core.text() + " uses {" + name +
                                         "}, which means nothing here"};
}

}  // namespace fb::agent
