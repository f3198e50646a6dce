#include "server/webhook.h"

#include <algorithm>
#include <chrono>

#include "base/limits.h"

namespace fb::server {
Webhook::Webhook(std::string url, std::unique_ptr<port::HttpClient> client)
    : url_(std::move(url)), client_(std::move(client)) {}

Webhook::~Webhook() { stop(); }

void Webhook::start(std::function<void(std::uint64_t number)> settled, Millis first_pause) {
  settled_ = std::move(settled);
  first_pause_ = first_pause;
  thread_ = std::thread([this] { work(); });
}

void Webhook::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Webhook::tell(const Notice& notice) {
  if (url_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= limits::kNotices) waiting_.pop_front();
    waiting_.push_back(notice);
  }
  changed_.notify_one();
}

void Webhook::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Notice notice = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (!deliver(notice)) return;
    settled_(notice.number);
  }
}

bool Webhook::deliver(const Notice& notice) {
  port::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers["content-type"] = "application/json";
  request.body = encode(notice);
  Millis wait = first_pause_;
  for (int tries = 1; tries <= limits::kNoticeTries; ++tries) {
    const auto response = client_->send(request);
    if (response.ok() && response->status < 300) return true;
    if (!pause(wait)) return false;
    wait = std::min(wait * 2, limits::kNoticePause);
  }
  return true;
}

// False when the server stops meanwhile.
bool Webhook::pause(Millis duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(duration.ms),
                            [&] { return stopping_; });
}

}  // namespace fb::server
