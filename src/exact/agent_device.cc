#include "exact/agent_device.h"

#include "agent/layout.h"
#include "agent/provision.h"
#include "base/check.h"
#include "policy/customer.h"

namespace fb::exact {
namespace {

constexpr const char* kWorkload = "sensor";
// From one crash to the next of a workload that cannot live.
constexpr Millis kSoon = seconds(1);

agent::Config config_of_everybody() {
  agent::Config config;
  config.server = "http://server";
  config.tenant = Vendor::tenant();
  config.components[Vendor::engine()] = {release::Kind::core, {}};
  config.components[Vendor::channel()] = {release::Kind::content, Vendor::engine()};
  return config;
}

std::string sealed(const policy::Policy& policy, const crypto::Signer& customer) {
  const auto envelope = statement::seal(statement::kPolicyType, policy::encode(policy), customer);
  FB_CHECK(envelope.ok());
  return json::compact(statement::encode(*envelope));
}

}  // namespace

// ---- The image ----

Result<DeviceImage> DeviceImage::make(ServerProcess& server, const Vendor& vendor) {
  sim::MemoryFiles disk;
  for (const auto& [component, version] :
       {std::pair(Vendor::engine(), "7.11"), std::pair(Vendor::channel(), "290")}) {
    FB_TRY(agent::provision(config_of_everybody(), vendor.root(),
                            {component, version, "http://server/tuf"},
                            {disk, server.clock, server}));
  }
  DeviceImage image;
  image.files_ = disk.everything();
  return image;
}

void DeviceImage::put_on(port::Files& disk) const {
  constexpr std::string_view kLink = "-> ";
  for (const auto& [path, bytes] : files_) {
    const Status put = bytes.starts_with(kLink) ? disk.point(path, bytes.substr(kLink.size()))
                                                : disk.write_atomic(path, bytes);
    FB_CHECK(put.ok());
  }
}

// ---- Processes ----

Status AgentDevice::Processes::start(const std::string& workload, const port::Command&) {
  running_ = workload;
  return {};
}
Status AgentDevice::Processes::stop(const std::string&, Millis) {
  running_.clear();
  return {};
}
bool AgentDevice::Processes::running(const std::string& workload) const {
  return running_ == workload;
}
Result<port::RunResult> AgentDevice::Processes::run(const port::Command&, const port::RunLimits&) {
  return port::RunResult{};
}

// ---- The device ----

AgentDevice::AgentDevice(const Surroundings& around, const Fate& fate, std::int64_t number,
                         const DeviceImage& image)
    : Device(around, fate, number),
      clock_(around.server.clock),
      entropy_(static_cast<std::uint64_t>(number)),
      config_(config_of_everybody()) {
  pinned_.root = around.vendor.root();
  pinned_.enrolment_token = Vendor::enrolment_token();
  pinned_.arch = "s" + std::to_string(fate.stratum);
  pinned_.policy_key = around.vendor.policy_signer().key();
  image.put_on(files_);
  if (!fate.deferred) return;
  const Status put = files_.write_atomic(
      agent::layout::kPolicy,
      sealed(closed_until(around.zero + fate.window), around.vendor.policy_signer()));
  FB_CHECK(put.ok());
}

Status AgentDevice::start() {
  processes_.running_.clear();
  FB_ASSIGN(agent_,
            agent::Agent::start(config_, pinned_,
                                {files_, clock_, entropy_, line_, line_, processes_, processes_,
                                 [](const std::function<port::Completion()>& job) {
                                   if (const auto done = job()) done();
                                 },
                                 [](const std::function<port::Completion()>& job) {
                                   if (const auto done = job()) done();
                                 },
                                 log_, 1}));
  return {};
}

// Its first check-in enrols it.
Status AgentDevice::join() {
  FB_TRY(start());
  agent_->tick();
  if (agent_->last_trouble().empty()) return {};
  return Error{ErrorCode::conflict, agent_->last_trouble()};
}

std::optional<Instant> AgentDevice::wake() {
  if (dead()) return std::nullopt;
  if (!agent_ && now() < back_) return back_;
  if (!agent_) {
    clock_.boot();
    FB_CHECK(start().ok());
  }
  suffer();
  const Millis next = agent_->tick();
  notice_changes();
  if (!agent_) return back_;
  Instant due = now() + next;
  for (const Instant at : {around_.zero + fate_.crashes, strike().value_or(due)}) {
    if (at > now()) due = std::min(due, at);
  }
  if (struck() && runs_it() && fate_.channel == rollout::Channel::explicit_failure)
    due = std::min(due, now() + kSoon);
  return due;
}

void AgentDevice::suffer() {
  if (!crash_told_ && now() >= around_.zero + fate_.crashes) {
    crash_told_ = true;
    crash();
  }
  if (struck() && runs_it()) crash();
}

void AgentDevice::crash() {
  if (!processes_.running(kWorkload)) return;
  processes_.running_.clear();
  agent_->workload_ended(kWorkload, port::Exit{0, 11});
}

void AgentDevice::notice_changes() {
  const auto& active = agent_->state(Vendor::channel()).active;
  const bool runs = active && active->release == around_.release;
  if (!runs && runs_it()) left();
  if (!runs || has_run_it()) return;
  activated();
  if (fate_.reboot.ms == 0) return;
  agent_.reset();
  back_ = now() + fate_.reboot;
}

}  // namespace fb::exact
