// AgentDevice: a device that is the real agent, whole: its files, metadata, log proofs, outbox,
// workloads and probes, behind fake doors. Its processes do as the device's fate says.
//
// Jobs of both lanes run where they are given. A restart for the release ends the agent and starts
// another one on the same disk, with the clock of a new boot.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/agent.h"
#include "exact/device.h"

namespace fb::exact {

// What lies on the disk of every device before it enrols.
class DeviceImage {
 public:
  // Puts engine and channel in place from the server's repository, as local root does. Errors:
  // those of agent::provision.
  static Result<DeviceImage> make(ServerProcess& server, const Vendor& vendor);
  void put_on(port::Files& disk) const;

 private:
  std::map<std::string, std::string> files_;
};

class AgentDevice final : public Device {
 public:
  AgentDevice(const Surroundings& around, const Fate& fate, std::int64_t number,
              const DeviceImage& image);

  Status join() override;
  std::optional<Instant> wake() override;

 private:
  // Its own boots on the common clock.
  class BootClock final : public port::Clock {
   public:
    explicit BootClock(const port::Clock& clock) : clock_(clock) {}
    [[nodiscard]] Instant wall() const override { return clock_.wall(); }
    [[nodiscard]] Uptime uptime() const override { return clock_.uptime() - booted_; }
    [[nodiscard]] std::string boot_id() const override { return "boot-" + std::to_string(boots_); }
    void boot() {
      booted_ = Millis{clock_.uptime().ms};
      ++boots_;
    }

   private:
    const port::Clock& clock_;
    Millis booted_;
    int boots_ = 1;
  };
  // Runs nothing, and remembers that it should.
  class Processes final : public port::Supervisor, public port::Sandbox {
   public:
    Status start(const std::string& workload, const port::Command& command) override;
    Status stop(const std::string& workload, Millis grace) override;
    [[nodiscard]] bool running(const std::string& workload) const override;
    Result<port::RunResult> run(const port::Command& command,
                                const port::RunLimits& limits) override;
    std::string running_;  // one workload, or none
  };
  class Silence final : public port::Log {
   public:
    void line(port::LogLevel, const std::string&) override {}
  };

  Status start();
  void suffer();
  void crash();
  void notice_changes();

  BootClock clock_;
  sim::MemoryFiles files_;
  sim::SeededEntropy entropy_;
  Processes processes_;
  Silence log_;
  agent::Config config_;
  agent::Pinned pinned_;
  std::unique_ptr<agent::Agent> agent_;  // none while it restarts
  Instant back_;                         // from its restart
  bool crash_told_ = false;
};

}  // namespace fb::exact
