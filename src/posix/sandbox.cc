#include "posix/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "posix/child.h"
#include "posix/system_clock.h"

namespace fb::posix {
namespace {

constexpr std::size_t kOutputBytes = 4096;

std::vector<ResourceLimit> resource_limits(const port::RunLimits& limits, const SandboxCaps& caps) {
  const rlim_t cpu_seconds =
      static_cast<rlim_t>(std::max<std::int64_t>(1, (limits.cpu.ms + 999) / 1000));
  return {
      {RLIMIT_CPU, cpu_seconds, cpu_seconds + 1},  // SIGXCPU, and SIGKILL a second later
      {RLIMIT_AS, limits.memory_bytes, limits.memory_bytes},
      {RLIMIT_NOFILE, caps.open_files, caps.open_files},
      {RLIMIT_FSIZE, caps.file_bytes, caps.file_bytes},
      {RLIMIT_CORE, 0, 0},
  };
}

// Takes what the pipe holds now; keeps the first 4 KiB. False: nothing more will come.
bool collect(int pipe, std::string& output) {
  std::array<char, kOutputBytes> piece{};
  while (true) {
    const ssize_t got = ::read(pipe, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0;
    output.append(piece.data(),
                  std::min(static_cast<std::size_t>(got), kOutputBytes - output.size()));
  }
}

// Reads output until the child ends or its time is over. True: it ended.
bool watch_until_end(const Descriptor& ending, const Descriptor& pipe, Millis wall,
                     std::string& output) {
  const SystemClock clock("");
  const Uptime deadline = clock.uptime() + wall;
  bool more = true;
  while (true) {
    std::array<pollfd, 2> waiting{pollfd{ending.get(), POLLIN, 0},
                                  pollfd{more ? pipe.get() : -1, POLLIN, 0}};
    const Millis left = deadline - clock.uptime();
    if (left.ms <= 0) return ended_within(ending, Millis{0});
    ::poll(waiting.data(), waiting.size(),
           static_cast<int>(std::min<std::int64_t>(left.ms, 3'600'000)));
    if (waiting[1].revents != 0) more = collect(pipe.get(), output);
    if (waiting[0].revents != 0) return true;
  }
}

}  // namespace

Result<port::RunResult> ProcessSandbox::run(const port::Command& command,
                                            const port::RunLimits& limits) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return system_error(errno, "create a pipe for", "a trial run");
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  // Only our end must not block: a program may rely on a write to stdout waiting.
  ::fcntl(write_end.get(), F_SETFL, 0);

  ChildTerms terms;
  terms.output = write_end.get();
  terms.limits = resource_limits(limits, caps_);
  terms.no_new_privileges = true;
  FB_ASSIGN(const pid_t child, start_child(command, terms));
  write_end.close();

  port::RunResult result;
  const auto ending = open_child(child);
  const bool ended = ending.ok() && watch_until_end(*ending, read_end, limits.wall, result.output);
  if (!ended) ::kill(-child, SIGKILL);
  result.exit = reap(child);
  if (!ending.ok()) return ending.error();
  result.timed_out = !ended;
  collect(read_end.get(), result.output);
  return result;
}

}  // namespace fb::posix
