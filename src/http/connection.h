// One client's connection: reads a request, has it answered, writes the response, and so on until
// either side closes.
//
// Belongs to one IoLoop and its thread. Replies reach it through a weak pointer and the number of
// the exchange, so that one that comes too late, or twice, does nothing.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/io_loop.h"
#include "http/outgoing.h"
#include "http/request_parser.h"

namespace fb::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoLoop& loop, FileDescriptor socket, std::string peer);

  void start();
  [[nodiscard]] IoLoop::Clock::time_point deadline() const { return deadline_; }
  // The deadline has passed: 408, 503 or a silent end, whatever the moment calls for.
  void time_out();
  void close_if_idle();
  void close();
  void answer(std::uint64_t exchange, port::ServerResponse response);

 private:
  enum class Phase : std::uint8_t { idle, head, body, answering, writing, draining, closed };

  void enter(Phase phase, Millis limit);
  void wait_to_read();
  void receive();
  // Goes as far as the bytes at hand allow.
  void advance();
  void feed();
  void begin_body();
  void put_off_body_deadline();
  void hand_over();
  void respond(port::ServerResponse response);
  void refuse(int status, const std::string& reason);
  void write_on();
  void wait_to_write();
  void finish_exchange();
  void drain();

  IoLoop& loop_;
  boost::asio::posix::stream_descriptor socket_;
  std::string peer_;
  RequestParser parser_;
  std::string pending_;  // received and not yet eaten
  Asked asked_;
  Outgoing outgoing_;
  std::optional<port::ServerResponse> answered_;  // a reply from within handle()
  std::uint64_t exchange_ = 0;
  std::size_t drained_ = 0;
  std::size_t body_counted_ = 0;  // bytes that have put off the body's deadline
  IoLoop::Clock::time_point deadline_;
  Phase phase_ = Phase::idle;
  bool handing_over_ = false;
  bool waiting_to_read_ = false;
};

}  // namespace fb::http
