// One worker thread for jobs that block (network, hashing, trial loads), so that the main loop
// never does.
//
// Jobs run one at a time in the order given; each completion runs on the main loop. Owned by the
// main loop's thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "posix/main_loop.h"

namespace fb::posix {

class Background {
 public:
  explicit Background(MainLoop& loop);
  // Waits for the job that is running; drops those that wait, and every completion not yet
  // delivered.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // `work` runs on the worker; what it returns runs on the main loop (an empty function: nothing
  // does).
  void run(std::function<MainLoop::Task()> work);

  // The same for a job with a result: background.start([=] { return fetch(); }, [=](Result<Bytes>
  // got) { ... });
  template <class Job, class Done>
  void start(Job job, Done done) {
    run([job = std::move(job), done = std::move(done)]() mutable -> MainLoop::Task {
      using Outcome = decltype(job());
      auto outcome = std::make_shared<Outcome>(job());
      return [done, outcome]() mutable { done(std::move(*outcome)); };
    });
  }

  // Jobs waiting or running.
  [[nodiscard]] std::size_t pending() const;

 private:
  void work_until_closed();

  MainLoop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // touched on the main loop only
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<MainLoop::Task()>> jobs_;
  bool busy_ = false;
  bool closed_ = false;
  std::thread worker_;
};

}  // namespace fb::posix
