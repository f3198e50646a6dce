#include "posix/main_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "base/check.h"
#include "posix/child.h"

namespace fb::posix {
namespace {

std::int64_t boottime_ms() {
  timespec now{};
  FB_CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// eventfd and timerfd count; one read of eight bytes sets them back.
void drain(int descriptor) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(descriptor, &count, sizeof count);
}

}  // namespace

MainLoop::MainLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  FB_CHECK(epoll_.open() && wake_.open() && timer_.open());
  watch(wake_.get(), EPOLLIN, [this](std::uint32_t) { run_posted(); });
  watch(timer_.get(), EPOLLIN, [this](std::uint32_t) { run_due_timers(); });
}

MainLoop::~MainLoop() = default;

void MainLoop::run() {
  // A stop() that came before counts: the caller of it cannot know how far we are.
  const auto asked_to_stop = [this] {
    const std::lock_guard lock(mutex_);
    return std::exchange(stopping_, false);
  };
  while (!asked_to_stop()) wait_and_dispatch();
}

void MainLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  post([] {});
}

void MainLoop::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  FB_CHECK(::write(wake_.get(), &one, sizeof one) == sizeof one || errno == EAGAIN);
}

MainLoop::TimerId MainLoop::run_after(Millis delay, Task task) {
  const TimerId timer = next_timer_++;
  // One more: the clock was rounded down, and the delay is a minimum.
  const std::int64_t due = boottime_ms() + delay.ms + 1;
  timers_.emplace(std::make_pair(due, timer), std::move(task));
  due_.emplace(timer, due);
  arm_timer();
  return timer;
}

void MainLoop::cancel(TimerId timer) {
  const auto due = due_.find(timer);
  if (due == due_.end()) return;
  timers_.erase({due->second, timer});
  due_.erase(due);
}

void MainLoop::watch_child(pid_t child, std::function<void(port::Exit)> exited) {
  auto descriptor = open_child(child);
  // The child is ours and not reaped, so only a lack of descriptors or memory is left; ending is
  // what makes room.
  FB_CHECK(descriptor.ok());
  const int number = descriptor->get();
  children_[child] = std::move(descriptor).value();
  watch(number, EPOLLIN, [this, child, exited = std::move(exited)](std::uint32_t) {
    forget_child(child);
    exited(reap(child));
  });
}

void MainLoop::forget_child(pid_t child) {
  const auto found = children_.find(child);
  if (found == children_.end()) return;
  unwatch(found->second.get());
  children_.erase(found);
}

void MainLoop::on_stop_signal(Task task) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  FB_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signals_ = Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  FB_CHECK(signals_.open());
  watch(signals_.get(), EPOLLIN, [this, task = std::move(task)](std::uint32_t) {
    signalfd_siginfo which{};
    while (::read(signals_.get(), &which, sizeof which) == sizeof which) task();
  });
}

void MainLoop::watch(int descriptor, std::uint32_t events, Ready ready) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  const int change = watched_.contains(descriptor) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  FB_CHECK(::epoll_ctl(epoll_.get(), change, descriptor, &event) == 0);
  watched_[descriptor] = std::make_shared<Ready>(std::move(ready));
}

void MainLoop::unwatch(int descriptor) {
  if (watched_.erase(descriptor) == 0) return;
  FB_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr) == 0);
}

void MainLoop::wait_and_dispatch() {
  std::array<epoll_event, 1>
      event{};  // one at a time: a callback may close what a second event would be about
  const int count = ::epoll_wait(epoll_.get(), event.data(), 1, -1);
  FB_CHECK(count >= 0 || errno == EINTR);
  if (count < 1) return;
  const auto found = watched_.find(event[0].data.fd);
  if (found == watched_.end()) return;
  const std::shared_ptr<Ready> ready = found->second;
  (*ready)(event[0].events);
}

void MainLoop::run_posted() {
  drain(wake_.get());
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
}

void MainLoop::run_due_timers() {
  drain(timer_.get());
  const std::int64_t now = boottime_ms();
  // Only those that are due now: a timer that sets itself again for "at once" must not keep us
  // here.
  std::vector<TimerId> due;
  for (const auto& [when, task] : timers_) {
    if (when.first > now) break;
    due.push_back(when.second);
  }
  for (const TimerId timer : due) {
    const auto when = due_.find(timer);
    if (when == due_.end()) continue;  // cancelled by one before it
    auto node = timers_.extract({when->second, timer});
    due_.erase(when);
    node.mapped()();
  }
  arm_timer();
}

void MainLoop::arm_timer() {
  if (timers_.empty()) return;
  const std::int64_t due = timers_.begin()->first.first;
  itimerspec when{};
  when.it_value.tv_sec = due / 1000;
  when.it_value.tv_nsec = (due % 1000) * 1'000'000;
  FB_CHECK(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0);
}

}  // namespace fb::posix
