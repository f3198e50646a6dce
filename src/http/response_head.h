// The status line and headers of a response as they go over the wire.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "port/http_server.h"

namespace fb::http {

std::string_view reason_phrase(int status);

// "Fri, 19 Jul 2024 04:09:00 GMT" (RFC 9110, section 5.6.7).
std::string http_date(std::time_t second);

// For one thread: formats once a second.
class DateText {
 public:
  const std::string& now();

 private:
  std::time_t second_ = 0;
  std::string text_;
};

enum class After : std::uint8_t { keep_alive, close };

// `length`: the value of Content-Length; none where a response of this kind has none. Headers that
// would break the line structure are left out.
std::string response_head(const port::ServerResponse& response, std::optional<std::uint64_t> length,
                          After after, const std::string& date);

}  // namespace fb::http
