#include "posix/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "base/check.h"

namespace fb::posix {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Everything the child needs, made before the fork: between fork and exec only system calls are
// safe.
struct Launch {
  std::string program;
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
  Descriptor null;
  int output = -1;
  int report = -1;  // the child writes errno here when it cannot exec
  pid_t parent = 0;
  const ChildTerms* terms = nullptr;
};

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const std::string path = kPath;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return Error{ErrorCode::not_found, "no program '" + name + "' in " + path};
}

std::vector<std::string> minimal_environment(const port::Command& command) {
  std::map<std::string, std::string> all{{"PATH", kPath}, {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : command.environment) all[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

Result<Launch> prepare(const port::Command& command, const ChildTerms& terms) {
  if (command.argv.empty())
    return Error{ErrorCode::bad_usage, "a command needs at least the program's name"};
  Launch launch;
  FB_ASSIGN(launch.program, find_program(command.argv.front()));
  launch.environment = minimal_environment(command);
  for (const std::string& word : command.argv)
    launch.argv.push_back(const_cast<char*>(word.c_str()));
  for (std::string& line : launch.environment) launch.envp.push_back(line.data());
  launch.argv.push_back(nullptr);
  launch.envp.push_back(nullptr);
  launch.null = Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!launch.null.open()) return system_error(errno, "open", "/dev/null");
  launch.output = terms.output >= 0 ? terms.output : launch.null.get();
  launch.parent = ::getpid();
  launch.terms = &terms;
  return launch;
}

[[noreturn]] void give_up(const Launch& launch) {
  const int reason = errno;
  [[maybe_unused]] const ssize_t told = ::write(launch.report, &reason, sizeof reason);
  ::_exit(127);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the child. Async-signal-safe calls only.
[[noreturn]] void become(const Launch& launch) {
  ::setsid();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(launch);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before we asked
  reset_signals();
  if (::dup2(launch.null.get(), 0) < 0 || ::dup2(launch.output, 1) < 0 ||
      ::dup2(launch.output, 2) < 0)
    give_up(launch);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const ResourceLimit& limit : launch.terms->limits) {
    const rlimit values{limit.soft, limit.hard};
    // glibc declares the first parameter as an enum in C and as its own type in C++.
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &values) != 0) give_up(launch);
  }
  if (launch.terms->no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    give_up(launch);
  if (::chdir("/") != 0) give_up(launch);
  ::execve(launch.program.c_str(), launch.argv.data(), launch.envp.data());
  give_up(launch);
}

// 0: the exec happened (the pipe closed without a word).
int reported_errno(int pipe) {
  int reason = 0;
  ssize_t got = 0;
  do got = ::read(pipe, &reason, sizeof reason);
  while (got < 0 && errno == EINTR);
  return got == sizeof reason ? reason : 0;
}

pid_t fork_with_signals_blocked(const Launch& launch) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);  // no handler of ours may run in the child
  const pid_t child = ::fork();
  if (child == 0) become(launch);
  const int reason = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = reason;
  return child;
}

}  // namespace

Result<pid_t> start_child(const port::Command& command, const ChildTerms& terms) {
  FB_ASSIGN(Launch launch, prepare(command, terms));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "start", launch.program);
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  launch.report = write_end.get();
  const pid_t child = fork_with_signals_blocked(launch);
  if (child < 0) return system_error(errno, "start", launch.program);
  write_end.close();
  if (const int reason = reported_errno(read_end.get()); reason != 0) {
    ::waitpid(child, nullptr, 0);
    return system_error(reason, "start", launch.program);
  }
  return child;
}

Result<Descriptor> open_child(pid_t child) {
  // By number: glibc 2.36 declares pidfd_open() without C linkage.
  Descriptor descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!descriptor.open()) return system_error(errno, "watch", "process " + std::to_string(child));
  return descriptor;
}

port::Exit reap(pid_t child) {
  ::kill(-child, SIGKILL);  // before reaping: until then nobody else can have got this number
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) FB_CHECK(errno == EINTR);
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

bool ended_within(const Descriptor& child, Millis patience) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto in_ms = [](const timespec& t) { return t.tv_sec * 1000LL + t.tv_nsec / 1'000'000; };
  const std::int64_t deadline = in_ms(now) + patience.ms;
  while (true) {
    pollfd waiting{child.get(), POLLIN, 0};
    const std::int64_t left = std::clamp<std::int64_t>(deadline - in_ms(now), 0, 3'600'000);
    if (::poll(&waiting, 1, static_cast<int>(left)) > 0) return true;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (in_ms(now) >= deadline) return false;
  }
}

}  // namespace fb::posix
