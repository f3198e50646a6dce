#include "pattern.h"

#include <cstddef>
#include <cstdint>

namespace sensor {
namespace {

// One bit for each item and one for "all items passed" have to fit into a word.
constexpr std::size_t kMaxItems = 63;

using CharSet = std::bitset<256>;

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

CharSet only(char c) {
  CharSet set;
  set.set(index_of(c));
  return set;
}

char take(std::string_view& rest) {
  const char c = rest.front();
  rest.remove_prefix(1);
  return c;
}

std::optional<char> take_escaped(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  return take(rest);
}

std::optional<char> take_class_char(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char c = take(rest);
  return c == '\\' ? take_escaped(rest) : c;
}

// `rest` begins behind the '['; afterwards behind the ']'.
std::optional<CharSet> take_class(std::string_view& rest) {
  CharSet set;
  const bool negated = !rest.empty() && rest.front() == '^';
  if (negated) rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != ']') {
    const auto low = take_class_char(rest);
    if (!low) return std::nullopt;
    auto high = low;
    if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      high = take_class_char(rest);
    }
    if (!high || index_of(*high) < index_of(*low)) return std::nullopt;
    for (std::size_t c = index_of(*low); c <= index_of(*high); ++c) set.set(c);
  }
  if (rest.empty() || set.none()) return std::nullopt;
  rest.remove_prefix(1);
  return negated ? ~set : set;
}

std::optional<CharSet> take_atom(std::string_view& rest) {
  const char c = take(rest);
  switch (c) {
    case '.': return ~CharSet{};
    case '[': return take_class(rest);
    case '*':
    case '+':
    case '?': return std::nullopt;
    case '\\': {
      const auto escaped = take_escaped(rest);
      if (!escaped) return std::nullopt;
      return only(*escaped);
    }
  }
  return only(c);
}

// Whether the last '$' ties the end: not when an odd number of backslashes stands before it.
bool ends_with_anchor(std::string_view text) {
  if (text.empty() || text.back() != '$') return false;
  std::size_t backslashes = 0;
  while (backslashes + 1 < text.size() && text[text.size() - 2 - backslashes] == '\\')
    ++backslashes;
  return backslashes % 2 == 0;
}

}  // namespace

std::optional<Pattern> Pattern::compile(std::string_view text) {
  Pattern pattern;
  pattern.text_ = text;
  std::string_view rest = text;
  pattern.from_start_ = !rest.empty() && rest.front() == '^';
  if (pattern.from_start_) rest.remove_prefix(1);
  pattern.to_end_ = ends_with_anchor(rest);
  if (pattern.to_end_) rest.remove_suffix(1);
  if (rest.empty() || !pattern.read_items(rest)) return std::nullopt;
  return pattern;
}

bool Pattern::read_items(std::string_view rest) {
  while (!rest.empty()) {
    const auto accepts = take_atom(rest);
    if (!accepts) return false;
    items_.push_back({.accepts = *accepts});
    if (!rest.empty() && !read_quantifier(rest)) return false;
    if (items_.size() > kMaxItems) return false;
  }
  return true;
}

bool Pattern::read_quantifier(std::string_view& rest) {
  const char c = rest.front();
  if (c != '*' && c != '+' && c != '?') return true;
  rest.remove_prefix(1);
  if (c == '+') items_.push_back(items_.back());
  items_.back().skippable = true;
  items_.back().repeats = c != '?';
  return rest.empty() || (rest.front() != '*' && rest.front() != '+' && rest.front() != '?');
}

// Thompson's simulation: bit i of `alive` says that items before i have been passed and item i
// comes next.
bool Pattern::matches(std::string_view subject) const {
  const std::uint64_t start = 1;
  const std::uint64_t passed = std::uint64_t{1} << items_.size();
  const auto skip = [this](std::uint64_t alive) {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (((alive >> i) & 1U) != 0 && items_[i].skippable) alive |= std::uint64_t{2} << i;
    }
    return alive;
  };
  std::uint64_t alive = skip(start);
  for (const char c : subject) {
    if ((alive & passed) != 0 && !to_end_) return true;
    std::uint64_t next = from_start_ ? 0 : start;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (((alive >> i) & 1U) == 0 || !items_[i].accepts.test(index_of(c))) continue;
      next |= std::uint64_t{items_[i].repeats ? 1U : 2U} << i;
    }
    alive = skip(next);
  }
  return (alive & passed) != 0;
}

}  // namespace sensor
