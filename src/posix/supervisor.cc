#include "posix/supervisor.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>

#include "posix/child.h"

namespace fb::posix {
namespace {

Result<Descriptor> open_log(const std::string& directory, const std::string& workload) {
  if (directory.empty()) return Descriptor();
  const std::string path = directory + "/" + workload + ".log";
  Descriptor log(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (log.open()) return log;
  // A workload without a log on a full disk is better than none.
  if (errno == ENOSPC || errno == EDQUOT)
    return Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  return system_error(errno, "open", path);
}

}  // namespace

ProcessSupervisor::ProcessSupervisor(MainLoop& loop, std::string log_directory, Exited exited)
    : loop_(loop), log_directory_(std::move(log_directory)), exited_(std::move(exited)) {}

ProcessSupervisor::~ProcessSupervisor() {
  for (const auto& [workload, child] : running_) {
    loop_.forget_child(child);
    ::kill(-child, SIGKILL);
    reap(child);
  }
}

Status ProcessSupervisor::start(const std::string& workload, const port::Command& command) {
  if (running(workload))
    return Error{ErrorCode::conflict, "workload " + workload + " is running already"};
  FB_ASSIGN(const Descriptor log, open_log(log_directory_, workload));
  ChildTerms terms;
  terms.output = log.get();
  FB_ASSIGN(const pid_t child, start_child(command, terms).in("workload " + workload));
  running_[workload] = child;
  loop_.watch_child(child, [this, workload](const port::Exit& exit) {
    running_.erase(workload);
    exited_(workload, exit);
  });
  return {};
}

Status ProcessSupervisor::stop(const std::string& workload, Millis grace) {
  const auto found = running_.find(workload);
  if (found == running_.end()) return {};
  const pid_t child = found->second;
  FB_ASSIGN(const Descriptor ending, open_child(child));
  loop_.forget_child(child);
  running_.erase(found);
  ::kill(-child, SIGTERM);
  if (!ended_within(ending, grace)) ::kill(-child, SIGKILL);
  reap(child);
  return {};
}

bool ProcessSupervisor::running(const std::string& workload) const {
  return running_.contains(workload);
}

}  // namespace fb::posix
