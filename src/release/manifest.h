// The manifest: what one release is. Its exact bytes are a TUF target; their SHA-256 is the
// release's id.
//
// Who may say what depends on the kind: only a core manifest carries a contract and a definition
// (commands), only content and config carry needs. Content is data; it can never bring a command, a
// path or a probe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "release/contract.h"
#include "release/kind.h"

namespace fb::release {

struct Artifact {
  std::string name;
  std::uint64_t size = 0;
  Digest digest;
  bool executable = false;  // core only
};

// What people read before it goes out; none may be blank.
struct Notes {
  std::string what, why, risk, undo;
};

// How a device judges itself after activation. Breaking a limit reverts it to its last-known-good
// slot.
struct Health {
  Millis probation = minutes(15);  // activation to last-known-good
  int restarts = 1;                // crashes tolerated during probation
  int probe_failures = 3;          // consecutive failures tolerated
  // The oldest age at which a fault of it is known to show; zero: nobody knows better than the
  // lane. Not judged by devices: a rollout watches that long.
  Millis longest_fault_delay = {};
};

// How a component is run, tried and probed. Placeholders: {slot} this component's active slot,
// {slot:<component>} another's, {candidate} the slot on trial, {run} a directory for the workload's
// own files, {agent_pid}.
struct Definition {
  std::string workload;              // name of the process; empty: nothing runs
  std::vector<std::string> command;  // the workload
  std::vector<std::string> probe;    // exit 0: healthy
  std::map<ComponentId, std::vector<std::string>>
      taste;  // trial load of a component that this core reads; and of itself
};

struct Manifest {
  ComponentId component;
  Kind kind = Kind::content;
  std::string version;
  Class cls = Class::feature;
  PersonId author;
  Instant created;
  std::vector<Artifact> artifacts;
  Notes notes;
  Health health;
  bool one_way = false;                  // cannot go back once activated
  std::optional<ComponentId> reader;     // content, config: the core that interprets it
  std::optional<Needs> needs;            // content, config
  std::optional<Contract> contract;      // core
  std::optional<Definition> definition;  // core
};

// The target path of a file of this release: "content/sensor.channel/291.channel.bin".
std::string target_path(const Manifest& manifest, std::string_view file);
// "content/sensor.channel/291.manifest.json".
std::string manifest_path(const Manifest& manifest);

// Errors: malformed, too_large.
Result<Manifest> decode_manifest(std::string_view bytes);
// Pretty JSON; decode(encode(m)) == m. These bytes are what gets signed.
std::string encode(const Manifest& manifest);

}  // namespace fb::release
