#include "http/io_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "http/connection.h"

namespace fb::http {
namespace {

constexpr std::size_t kScratchBytes = 64U << 10U;
// Accepted before connections get their turn again.
constexpr int kAcceptBurst = 64;

std::string text_of(const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(&peer);
    ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
  } else {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&peer);
    ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

// Deadlines are looked at so often that they are kept within a fourth, but never more than a
// hundred times a second.
std::chrono::milliseconds tick_length(const ServerOptions& options) {
  const Millis shortest =
      std::min({options.idle, options.header, options.body, options.write, options.answer});
  return std::chrono::milliseconds(std::clamp<std::int64_t>(shortest.ms / 4, 10, 1000));
}

}  // namespace

IoLoop::IoLoop(const ServerOptions& options, port::HttpHandler& handler, FileDescriptor listener,
               std::atomic<std::size_t>& open_connections)
    : options_(options),
      handler_(handler),
      open_connections_(open_connections),
      listener_(context_, listener.release()),
      ticker_(context_),
      grace_(context_),
      scratch_(kScratchBytes) {}

IoLoop::~IoLoop() = default;

void IoLoop::start() {
  wait_for_clients();
  tick();
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] {
    thread_id_ = std::this_thread::get_id();
    context_.run();
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void IoLoop::begin_stop(Millis grace) {
  post([this, grace] {
    if (stopping_) return;
    stopping_ = true;
    listener_.close();
    const auto connections = connections_;  // closing one changes the original
    for (const auto& [key, connection] : connections) connection->close_if_idle();
    grace_.expires_after(std::chrono::milliseconds(grace.ms));
    grace_.async_wait([this](const boost::system::error_code& failed) {
      if (!failed) context_.stop();
    });
    end_when_empty();
  });
}

void IoLoop::join() {
  if (thread_.joinable()) thread_.join();
  // On the caller's thread now that nobody else is here.
  const auto connections = connections_;
  for (const auto& [key, connection] : connections) connection->close();
}

void IoLoop::forget(Connection* connection) {
  if (connections_.erase(connection) == 0) return;
  open_connections_.fetch_sub(1, std::memory_order_relaxed);
  end_when_empty();
}

void IoLoop::end_when_empty() {
  if (stopping_ && connections_.empty()) context_.stop();
}

void IoLoop::wait_for_clients() {
  listener_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& failed) {
                         if (!failed) accept_clients();
                       });
}

void IoLoop::accept_clients() {
  for (int i = 0; i < kAcceptBurst; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    FileDescriptor socket(::accept4(listener_.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                    &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    crowded_ = !socket.open() && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
    if (crowded_) return;  // the next tick tries again; waiting here would spin
    if (!socket.open()) break;
    welcome(std::move(socket), text_of(peer));
  }
  wait_for_clients();
}

void IoLoop::welcome(FileDescriptor socket, std::string peer) {
  if (open_connections_.fetch_add(1, std::memory_order_relaxed) >= options_.connections) {
    open_connections_.fetch_sub(1, std::memory_order_relaxed);
    return turn_away(socket);
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(peer));
  connections_.emplace(connection.get(), connection);
  connection->start();
}

void IoLoop::turn_away(const FileDescriptor& socket) {
  const port::ServerResponse response =
      handler_.refusal(503, "this server has as many connections as it allows; try again later");
  const std::string text =
      response_head(response, response.body.size(), After::close, date()) + response.body;
  ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(socket.get(), SHUT_WR);
  // What has come is read: closing with unread bytes would reset the connection and take the answer
  // with it.
  ::recv(socket.get(), scratch_.data(), scratch_.size(), 0);
}

void IoLoop::tick() {
  const Clock::time_point now = Clock::now();
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& [key, connection] : connections_)
    if (connection->deadline() <= now) late.push_back(connection);
  for (const auto& connection : late) connection->time_out();
  if (std::exchange(crowded_, false) && !stopping_) wait_for_clients();
  ticker_.expires_after(tick_length(options_));
  ticker_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) tick();
  });
}

}  // namespace fb::http
