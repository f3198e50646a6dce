// The door through which requests come in.
//
// http/ owns sockets, parsing and limits; a shell implements HttpHandler. handle() is called on any
// of the I/O threads and must not block; the reply may come later and from another thread, exactly
// once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace fb::port {

struct ServerRequest {
  std::string method;
  std::string path;  // percent-decoded, begins with '/', no "..", no empty segments
  std::map<std::string, std::string> query;    // percent-decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string peer;  // address of the other side, for logs
};

struct ServerResponse {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string body;
  // When not empty, the body is this file instead. http/ answers HEAD, Range (one range) and
  // If-None-Match for it; `headers` should carry ETag and Cache-Control.
  std::string file;
};

using Reply = std::function<void(ServerResponse)>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // The largest body accepted for this request; asked before the body is read. A larger one is
  // answered 413.
  [[nodiscard]] virtual std::size_t body_limit(std::string_view method,
                                               std::string_view path) const = 0;
  virtual void handle(ServerRequest request, Reply reply) = 0;
  // The response for what http/ refuses by itself (400, 408, 413, 431, 503), in the shape of this
  // API (RFC 9457).
  [[nodiscard]] virtual ServerResponse refusal(int status, std::string_view detail) const = 0;
};

}  // namespace fb::port
