#include "posix/background.h"

namespace fb::posix {

Background::Background(MainLoop& loop) : loop_(loop), worker_([this] { work_until_closed(); }) {}

Background::~Background() {
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  worker_.join();
}

void Background::run(std::function<MainLoop::Task()> work) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
  }
  changed_.notify_one();
}

std::size_t Background::pending() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() + (busy_ ? 1 : 0);
}

void Background::work_until_closed() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (closed_) return;
    const auto work = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    MainLoop::Task done = work();
    lock.lock();
    busy_ = false;
    if (!done) continue;
    loop_.post([alive = alive_, done = std::move(done)] {
      if (*alive) done();
    });
  }
}

}  // namespace fb::posix
