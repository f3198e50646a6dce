// One I/O thread: its event loop, its listener, its connections.
//
// Everything but post() belongs to the loop's thread. Connections live here; a Reply keeps the loop
// alive so that it may be called after the server has gone.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/file_descriptor.h"
#include "http/response_head.h"
#include "http/server.h"

namespace fb::http {

class Connection;

class IoLoop : public std::enable_shared_from_this<IoLoop> {
 public:
  IoLoop(const ServerOptions& options, port::HttpHandler& handler, FileDescriptor listener,
         std::atomic<std::size_t>& open_connections);
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  void start();
  // From any thread. The loop's thread ends when the last connection has, or the grace is over.
  void begin_stop(Millis grace);
  void join();

  // From any thread.
  template <class Task>
  void post(Task task) {
    boost::asio::post(context_, std::move(task));
  }
  [[nodiscard]] bool on_this_thread() const { return std::this_thread::get_id() == thread_id_; }

  using Clock = std::chrono::steady_clock;
  [[nodiscard]] const ServerOptions& options() const { return options_; }
  [[nodiscard]] port::HttpHandler& handler() const { return handler_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] const std::string& date() { return date_.now(); }
  // Where connections receive into: one buffer for all, since each empties it at once.
  [[nodiscard]] std::vector<char>& scratch() { return scratch_; }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  void forget(Connection* connection);

 private:
  void wait_for_clients();
  void accept_clients();
  void welcome(FileDescriptor socket, std::string peer);
  void turn_away(const FileDescriptor& socket);
  void tick();
  void end_when_empty();

  const ServerOptions options_;
  port::HttpHandler& handler_;
  std::atomic<std::size_t>& open_connections_;
  boost::asio::io_context context_{1};
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer ticker_;
  boost::asio::steady_timer grace_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::vector<char> scratch_;
  DateText date_;
  bool stopping_ = false;
  bool crowded_ = false;  // out of descriptors: not accepting until the next tick
  std::thread thread_;
  std::thread::id thread_id_;  // set by the thread itself before anything can ask
};

}  // namespace fb::http
