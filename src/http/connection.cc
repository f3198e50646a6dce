#include "http/connection.h"

#include <sys/socket.h>

#include <cerrno>

namespace fb::http {
namespace {

// After a refusal the rest of the request is read and thrown away for a moment: closing with unread
// bytes would reset the connection and take the answer with it.
constexpr Millis kDrain = seconds(1);
constexpr std::size_t kDrainBytes = 1U << 20U;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A body must come at 16 KiB a second after its first half minute.
constexpr std::size_t kBytesPerSecond = 16U << 10U;

}  // namespace

Connection::Connection(IoLoop& loop, FileDescriptor socket, std::string peer)
    : loop_(loop),
      socket_(loop.context(), socket.release()),
      peer_(std::move(peer)),
      parser_(loop.options().header_bytes) {}

void Connection::start() {
  // From here on the first byte is overdue as any other of a request: idle time is for those who
  // have asked before.
  enter(Phase::idle, loop_.options().header);
  wait_to_read();
}

void Connection::enter(Phase phase, Millis limit) {
  phase_ = phase;
  deadline_ = IoLoop::Clock::now() + std::chrono::milliseconds(limit.ms);
}

void Connection::wait_to_read() {
  if (waiting_to_read_ || phase_ == Phase::closed) return;
  waiting_to_read_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       self->waiting_to_read_ = false;
                       if (!failed) self->receive();
                     });
}

void Connection::receive() {
  std::vector<char>& scratch = loop_.scratch();
  const ssize_t got = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_to_read();
  if (got <= 0) return close();
  const auto size = static_cast<std::size_t>(got);
  if (phase_ == Phase::draining) {
    drained_ += size;
    return drained_ > kDrainBytes ? close() : wait_to_read();
  }
  pending_.append(scratch.data(), size);
  advance();
}

void Connection::advance() {
  // One turn for each request that is at hand; each answer may allow the next turn.
  while (true) {
    const std::uint64_t before = exchange_;
    if (phase_ == Phase::idle && !pending_.empty()) enter(Phase::head, loop_.options().header);
    if (phase_ == Phase::head || phase_ == Phase::body) feed();
    const bool next = phase_ == Phase::idle && exchange_ != before && !pending_.empty();
    if (!next) break;
  }
  if (phase_ == Phase::idle || phase_ == Phase::head || phase_ == Phase::body) wait_to_read();
}

void Connection::feed() {
  while (true) {
    pending_.erase(0, parser_.feed(pending_));
    switch (parser_.state()) {
      case RequestParser::State::head: return;
      case RequestParser::State::headed: begin_body(); continue;
      case RequestParser::State::body: return put_off_body_deadline();
      case RequestParser::State::complete: return hand_over();
      case RequestParser::State::refused: return refuse(parser_.status(), parser_.reason());
    }
  }
}

void Connection::begin_body() {
  const port::ServerRequest& request = parser_.request();
  enter(Phase::body, loop_.options().body);
  body_counted_ = 0;
  parser_.accept_body(loop_.handler().body_limit(request.method, request.path));
  if (parser_.state() == RequestParser::State::body && parser_.expects_continue())
    ::send(socket_.native_handle(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
}

void Connection::put_off_body_deadline() {
  const std::size_t received = parser_.body_received();
  deadline_ += std::chrono::milliseconds((received - body_counted_) * 1000 / kBytesPerSecond);
  body_counted_ = received;
}

void Connection::hand_over() {
  const bool close_after = !parser_.keep_alive() || loop_.stopping();
  port::ServerRequest request = parser_.take();
  request.peer = peer_;
  asked_ = Asked::of(request, close_after ? After::close : After::keep_alive);
  enter(Phase::answering, loop_.options().answer);
  const std::uint64_t exchange = ++exchange_;
  answered_.reset();
  handing_over_ = true;
  loop_.handler().handle(std::move(request),
                         [loop = loop_.shared_from_this(), weak = weak_from_this(),
                          exchange](port::ServerResponse response) {
                           if (loop->on_this_thread()) {
                             if (const auto connection = weak.lock())
                               connection->answer(exchange, std::move(response));
                             return;
                           }
                           loop->post([weak, exchange, response = std::move(response)]() mutable {
                             if (const auto connection = weak.lock())
                               connection->answer(exchange, std::move(response));
                           });
                         });
  handing_over_ = false;
  if (answered_) respond(*std::exchange(answered_, std::nullopt));
}

void Connection::answer(std::uint64_t exchange, port::ServerResponse response) {
  if (exchange != exchange_ || phase_ != Phase::answering || answered_) return;
  if (handing_over_) {
    answered_ = std::move(response);
    return;
  }
  respond(std::move(response));
  advance();
}

void Connection::refuse(int status, const std::string& reason) {
  asked_ = {};
  asked_.after = After::close;
  ++exchange_;  // a reply still to come is for nobody
  respond(loop_.handler().refusal(status, reason));
}

void Connection::respond(port::ServerResponse response) {
  if (loop_.stopping()) asked_.after = After::close;
  outgoing_ = Outgoing(std::move(response), asked_, loop_.handler(), loop_.date());
  enter(Phase::writing, loop_.options().write);
  write_on();
}

void Connection::write_on() {
  const std::uint64_t before = outgoing_.sent();
  const Outgoing::Progress progress = outgoing_.send_to(socket_.native_handle());
  if (outgoing_.sent() > before) enter(Phase::writing, loop_.options().write);
  switch (progress) {
    case Outgoing::Progress::done: return finish_exchange();
    case Outgoing::Progress::blocked: return wait_to_write();
    case Outgoing::Progress::failed: return close();
  }
}

void Connection::wait_to_write() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (failed || self->phase_ != Phase::writing) return;
                       self->write_on();
                       self->advance();
                     });
}

void Connection::finish_exchange() {
  outgoing_ = {};
  if (pending_.empty()) pending_.shrink_to_fit();  // idle connections are many
  if (asked_.after == After::close) return drain();
  enter(Phase::idle, loop_.options().idle);
}

void Connection::drain() {
  ::shutdown(socket_.native_handle(), SHUT_WR);
  pending_.clear();
  enter(Phase::draining, kDrain);
  wait_to_read();
}

void Connection::time_out() {
  switch (phase_) {
    case Phase::head: return refuse(408, "the request's headers did not arrive in time");
    case Phase::body: return refuse(408, "the request's body did not arrive in time");
    case Phase::answering: return refuse(503, "no answer could be given in time");
    case Phase::idle:
    case Phase::writing:
    case Phase::draining:
    case Phase::closed: return close();
  }
}

void Connection::close_if_idle() {
  if (phase_ == Phase::idle) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  boost::system::error_code
      ignored;  // there is nothing left to do for a socket that cannot even be closed
  socket_.close(ignored);
  loop_.forget(this);
}

}  // namespace fb::http
