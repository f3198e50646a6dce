// The door to other machines: one HTTP exchange at a time.
//
// Implemented by http/ over real sockets, by sim/ and tests over function calls. Blocking; called
// from a background job or a command-line program, never from a thread that must stay responsive.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fb::port {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http://host:port/path
  std::map<std::string, std::string> headers;
  std::string body;
  std::size_t max_body =
      1U << 20U;                 // a larger reply is too_large, judged before and while it arrives
  Millis timeout = seconds(10);  // for the whole exchange
  // When set, a 2xx body goes here piece by piece instead of into HttpResponse::body.
  std::function<Status(std::string_view piece)> sink;
};

// For doors that serve files themselves: the N of "range: bytes=N-"; 0 for no or another range,
// which means the whole file.
std::uint64_t first_byte(const HttpRequest& request);

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status is a response. Errors: unreachable, timed_out, too_large, malformed, and whatever
  // the sink returns.
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

}  // namespace fb::port
