// port::HttpClient over plain TCP, with one connection kept alive to the last host.
//
// Small on purpose: no event loop, no thread, one read buffer. No redirects, no proxies, no TLS yet
// (an https:// URL is unsupported). One thread at a time per client.
//
// A kept-alive connection may have been closed by the other side while it was idle. When it turns
// out closed before any byte of the response, the request is sent once more on a new connection,
// whatever its method: every POST of our device API carries a sequence number or nonce whose
// repetition the server answers from its store.
#pragma once

#include <memory>
#include <string>

#include "port/http_client.h"

namespace fb::http {

class Client final : public port::HttpClient {
 public:
  explicit Client(std::string user_agent = "firebreak");
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Errors: as port::HttpClient, and bad_usage (URL), unsupported (https). Name resolution is the C
  // library's and obeys its own timeouts.
  Result<port::HttpResponse> send(const port::HttpRequest& request) override;

 private:
  struct Connection;
  Result<port::HttpResponse> exchange(const port::HttpRequest& request);
  std::string user_agent_;
  std::unique_ptr<Connection> kept_;
};

}  // namespace fb::http
