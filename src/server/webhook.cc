#include "server/webhook.h"

#include <chrono>

#include "json/json.h"

namespace fb::server {
namespace {

constexpr int kTries = 3;
constexpr std::size_t kWaiting = 1000;

std::string body_of(const Notice& notice) {
  return json::compact({{"event", notice.event},
                        {"rollout", notice.rollout.number()},
                        {"component", notice.component},
                        {"version", notice.version},
                        {"reason", notice.reason},
                        {"at", to_rfc3339(notice.at)}});
}

}  // namespace

Webhook::Webhook(std::string url, std::unique_ptr<port::HttpClient> client)
    : url_(std::move(url)), client_(std::move(client)), thread_([this] { work(); }) {}

Webhook::~Webhook() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Webhook::tell(const Notice& notice) {
  if (url_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaiting) waiting_.pop_front();
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
    deliver(notice);
  }
}

void Webhook::deliver(const Notice& notice) {
  port::HttpRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers["content-type"] = "application/json";
  request.body = body_of(notice);
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    const auto response = client_->send(request);
    if (response.ok() && response->status < 300) return;
    if (!pause(seconds(attempt))) return;
  }
}

// False when the server stops meanwhile.
bool Webhook::pause(Millis duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(duration.ms),
                            [&] { return stopping_; });
}

}  // namespace fb::server
