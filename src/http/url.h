// An http URL, taken apart as far as sending a request needs.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace fb::http {

struct Url {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target;     // path and query, at least "/"
  std::string authority;  // as the Host header wants it
};

// Errors: bad_usage (not an http URL, user names, bad port), unsupported (https).
Result<Url> parse_url(const std::string& text);

}  // namespace fb::http
