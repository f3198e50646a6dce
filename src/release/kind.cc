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

bool digit(char c) { return c >= '0' && c <= '9'; }

// The number at the front of `text`, without leading zeros, taken off it.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && digit(text[end])) ++end;
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

// How what follows a common front is ordered: a preliminary version, then the end, then the rest.
int rank(std::string_view rest) {
  if (rest.empty()) return 1;
  return rest.front() == '-' ? 0 : 2;
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

bool version_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (digit(a.front()) && digit(b.front())) {
      const std::string_view x = take_number(a);
      const std::string_view y = take_number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else if (a.front() != b.front()) {
      return rank(a) != rank(b) ? rank(a) < rank(b) : a.front() < b.front();
    } else {
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return rank(a) < rank(b);
}

Result<std::string> parse_artifact_name(std::string_view text) {
  if (plain(text, 100) && text != "manifest.json") return std::string(text);
  return Error{ErrorCode::malformed,
               "'" + std::string(text.substr(0, 120)) +
                   "' is not an artifact name: 1 to 100 of A-Z a-z 0-9 . _ - +, not manifest.json"};
}

}  // namespace fb::release
