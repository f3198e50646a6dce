#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/check.h"
#include "posix/descriptor.h"
#include "posix/local_address.h"
#include "posix/local_socket.h"
#include "posix/system_clock.h"

namespace fb::posix {
namespace {

constexpr std::size_t kAnswerBytes = 4U << 20U;

class Asking {
 public:
  Asking(const std::string& path, Millis timeout)
      : path_(path), timeout_(timeout), deadline_(clock_.uptime() + timeout) {}

  Status connect() {
    FB_ASSIGN(const LocalAddress address, LocalAddress::of(path_));
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.open()) return system_error(errno, "create a socket for", path_);
    // EAGAIN: the server's queue is full. There is nothing to poll for, so knock again.
    while (::connect(socket_.get(), address.get(), address.size()) != 0) {
      if (errno != EAGAIN) return refusal(errno);
      FB_TRY(pause());
    }
    return {};
  }

  Status say(std::string_view bytes) {
    while (!bytes.empty()) {
      FB_TRY(wait_for(POLLOUT));
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (sent < 0) return hung_up();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<std::string> hear_line() {
    std::string heard;
    std::array<char, 16384> piece{};
    while (true) {
      FB_TRY(wait_for(POLLIN));
      const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got <= 0) return hung_up();
      heard.append(piece.data(), static_cast<std::size_t>(got));
      if (const std::size_t end = heard.find('\n'); end != std::string::npos)
        return heard.substr(0, end);
      if (heard.size() > kAnswerBytes)
        return Error{ErrorCode::too_large, path_ + " sent an answer of more than 4 MiB"};
    }
  }

 private:
  Error refusal(int reason) const {
    Error error = system_error(reason, "connect to", path_);
    if (reason == ENOENT || reason == ECONNREFUSED)
      return {ErrorCode::unreachable, "nobody answers at " + path_ + "; is the agent running?"};
    if (reason == EACCES) error.code = ErrorCode::forbidden;
    return error;
  }
  Error hung_up() const {
    return {ErrorCode::unreachable, path_ + " closed the connection without an answer"};
  }
  Error late() const {
    return {ErrorCode::timed_out, path_ + " did not answer within " + in_words(timeout_)};
  }

  [[nodiscard]] int left_ms() const {
    return static_cast<int>(
        std::clamp<std::int64_t>((deadline_ - clock_.uptime()).ms, 0, 3'600'000));
  }
  Status pause() const {
    if (left_ms() == 0) return late();
    ::poll(nullptr, 0, std::min(left_ms(), 10));
    return {};
  }
  Status wait_for(short events) const {
    pollfd waiting{socket_.get(), events, 0};
    while (true) {
      const int ready = ::poll(&waiting, 1, left_ms());
      if (ready > 0) return {};
      if (left_ms() == 0) return late();
    }
  }

  const std::string& path_;
  Millis timeout_;
  SystemClock clock_{""};
  Uptime deadline_;
  Descriptor socket_;
};

}  // namespace

Result<std::string> ask_local(const std::string& path, const std::string& line, Millis timeout) {
  if (line.find('\n') != std::string::npos)
    return Error{ErrorCode::bad_usage, "a question to " + path + " must be one line"};
  Asking asking(path, timeout);
  FB_TRY(asking.connect());
  FB_TRY(asking.say(line + "\n"));
  return asking.hear_line();
}

}  // namespace fb::posix
