#include "http/range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace fb::http {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

RangeAnswer suffix(std::string_view digits, std::uint64_t size) {
  const auto wanted = number(digits);
  if (!wanted) return {RangeAnswer::Kind::whole, 0, size};
  if (*wanted == 0 || size == 0) return {RangeAnswer::Kind::unsatisfiable, 0, 0};
  const std::uint64_t length = std::min(*wanted, size);
  return {RangeAnswer::Kind::part, size - length, length};
}

}  // namespace

RangeAnswer judge_range(std::string_view header, std::uint64_t size) {
  const RangeAnswer whole{RangeAnswer::Kind::whole, 0, size};
  if (!header.starts_with("bytes=")) return whole;
  header = trimmed(header.substr(6));
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  if (dash == 0) return suffix(header.substr(1), size);
  const auto first = number(header.substr(0, dash));
  const std::string_view end = header.substr(dash + 1);
  const auto last = end.empty() ? std::optional(UINT64_MAX) : number(end);
  if (!first || !last || *last < *first) return whole;
  if (*first >= size) return {RangeAnswer::Kind::unsatisfiable, 0, 0};
  return {RangeAnswer::Kind::part, *first, std::min(*last, size - 1) - *first + 1};
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    return tag.starts_with("W/") ? tag.substr(2) : tag;
  };
  if (etag.empty()) return false;
  if (trimmed(if_none_match) == "*") return true;
  while (!if_none_match.empty()) {
    const std::size_t comma = std::min(if_none_match.find(','), if_none_match.size());
    if (opaque(trimmed(if_none_match.substr(0, comma))) == opaque(etag)) return true;
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
  }
  return false;
}

}  // namespace fb::http
