// Commands: core-signed definitions turned into command lines for this machine.
//
// The definition comes from the manifest in the active slot of a core component (or, to try a new
// core, from the candidate's own), plus arguments of local root; content can bring none. What is
// active is read from the switch itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "port/files.h"
#include "port/workload.h"
#include "release/manifest.h"

namespace fb::agent {

// Where `current/<component>` points. None: nowhere, or to no slot of ours.
std::optional<Digest> linked_release(port::Files& files, const ComponentId& component);

struct Commands {
  const Config& config;
  port::Files& files;
  std::int64_t agent_pid = 0;

  // The manifest of the active slot. Errors: not_found (there is none), and those of reading it.
  [[nodiscard]] Result<release::Manifest> active_manifest(const ComponentId& component) const;
  // Errors: not_found (a component that the command needs has no slot yet, named), bad_usage (an
  // unknown placeholder).
  [[nodiscard]] Result<port::Command> workload(const ComponentId& core,
                                               const release::Definition& definition) const;
  // None: nothing to run, the definition has no such command.
  [[nodiscard]] Result<std::optional<port::Command>> probe(const ComponentId& core) const;
  [[nodiscard]] Result<std::optional<port::Command>> taste(const ComponentId& component,
                                                           const Digest& candidate) const;

 private:
  struct Expansion {
    ComponentId core;
    std::string workload;
    std::optional<std::string> candidate;
    std::optional<std::string> own_slot;
  };
  [[nodiscard]] Result<port::Command> expand(const std::vector<std::string>& words,
                                             const Expansion& with) const;
  [[nodiscard]] Result<std::string> expand_word(const std::string& word,
                                                const Expansion& with) const;
  [[nodiscard]] Result<std::string> value(const std::string& name, const Expansion& with) const;
  [[nodiscard]] Result<std::string> slot_of(const ComponentId& component) const;
};

}  // namespace fb::agent
