// A TCP connection to one host, every step of which ends by a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "http/file_descriptor.h"
#include "http/url.h"

namespace fb::http {

class Deadline {
 public:
  explicit Deadline(Millis from_now)
      : limit_(from_now),
        end_(std::chrono::steady_clock::now() + std::chrono::milliseconds(from_now.ms)) {}
  // For poll(2): at least 0.
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] Millis limit() const { return limit_; }

 private:
  Millis limit_;
  std::chrono::steady_clock::time_point end_;
};

class ClientSocket {
 public:
  // Tries every address of the name in turn. Errors: unreachable, timed_out.
  static Result<ClientSocket> connect(const Url& url, const Deadline& deadline);

  // Errors: unreachable, timed_out.
  Status send(std::string_view bytes, const Deadline& deadline);
  // How many bytes came; 0 when the other side closed. Errors: unreachable, timed_out.
  Result<std::size_t> receive(char* into, std::size_t size, const Deadline& deadline);
  // Whether the other side has closed an idle connection, or sent what nobody asked for.
  [[nodiscard]] bool stale() const;

 private:
  ClientSocket(FileDescriptor socket, std::string name)
      : socket_(std::move(socket)), name_(std::move(name)) {}
  [[nodiscard]] Status wait_for(short events, const Deadline& deadline) const;
  [[nodiscard]] Error late(const Deadline& deadline) const;

  FileDescriptor socket_;
  std::string name_;  // host:port, for errors
};

}  // namespace fb::http
