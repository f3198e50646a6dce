// The doors to the product on a device: its process, its health, its trial loads, and its hooks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fb::port {

// One command line. No shell is involved.
struct Command {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // added to a minimal one, never the agent's own
};

// How a process ended: by itself with a code, or by a signal.
struct Exit {
  int code = 0;
  int signal = 0;
  [[nodiscard]] std::string in_words() const;  // "exit code 3", "signal 11 (SIGSEGV)"
};

// The one long-running process of a workload. Calls come from the agent's main loop; `exited` is
// called there too.
class Supervisor {
 public:
  virtual ~Supervisor() = default;
  virtual Status start(const std::string& workload, const Command& command) = 0;
  // SIGTERM, then SIGKILL after `grace`; returns when it is gone. Fine when it is not running.
  virtual Status stop(const std::string& workload, Millis grace) = 0;
  [[nodiscard]] virtual bool running(const std::string& workload) const = 0;
};

struct RunLimits {
  Millis wall = seconds(10);
  Millis cpu = seconds(10);
  std::uint64_t memory_bytes = 512ULL << 20U;
};

struct RunResult {
  Exit exit;
  bool timed_out = false;
  std::string output;  // the first 4 KiB of stdout and stderr together
};

// Runs a command to its end in a sacrificial process: no new privileges, own process group,
// resource limits, killed with all its children at the end. Used for taste, probes and activation
// hooks.
class Sandbox {
 public:
  virtual ~Sandbox() = default;
  // Errors: io_failed (could not even start). A command that fails is a RunResult.
  virtual Result<RunResult> run(const Command& command, const RunLimits& limits) = 0;
};

}  // namespace fb::port
