// Machines for the demo: each one a real agent with its real sensor, and a power button.
//
// A machine whose sensor runs "in the kernel" takes its agent down when it crashes, as a driver
// takes down a host. Such a machine is booted again after a while, with a new boot id, again and
// again: a boot loop, until its agent ends it by itself. Everything ends with the demo. Single
// thread; call tend() often.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace fb::demo {

struct Machine {
  std::string name;  // "m07"
  std::string tenant;
  std::string folder;
  bool kernel_mode = false;
  pid_t agent = 0;  // 0: down
  int boots = 0;
  std::chrono::steady_clock::time_point boot_at;

  [[nodiscard]] std::string config() const { return folder + "/agent.toml"; }
};

// What a machine is made of.
struct Image {
  std::string folder;  // holds slots/ current/ state/ tuf/ of a provisioned device
  std::string home;    // the publisher's home: root.json, tenants/
  std::string server_url;
  std::string mirror_url;  // "": machines fetch from the server alone
  std::string agent_program;
};

class Fleet {
 public:
  Fleet(Image image, std::vector<std::string> tenants)
      : image_(std::move(image)), tenants_(std::move(tenants)) {}
  ~Fleet() { power_off(); }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Copies the image `count` times under `folder` and boots. Errors: io_failed.
  Status build(const std::string& folder, int count);
  // Notices machines that went down and boots those whose time has come.
  Status tend();
  void power_off();

  [[nodiscard]] const std::vector<Machine>& machines() const { return machines_; }
  [[nodiscard]] int down() const;
  [[nodiscard]] int crashes() const { return crashes_; }

 private:
  Status boot(Machine& machine);
  Status install(const Machine& machine) const;

  Image image_;
  std::vector<std::string> tenants_;
  std::vector<Machine> machines_;
  int crashes_ = 0;
};

// agent.toml of a machine.
std::string agent_configuration(const Image& image, const Machine& machine);

}  // namespace fb::demo
