#include "tuf/names.h"

#include <algorithm>

#include "base/bytes.h"

namespace fb::tuf {
namespace {

constexpr std::size_t kSegmentBytes =
    128;  // file systems take 255; the hash and the dot in front take 65
constexpr std::size_t kNameBytes = 1024;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t from = 0;;) {
    const std::size_t slash = path.find('/', from);
    segments.push_back(path.substr(from, slash - from));
    if (slash == std::string_view::npos) return segments;
    from = slash + 1;
  }
}

// Greedy with one point of return: the last '*'. Linear for patterns with one star, never
// exponential.
bool matches_segment(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + static_cast<std::ptrdiff_t>(p), pattern.end(),
                     [](char c) { return c == '*'; });
}

bool climbs_or_stays(std::string_view segment) {
  return segment.empty() || segment == "." || segment == "..";
}

bool legal_segment(std::string_view segment) {
  const auto legal = [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  };
  return !climbs_or_stays(segment) && segment.size() <= kSegmentBytes &&
         std::all_of(segment.begin(), segment.end(), legal);
}

// For messages: long names cut, control bytes masked.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, 120));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return "'" + text + "'";
}

}  // namespace

std::string encode_role_file_name(std::string_view role) {
  std::string name;
  for (const char c : role) {
    if (is_letter_or_digit(c) || c == '_' || c == '.' || c == '-' || c == '~') {
      name += c;
      continue;
    }
    std::string hex = to_hex(std::string_view(&c, 1));
    for (char& digit : hex) digit = static_cast<char>(digit >= 'a' ? digit - 'a' + 'A' : digit);
    name += "%" + hex;
  }
  return name;
}

Result<std::string> decode_role_file_name(std::string_view name) {
  std::string role;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      role += name[i];
      continue;
    }
    std::string hex(name.substr(i + 1, 2));
    for (char& digit : hex) digit = static_cast<char>(digit >= 'A' ? digit - 'A' + 'a' : digit);
    const auto byte = from_hex(hex);
    role += byte.ok() && byte->size() == 1 ? *byte : "";
    i += 2;
  }
  if (encode_role_file_name(role) == name) return role;
  return Error{ErrorCode::malformed, shown(name) + " is not the file name of a role"};
}

std::string metadata_path(std::string_view role, std::optional<std::int64_t> version) {
  return (version ? std::to_string(*version) + "." : "") + encode_role_file_name(role) + ".json";
}

bool matches_pattern(std::string_view pattern, std::string_view path) {
  const auto patterns = split(pattern);
  const auto segments = split(path);
  return std::equal(patterns.begin(), patterns.end(), segments.begin(), segments.end(),
                    &matches_segment);
}

Status check_target_name(std::string_view name) {
  const auto segments = split(name);
  const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
  });
  if (!odd && name.size() <= kNameBytes &&
      std::none_of(segments.begin(), segments.end(), &climbs_or_stays))
    return {};
  return Error{ErrorCode::malformed,
               "target " + shown(name) +
                   ": a relative path without empty, '.' or '..' segments, backslashes and "
                   "control characters, of at most 1024 bytes, is expected"};
}

std::string hashed_name(std::string_view target, std::string_view hash_hex) {
  const std::size_t slash = target.rfind('/');
  const std::size_t file = slash == std::string_view::npos ? 0 : slash + 1;
  return std::string(target.substr(0, file)) + std::string(hash_hex) + "." +
         std::string(target.substr(file));
}

Result<TargetPath> TargetPath::parse(std::string_view text) {
  const auto parts = split(text);
  if ((parts.size() == 2 || parts.size() == 3) &&
      std::all_of(parts.begin(), parts.end(), &legal_segment)) {
    return TargetPath(std::string(text));
  }
  return Error{ErrorCode::malformed,
               "target path " + shown(text) +
                   ": 2 or 3 segments of A-Z a-z 0-9 . _ - are expected, each of 1 to 128 bytes "
                   "and not '.' or '..'"};
}

Result<TargetPath> TargetPath::release(std::string_view kind, const ComponentId& component,
                                       std::string_view version, std::string_view file) {
  FB_ASSIGN(auto path, parse(std::string(kind) + "/" + component.text() + "/" +
                             std::string(version) + "." + std::string(file)));
  const bool whole = !version.empty() && !file.empty() && path.segments().size() == 3;
  if (whole) return path;
  return Error{ErrorCode::malformed,
               "target path " + shown(path.text()) +
                   ": '<kind>/<product>.<component>/<version>.<file>' is expected"};
}

std::vector<std::string> TargetPath::segments() const {
  std::vector<std::string> out;
  for (const std::string_view part : split(text_)) out.emplace_back(part);
  return out;
}

}  // namespace fb::tuf
