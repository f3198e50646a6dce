// The one thread of the agent: timers, exits of children, sockets, signals, and functions posted
// from other threads.
//
// Everything but post() and stop() is called on the thread that runs the loop (or before run()).
// Callbacks run on that thread, one after another, and may call anything of the loop, stop()
// included. Nothing here blocks but run().
//
//   MainLoop loop;
//   loop.on_stop_signal([&] { loop.stop(); });
//   loop.run_after(seconds(1), [] { ... });
//   loop.run();
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "port/workload.h"
#include "posix/descriptor.h"

namespace fb::posix {

class MainLoop {
 public:
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;

  MainLoop();
  ~MainLoop();
  MainLoop(const MainLoop&) = delete;
  MainLoop& operator=(const MainLoop&) = delete;

  // Runs until stop(), or returns at once after a stop() that came before. May be called again.
  void run();
  // From any thread.
  void stop();
  // From any thread; in the order posted.
  void post(Task task);

  // Counts suspended time, too. The delay is a minimum.
  TimerId run_after(Millis delay, Task task);
  // Fine when it has already run.
  void cancel(TimerId timer);

  // Calls `exited` once, after the child has ended and been reaped. What is left of its process
  // group is killed first: a leader must not leave children behind.
  void watch_child(pid_t child, std::function<void(port::Exit)> exited);
  void forget_child(pid_t child);

  // SIGTERM and SIGINT. Call it before any thread is started: they inherit the blocked signals.
  void on_stop_signal(Task task);

  // Calls `ready` with EPOLLIN, EPOLLOUT, EPOLLHUP... while one of `events` holds. The descriptor
  // stays the caller's and must be unwatched before it is closed. Watching it again changes events
  // and callback.
  void watch(int descriptor, std::uint32_t events, std::function<void(std::uint32_t)> ready);
  void unwatch(int descriptor);

 private:
  using Ready = std::function<void(std::uint32_t)>;
  void wait_and_dispatch();
  void run_posted();
  void run_due_timers();
  void arm_timer();

  Descriptor epoll_, wake_, timer_, signals_;
  std::map<int, std::shared_ptr<Ready>>
      watched_;  // shared: a callback may unwatch itself while it runs
  std::map<std::pair<std::int64_t, TimerId>, Task> timers_;  // by due time in ms of CLOCK_BOOTTIME
  std::map<TimerId, std::int64_t> due_;
  std::map<pid_t, Descriptor> children_;
  TimerId next_timer_ = 1;
  std::mutex mutex_;  // guards the two below
  std::vector<Task> posted_;
  bool stopping_ = false;
};

}  // namespace fb::posix
