// One HTTP/1.1 response out of bytes as they arrive, its body given on piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "port/http_client.h"

namespace fb::http {

enum class Answers : std::uint8_t { head, other };

class ResponseParser {
 public:
  // `Answers::head`: the response to a HEAD request, which has no body whatever its headers say.
  // `sink` may be empty.
  ResponseParser(Answers answers, std::size_t max_body,
                 std::function<Status(std::string_view)> sink);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Eats from the front; the rest must be given again with more behind it. Errors: malformed,
  // too_large, and whatever the sink returns.
  Result<std::size_t> feed(std::string_view bytes);
  // The other side closed. Errors: unreachable (in the middle of the response).
  Status end();
  [[nodiscard]] bool complete() const;
  // Meaningful when complete.
  [[nodiscard]] bool keep_alive() const;
  port::HttpResponse take();

 private:
  struct Grammar;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace fb::http
