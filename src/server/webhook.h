// The webhook: tells people who are not looking. Its own thread, three tries each, never in the way
// of a decision.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "port/http_client.h"
#include "server/rollouts.h"

namespace fb::server {

class Webhook {
 public:
  // `url` "" means: nobody to tell.
  Webhook(std::string url, std::unique_ptr<port::HttpClient> client);
  // Gives up on what is still waiting.
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  // Any thread. Beyond 1000 waiting the oldest are dropped: the state can be read from the API, the
  // alarm is late anyway.
  void tell(const Notice& notice);

 private:
  void work();
  void deliver(const Notice& notice);
  bool pause(Millis duration);

  std::string url_;
  std::unique_ptr<port::HttpClient> client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Notice> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fb::server
