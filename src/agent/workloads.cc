#include "agent/workloads.h"

#include <algorithm>

namespace fb::agent {
namespace {

constexpr Millis kGrace = seconds(5);
constexpr Millis kFirstPause = milliseconds(500);
constexpr Millis kLongestPause = seconds(60);
constexpr Millis kRanWell = seconds(60);  // ending after this long is no part of a loop

}  // namespace

Workloads::Outcome Workloads::restart(const ComponentId& core, Uptime now) {
  Process& process = processes_[core];
  if (!process.name.empty()) {
    const Status stopped = supervisor_.stop(process.name, kGrace);
    if (!stopped.ok()) {
      process.problem = stopped.error().detail;
      log_.line(port::LogLevel::trouble, process.name + " cannot be stopped: " + process.problem);
      return Outcome::failed;
    }
  }
  process.quick_ends = 0;
  return start(core, process, now);
}

Workloads::Outcome Workloads::start(const ComponentId& core, Process& process, Uptime now) {
  process.start_at.reset();
  process.problem.clear();
  const auto manifest = commands_.active_manifest(core);
  if (!manifest.ok()) {
    process.problem = manifest.error().detail;
    return manifest.error().code == ErrorCode::not_found ? Outcome::nothing : Outcome::failed;
  }
  if (!manifest->definition || manifest->definition->workload.empty()) return Outcome::nothing;
  const auto command = commands_.workload(core, *manifest->definition);
  if (!command.ok()) {
    process.problem = manifest->definition->workload + " cannot run: " + command.error().detail;
    return command.error().code == ErrorCode::not_found ? Outcome::nothing : Outcome::failed;
  }
  process.name = manifest->definition->workload;
  process.started = now;
  const Status started = supervisor_.start(process.name, *command);
  if (started.ok()) return Outcome::running;
  process.problem = process.name + " cannot be started: " + started.error().detail;
  log_.line(port::LogLevel::trouble, process.problem);
  start_later(process, now);
  return Outcome::failed;
}

void Workloads::start_later(Process& process, Uptime now) {
  process.quick_ends = now - process.started < kRanWell ? process.quick_ends + 1 : 0;
  const int doublings = std::clamp(process.quick_ends - 1, 0, 7);
  process.start_at = now + std::min(kFirstPause * (std::int64_t{1} << doublings), kLongestPause);
}

std::optional<ComponentId> Workloads::ended(const std::string& workload, Uptime now) {
  for (auto& [core, process] : processes_) {
    if (process.name != workload) continue;
    start_later(process, now);
    return core;
  }
  return std::nullopt;
}

std::vector<ComponentId> Workloads::start_due(Uptime now) {
  std::vector<ComponentId> failed;
  for (auto& [core, process] : processes_) {
    if (!process.start_at || now < *process.start_at || running(core)) continue;
    if (start(core, process, now) == Outcome::failed) failed.push_back(core);
  }
  return failed;
}

std::optional<Uptime> Workloads::next_start() const {
  std::optional<Uptime> next;
  for (const auto& [core, process] : processes_) {
    if (process.start_at && (!next || *process.start_at < *next)) next = process.start_at;
  }
  return next;
}

bool Workloads::running(const ComponentId& core) const {
  const auto found = processes_.find(core);
  return found != processes_.end() && !found->second.name.empty() &&
         supervisor_.running(found->second.name);
}

bool Workloads::idle(const ComponentId& core) const {
  const auto found = processes_.find(core);
  return found == processes_.end() || (!found->second.start_at && !running(core));
}

std::string Workloads::problem(const ComponentId& core) const {
  const auto found = processes_.find(core);
  return found == processes_.end() ? "" : found->second.problem;
}

}  // namespace fb::agent
