// Byte ranges and entity tags (RFC 9110, sections 14 and 13.1): pure rules over header values.
#pragma once

#include <cstdint>
#include <string_view>

namespace fb::http {

struct RangeAnswer {
  enum class Kind : std::uint8_t {
    whole,          // no range, several ranges, or one that is not understood: all of it, 200
    part,           // 206
    unsatisfiable,  // 416
  };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// `header` is the value of Range, "" when there is none.
RangeAnswer judge_range(std::string_view header, std::uint64_t size);

// Whether If-None-Match names this entity tag, weakly compared; "*" names every one. `etag` with
// its quotes; "": never.
bool names_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace fb::http
