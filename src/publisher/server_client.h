// The server as a publisher sees it: the management API and the static files, over any
// port::HttpClient.
//
// Every refusal comes back as the Error that the server's problem document names, so a caller reads
// the server's own words. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/result.h"
#include "json/json.h"
#include "port/http_client.h"

namespace fb::publisher {

struct ServerAddress {
  std::string url;    // http://host:port, no slash at the end; "" while nobody knows: every request
                      // is unreachable
  std::string token;  // of the management API
};

class ServerClient {
 public:
  ServerClient(port::HttpClient& http, ServerAddress address)
      : http_(http), address_(std::move(address)) {}

  // `path` as in docs/protocol.md: "/api/v1/status". Errors: those of the door and of the problem
  // documents.
  Result<json::Value> get(std::string_view path);
  // An answer that is not JSON, as it is.
  Result<std::string> text(std::string_view path);
  Result<json::Value> post(std::string_view path, const json::Value& body);
  Status put_blob(const Digest& digest, std::string_view bytes);
  // All pages of a list whose elements are under `name`.
  Result<json::Value> list(std::string_view path, const std::string& name);
  // A file below /tuf/, without credentials. Errors: also not_found.
  Result<std::string> static_file(std::string_view path, std::size_t max_bytes);
  // The same of exactly `size` bytes, in pieces as they arrive. Errors: also too_large, and those
  // of the sink; what came before an error has reached the sink.
  using Sink = std::function<Status(std::string_view piece)>;
  Status stream_static_file(std::string_view path, std::uint64_t size, const Sink& sink);

  [[nodiscard]] const std::string& url() const { return address_.url; }

 private:
  Result<port::HttpResponse> send(port::HttpRequest request);
  // With the token; any status but 2xx is the Error that it stands for.
  Result<std::string> ask_text(port::HttpRequest request);
  Result<json::Value> ask(port::HttpRequest request);

  port::HttpClient& http_;
  ServerAddress address_;
};

// Whether this says that the server cannot be reached now, as against that it refused.
bool offline(const Error& error);

// One query parameter's value, percent-encoded.
std::string escaped(std::string_view text);

}  // namespace fb::publisher
