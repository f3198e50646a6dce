#include "http/url.h"

#include <charconv>

namespace fb::http {
namespace {

Error wrong(const std::string& text) {
  return {ErrorCode::bad_usage,
          "'" + text.substr(0, 200) + "' is not a URL like http://host:8080/path"};
}

bool has_blank_or_control(const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return true;
  return false;
}

Result<std::uint16_t> parse_port(std::string_view digits, const std::string& text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0)
    return wrong(text);
  return port;
}

}  // namespace

Result<Url> parse_url(const std::string& text) {
  if (text.starts_with("https://")) {
    return Error{ErrorCode::unsupported,
                 "'" + text.substr(0, 200) + "': https is not spoken yet; use http"};
  }
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme) || has_blank_or_control(text)) return wrong(text);
  const std::size_t end = std::min(text.find_first_of("/?#", kScheme.size()), text.size());
  Url url;
  url.authority = text.substr(kScheme.size(), end - kScheme.size());
  if (url.authority.find('@') != std::string::npos) return wrong(text);
  url.target = text.substr(end, text.find('#', end) - end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");

  const std::size_t bracket = url.authority.starts_with('[') ? url.authority.find(']') : 0;
  if (bracket == std::string::npos) return wrong(text);
  const std::size_t colon = url.authority.find(':', bracket);
  url.host = url.authority.substr(0, colon);
  if (bracket > 0) url.host = url.authority.substr(1, bracket - 1);
  if (url.host.empty()) return wrong(text);
  if (colon != std::string::npos) {
    FB_ASSIGN(url.port, parse_port(std::string_view(url.authority).substr(colon + 1), text));
  }
  return url;
}

}  // namespace fb::http
