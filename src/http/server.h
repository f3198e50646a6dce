// The HTTP/1.1 server: sockets, parsing, limits, files; a port::HttpHandler gives the answers.
//
// Each I/O thread has its own event loop and its own SO_REUSEPORT listener, so threads share
// nothing but the count of connections. handle() is called on an I/O thread and must not block; its
// Reply may be called from any thread, once, also after the connection or the server has gone. The
// handler must outlive the server.
//
//   FB_ASSIGN(const auto server, http::Server::start({.host = "127.0.0.1", .port = 8080},
//   handler));
//   ... server->port() ...
//   server->stop(seconds(5));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "port/http_server.h"

namespace fb::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // a numeric address, or "localhost"
  std::uint16_t port = 0;          // 0: any free one
  unsigned threads = 2;
  std::size_t connections = 20'000;       // one more is answered 503
  std::size_t header_bytes = 16U << 10U;  // request line and headers; more is answered 431
  Millis idle =
      seconds(75);  // kept alive without a request: longer than common load balancers' 60 s
  Millis header =
      seconds(10);  // from the first byte of a request to the end of its headers: then 408
  Millis body = seconds(30);  // plus one second for every 16 KiB that came: then 408
  Millis write =
      seconds(30);  // without the other side taking a byte: then the connection is dropped
  Millis answer = seconds(60);  // for the handler's reply: then 503
};

class Server {
 public:
  // Listens before it returns. Errors: conflict (port taken), forbidden (privileged port),
  // bad_usage (host), io_failed.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                               port::HttpHandler& handler);
  // stop() without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // Accepts nothing more, finishes requests in flight for at most `grace`, closes the rest, joins
  // the threads. Not from an I/O thread.
  void stop(Millis grace);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace fb::http
