// Workloads: the product's processes, kept running.
//
// One per core component that has one. A process that ends by itself is started again, ever more
// slowly while it keeps ending; nothing here decides whether that is the fault of an update. Main
// loop only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "agent/commands.h"
#include "base/time.h"
#include "port/log.h"
#include "port/workload.h"

namespace fb::agent {

class Workloads {
 public:
  Workloads(Commands commands, port::Supervisor& supervisor, port::Log& log)
      : commands_(commands), supervisor_(supervisor), log_(log) {}

  // Stops what runs for this core and starts what the switches name now. nothing: no slot, no
  // workload, or a component it needs is missing (problem() says which).
  enum class Outcome : std::uint8_t { running, nothing, failed };
  Outcome restart(const ComponentId& core, Uptime now);

  // A process ended by itself. Which core it belongs to; it is started again later.
  std::optional<ComponentId> ended(const std::string& workload, Uptime now);
  // Starts what is due; the cores whose start failed.
  std::vector<ComponentId> start_due(Uptime now);
  // When the next start is due.
  [[nodiscard]] std::optional<Uptime> next_start() const;

  // Nothing runs and nothing is about to.
  [[nodiscard]] bool idle(const ComponentId& core) const;
  [[nodiscard]] bool running(const ComponentId& core) const;
  // Why nothing runs, for people; "" when something does, or nothing should.
  [[nodiscard]] std::string problem(const ComponentId& core) const;
  [[nodiscard]] const Commands& commands() const { return commands_; }

 private:
  struct Process {
    std::string name;  // empty: not started yet
    std::string problem;
    Uptime started;
    int quick_ends = 0;  // in a row, each soon after its start
    std::optional<Uptime> start_at;
  };
  Outcome start(const ComponentId& core, Process& process, Uptime now);
  void start_later(Process& process, Uptime now);

  Commands commands_;
  port::Supervisor& supervisor_;
  port::Log& log_;
  std::map<ComponentId, Process> processes_;
};

}  // namespace fb::agent
