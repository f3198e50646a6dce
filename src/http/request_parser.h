// One HTTP/1.1 request out of bytes as they arrive. Beast does the grammar; this says when the head
// is there, when the whole is, and with which status what is wrong is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "port/http_server.h"

namespace fb::http {

class RequestParser {
 public:
  enum class State : std::uint8_t {
    head,      // waits for more of the request line and headers
    headed,    // the head is there; accept_body() says how much may follow
    body,      // waits for more of the body
    complete,  // take() it
    refused,   // see status() and reason(); nothing more is read
  };

  explicit RequestParser(std::size_t header_bytes);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Eats from the front of `bytes`; what it returns as not yet eaten must be given again, with more
  // behind it.
  std::size_t feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }

  // In `headed`: goes on to `body`, `complete`, or `refused` (413).
  void accept_body(std::size_t limit);

  // From `headed` on.
  [[nodiscard]] const port::ServerRequest& request() const { return request_; }
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool expects_continue() const;
  [[nodiscard]] std::size_t body_received() const { return request_.body.size(); }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  // Moves the request out and gets ready for the next.
  port::ServerRequest take();

 private:
  struct Grammar;
  void refuse(int status, std::string_view reason);
  void finish_head();

  std::size_t header_bytes_;
  std::unique_ptr<Grammar> grammar_;
  port::ServerRequest request_;
  State state_ = State::head;
  int status_ = 0;
  std::string reason_;
};

}  // namespace fb::http
