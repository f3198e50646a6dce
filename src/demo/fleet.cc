#include "demo/fleet.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "posix/child.h"
#include "posix/raw_file.h"

namespace fb::demo {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kKernelModeEvery = 3;
// The first boot after a crash takes longer than the silence deadline of 5 s: memory dump, disk
// check.
constexpr std::chrono::milliseconds kFirstReboot{6000};
constexpr std::chrono::milliseconds kNextReboot{700};

Status io_failed(const std::string& what, const std::error_code& code) {
  return Error{ErrorCode::io_failed, what + ": " + code.message()};
}

// Slots are immutable: machines share their bytes by hard links; everything else is copied.
Status copy_image(const std::string& from, const std::string& to) {
  std::error_code code;
  fs::create_directories(to, code);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, code);
  return code ? io_failed("copying " + from + " to " + to, code) : Status();
}

}  // namespace

std::string agent_configuration(const Image& image, const Machine& machine) {
  std::string text = "server = \"" + image.server_url + "\"\n";
  if (!image.mirror_url.empty()) text += "mirrors = [\"" + image.mirror_url + "\"]\n";
  text += "tenant = \"" + machine.tenant + "\"\n";
  text += "enrolment_token_file = \"" + image.home + "/tenants/" + machine.tenant +
          "/enrolment.token\"\n";
  text += "root = \"" + image.home + "/root.json\"\n";
  text += "policy_key = \"" + image.home + "/tenants/" + machine.tenant + "/policy.pub.json\"\n";
  text += "state_dir = \"" + machine.folder + "/state\"\n";
  text += "socket = \"" + machine.folder + "/agent.sock\"\n";
  text += "ring = \"broad\"\n\n";
  text += "[component.\"sensor.engine\"]\nkind = \"core\"\n\n";
  text += "[component.\"sensor.channel\"]\nkind = \"content\"\nreader = \"sensor.engine\"\n";
  if (machine.kernel_mode)
    text += "\n[workload.sensor]\narguments = [\"--host-crash\", \"{agent_pid}\"]\n";
  return text;
}

Status Fleet::build(const std::string& folder, int count) {
  for (int i = 0; i < count; ++i) {
    Machine machine;
    machine.name = (i < 10 ? "m0" : "m") + std::to_string(i);
    machine.tenant = tenants_[static_cast<std::size_t>(i) % tenants_.size()];
    machine.folder = folder + "/" + machine.name;
    machine.kernel_mode = i % kKernelModeEvery == 1;
    machines_.push_back(machine);
    FB_TRY(install(machines_.back()));
    FB_TRY(boot(machines_.back()));
  }
  return {};
}

Status Fleet::install(const Machine& machine) const {
  FB_TRY(copy_image(image_.folder, machine.folder + "/state"));
  Image image = image_;
  if (&machine != &machines_.front()) image.mirror_url.clear();  // one machine has a mirror nearby
  return posix::write_file_atomic(machine.config(), agent_configuration(image, machine), 0600);
}

Status Fleet::boot(Machine& machine) {
  ++machine.boots;
  const int log = open((machine.folder + "/agent.log").c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return Error{ErrorCode::io_failed, "cannot write " + machine.folder + "/agent.log"};
  const std::string boot_id = machine.name + "-boot-" + std::to_string(machine.boots);
  auto started = posix::start_child(
      {{image_.agent_program, "run", "--config", machine.config(), "--boot-id", boot_id}, {}},
      {.output = log, .limits = {}, .no_new_privileges = true});
  close(log);
  if (!started.ok()) return started.error();
  machine.agent = *started;
  return {};
}

Status Fleet::tend() {
  const auto now = Clock::now();
  for (Machine& machine : machines_) {
    if (machine.agent != 0) {
      siginfo_t ended{};
      const bool gone = waitid(P_PID, static_cast<id_t>(machine.agent), &ended,
                               WEXITED | WNOHANG | WNOWAIT) == 0 &&
                        ended.si_pid != 0;
      if (!gone) continue;
      posix::reap(machine.agent);
      machine.agent = 0;
      ++crashes_;
      machine.boot_at = now + (machine.boots == 1 ? kFirstReboot : kNextReboot);
    } else if (now >= machine.boot_at) {
      FB_TRY(boot(machine));
    }
  }
  return {};
}

void Fleet::power_off() {
  for (const Machine& machine : machines_) {
    if (machine.agent != 0) kill(machine.agent, SIGTERM);
  }
  for (Machine& machine : machines_) {
    if (machine.agent == 0) continue;
    const auto child = posix::open_child(machine.agent);
    if (!child.ok() || !posix::ended_within(*child, seconds(2))) kill(machine.agent, SIGKILL);
    posix::reap(machine.agent);
    machine.agent = 0;
  }
}

int Fleet::down() const {
  return static_cast<int>(std::count_if(machines_.begin(), machines_.end(),
                                        [](const Machine& m) { return m.agent == 0; }));
}

}  // namespace fb::demo
