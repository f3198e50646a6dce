#include "http/target.h"

namespace fb::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Error wrong(std::string_view what) {
  return {ErrorCode::malformed, "request target: " + std::string(what)};
}

enum class Plus { itself, space };

Result<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return wrong("'%' must be followed by two hex digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::space) {
      c = ' ';
    }
    decoded += c;
  }
  return decoded;
}

Status check_path(std::string_view path) {
  for (const char c : path)
    if (is_control(c)) return wrong("a control character in the path");
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    if (segment.empty()) return wrong("an empty segment in the path");
    if (segment == "." || segment == "..") return wrong("'.' or '..' in the path");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Status parse_query(std::string_view text, std::map<std::string, std::string>& query) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    FB_ASSIGN(std::string name, decode(pair.substr(0, equals), Plus::space));
    FB_ASSIGN(std::string value,
              decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space));
    query.emplace(std::move(name), std::move(value));
  }
  return {};
}

// "http://host/path" -> "/path"
std::string_view without_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t slash = text.find('/', scheme.size());
    return slash == std::string_view::npos ? "/" : text.substr(slash);
  }
  return text;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  text = without_authority(text);
  if (!text.starts_with('/')) return wrong("must begin with '/'");
  text = text.substr(0, text.find('#'));
  const std::size_t question = std::min(text.find('?'), text.size());
  Target target;
  FB_ASSIGN(target.path, decode(text.substr(0, question), Plus::itself));
  FB_TRY(check_path(target.path));
  FB_TRY(parse_query(text.substr(std::min(question + 1, text.size())), target.query));
  return target;
}

}  // namespace fb::http
