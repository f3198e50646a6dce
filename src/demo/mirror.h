// A mirror that lies: serves the repository's targets and, once armed, flips one byte in each
// content file.
#pragma once

#include <atomic>
#include <string>

#include "port/http_server.h"

namespace fb::demo {

class Mirror final : public port::HttpHandler {
 public:
  // `targets` is the repository's targets/ folder.
  explicit Mirror(std::string targets) : targets_(std::move(targets)) {}

  void arm() { armed_ = true; }
  [[nodiscard]] int lies() const { return lies_; }

  [[nodiscard]] std::size_t body_limit(std::string_view, std::string_view) const override {
    return 0;
  }
  void handle(port::ServerRequest request, port::Reply reply) override;
  [[nodiscard]] port::ServerResponse refusal(int status, std::string_view detail) const override;

 private:
  std::string targets_;
  std::atomic<bool> armed_ = false;
  std::atomic<int> lies_ = 0;
};

}  // namespace fb::demo
