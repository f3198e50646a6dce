#include "port/http_client.h"

#include <charconv>

namespace fb::port {

std::uint64_t first_byte(const HttpRequest& request) {
  for (const char* name : {"range", "Range"}) {
    const auto header = request.headers.find(name);
    if (header == request.headers.end()) continue;
    std::string_view value = header->second;
    if (!value.starts_with("bytes=") || !value.ends_with("-")) return 0;
    value = value.substr(6, value.size() - 7);
    std::uint64_t first = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), first);
    return read.ec == std::errc() && read.ptr == value.data() + value.size() ? first : 0;
  }
  return 0;
}

}  // namespace fb::port
