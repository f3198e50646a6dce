// Trial runs in a sacrificial process, behind port::Sandbox, with what every Linux has: no new
// privileges, own session, resource limits, a wall clock, and SIGKILL for the whole process group
// at the end.
//
// Known hole: a process that starts a session of its own leaves the group and outlives the run.
// Namespaces close it; that is the bwrap adapter's part. Stateless; run() blocks and may be called
// from any thread.
#pragma once

#include <cstdint>

#include "port/workload.h"

namespace fb::posix {

struct SandboxCaps {
  std::uint64_t file_bytes = 64ULL
                             << 20U;  // largest file it may write: a taste has nothing to write
  std::uint64_t open_files = 256;
};

class ProcessSandbox final : public port::Sandbox {
 public:
  explicit ProcessSandbox(const SandboxCaps& caps = {}) : caps_(caps) {}
  // Errors: not_found (no such program), io_failed.
  Result<port::RunResult> run(const port::Command& command, const port::RunLimits& limits) override;

 private:
  SandboxCaps caps_;
};

}  // namespace fb::posix
