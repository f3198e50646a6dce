// The long-running processes of workloads, behind port::Supervisor.
//
// Each is the leader of its own session, has no open descriptor but stdin (/dev/null), stdout and
// stderr, default signals and a minimal environment. It dies with the agent (PR_SET_PDEATHSIG,
// SIGKILL): an agent that starts again must never meet a second copy of what it is about to start.
// Lives on the main loop's thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "port/workload.h"
#include "posix/main_loop.h"

namespace fb::posix {

class ProcessSupervisor final : public port::Supervisor {
 public:
  // Called on the main loop when a workload ended that nobody asked to stop.
  using Exited = std::function<void(const std::string& workload, const port::Exit& exit)>;

  // Output goes to <log_directory>/<workload>.log (appended, 0600), or nowhere when the directory
  // is "".
  ProcessSupervisor(MainLoop& loop, std::string log_directory, Exited exited);
  // Kills what still runs.
  ~ProcessSupervisor() override;
  ProcessSupervisor(const ProcessSupervisor&) = delete;
  ProcessSupervisor& operator=(const ProcessSupervisor&) = delete;

  // Errors: conflict (already running), not_found (no such program), io_failed.
  Status start(const std::string& workload, const port::Command& command) override;
  // Blocks for at most `grace` and the moment that SIGKILL takes. Every process of its group is
  // gone afterwards.
  Status stop(const std::string& workload, Millis grace) override;
  [[nodiscard]] bool running(const std::string& workload) const override;

 private:
  MainLoop& loop_;
  std::string log_directory_;
  Exited exited_;
  std::map<std::string, pid_t> running_;
};

}  // namespace fb::posix
