// The webhook: tells people who are not looking. Its own thread, in order, never in the way of a
// decision.
//
// A receiver that does not answer is tried again with growing pauses, for about a day; what is
// still waiting when the server stops is told after the next start (Notices keeps it).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "port/http_client.h"
#include "server/notices.h"

namespace fb::server {

class Webhook {
 public:
  // `url` "" means: nobody to tell.
  Webhook(std::string url, std::unique_ptr<port::HttpClient> client);
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  // Begins to deliver. `settled`: the receiver took it, or it was given up; on the webhook's
  // thread.
  void start(std::function<void(std::uint64_t number)> settled, Millis first_pause = seconds(1));
  // Ends the thread; what is waiting stays with Notices. May be called twice.
  void stop();

  // Any thread, also before start(). Beyond limits::kNotices waiting the oldest are dropped.
  void tell(const Notice& notice);

 private:
  void work();
  // False when the server stops meanwhile.
  bool deliver(const Notice& notice);
  bool pause(Millis duration);

  std::string url_;
  std::unique_ptr<port::HttpClient> client_;
  std::mutex mutex_;
  std::function<void(std::uint64_t)> settled_;
  Millis first_pause_;
  std::condition_variable changed_;
  std::deque<Notice> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fb::server
