#include "release/kind.h"

#include <algorithm>

#include "base/check.h"

namespace fb::release {
namespace {

bool plain(std::string_view text, std::size_t max) {
  const auto alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  const auto legal = [&](char c) {
    return alnum(c) || std::string_view("._-+").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= max && alnum(text[0]) &&
         std::all_of(text.begin(), text.end(), legal) && text.find("..") == std::string_view::npos;
}

template <class E>
std::string_view find_word(const std::vector<std::pair<std::string_view, E>>& words, E meaning) {
  for (const auto& [text, value] : words) {
    if (value == meaning) return text;
  }
  FB_CHECK(false);
}

}  // namespace

const std::vector<std::pair<std::string_view, Kind>>& kind_words() {
  static const std::vector<std::pair<std::string_view, Kind>> kWords{{"core", Kind::core},
                                                                     {"content", Kind::content},
                                                                     {"config", Kind::config},
                                                                     {"flags", Kind::flags}};
  return kWords;
}

const std::vector<std::pair<std::string_view, Class>>& class_words() {
  static const std::vector<std::pair<std::string_view, Class>> kWords{
      {"feature", Class::feature},
      {"fix", Class::fix},
      {"security", Class::security},
      {"emergency", Class::emergency}};
  return kWords;
}

std::string_view word(Kind kind) { return find_word(kind_words(), kind); }
std::string_view word(Class cls) { return find_word(class_words(), cls); }

std::string_view owning_role(Kind kind) {
  switch (kind) {
    case Kind::core: return "core";
    case Kind::content: return "content";
    case Kind::config: return "content";
    case Kind::flags: return "flags";
  }
  FB_CHECK(false);
}

Result<std::string> parse_version(std::string_view text) {
  if (plain(text, 64)) return std::string(text);
  return Error{ErrorCode::malformed,
               "'" + std::string(text.substr(0, 80)) +
                   "' is not a version: 1 to 64 of A-Z a-z 0-9 . _ - +, like 7.11 or 2024-07-19.1"};
}

Result<std::string> parse_artifact_name(std::string_view text) {
  if (plain(text, 100) && text != "manifest.json") return std::string(text);
  return Error{ErrorCode::malformed,
               "'" + std::string(text.substr(0, 120)) +
                   "' is not an artifact name: 1 to 100 of A-Z a-z 0-9 . _ - +, not manifest.json"};
}

}  // namespace fb::release
