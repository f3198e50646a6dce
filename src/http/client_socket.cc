#include "http/client_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace fb::http {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> resolve(const Url& url) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed =
      ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorCode::unreachable,
                 "no address for the name " + url.host + ": " + ::gai_strerror(failed)};
  }
  return Addresses(found, ::freeaddrinfo);
}

Error unreachable(const std::string& name, int reason) {
  return {ErrorCode::unreachable, name + ": " + ::strerrordesc_np(reason)};
}

}  // namespace

int Deadline::left_ms() const {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

Result<ClientSocket> ClientSocket::connect(const Url& url, const Deadline& deadline) {
  FB_ASSIGN(const Addresses addresses, resolve(url));
  Error last{ErrorCode::unreachable, url.authority};
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    ClientSocket socket(
        FileDescriptor(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
        url.authority);
    const int number = socket.socket_.get();
    if (::connect(number, each->ai_addr, each->ai_addrlen) != 0 && errno != EINPROGRESS) {
      last = unreachable(url.authority, errno);
      continue;
    }
    FB_TRY(socket.wait_for(POLLOUT, deadline));
    int reason = 0;
    socklen_t size = sizeof reason;
    ::getsockopt(number, SOL_SOCKET, SO_ERROR, &reason, &size);
    if (reason == 0) {
      const int on = 1;
      ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    last = unreachable(url.authority, reason);
  }
  return last;
}

Status ClientSocket::send(std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      FB_TRY(wait_for(POLLOUT, deadline));
    } else if (sent < 0 && errno != EINTR) {
      return unreachable(name_, errno);
    } else if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  return {};
}

Result<std::size_t> ClientSocket::receive(char* into, std::size_t size, const Deadline& deadline) {
  while (true) {
    // Judged on every piece: an other side that sends byte after byte never makes us wait.
    if (deadline.left_ms() == 0) return late(deadline);
    const ssize_t got = ::recv(socket_.get(), into, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return unreachable(name_, errno);
    FB_TRY(wait_for(POLLIN, deadline));
  }
}

bool ClientSocket::stale() const {
  char byte = 0;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK);
  return got >= 0 || errno != EAGAIN;
}

Status ClientSocket::wait_for(short events, const Deadline& deadline) const {
  pollfd waiting{socket_.get(), events, 0};
  while (::poll(&waiting, 1, deadline.left_ms()) <= 0)
    if (deadline.left_ms() == 0) return late(deadline);
  return {};
}

Error ClientSocket::late(const Deadline& deadline) const {
  return {ErrorCode::timed_out, name_ + " took longer than " + in_words(deadline.limit())};
}

}  // namespace fb::http
