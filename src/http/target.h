// What a request line asks for, taken apart: the decoded path and query.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb::http {

struct Target {
  std::string path;                          // begins with '/'; may end with one
  std::map<std::string, std::string> query;  // the first of several with the same name
};

// Accepts the origin form and the absolute form (RFC 9112, section 3.2). Refuses what a handler
// should never see: empty segments, "." and "..", control characters and bad percent signs, all
// judged after decoding. Errors: malformed.
Result<Target> parse_target(std::string_view text);

}  // namespace fb::http
