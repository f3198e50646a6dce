// Provisioning: local root puts the first release of a component in place from a repository on a
// local disk, with the same verification as over the network. Refuses nothing that is signed: it is
// the machine's owner who asks. Not while an agent runs on the same state directory.
#pragma once

#include <string>

#include "agent/config.h"
#include "install/state.h"
#include "port/clock.h"
#include "port/files.h"
#include "port/http_client.h"

namespace fb::agent {

struct ProvisionOrder {
  ComponentId component;
  std::string version;
  std::string repository;  // URL of a directory with metadata/ and targets/
};

struct ProvisionDoors {
  port::Files& files;
  const port::Clock& clock;
  port::HttpClient& http;
};

// What is last-known-good now. Errors: those of verification; bad_usage (no such component here).
Result<install::Slot> provision(const Config& config, const std::string& pinned_root,
                                const ProvisionOrder& order, ProvisionDoors doors);

// The state files as they are, for `status` and `explain` without a running agent. Components that
// were never touched are there, too. Errors: malformed, io_failed.
Result<std::vector<install::State>> read_states(const Config& config, port::Files& files);

}  // namespace fb::agent
