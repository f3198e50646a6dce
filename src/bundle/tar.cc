#include "bundle/tar.h"

#include <algorithm>

namespace fb::bundle {
namespace {

// Where POSIX 1003.1 puts the fields, and how long they are.
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeDigits = 11;
constexpr std::size_t kSumAt = 148;
constexpr std::size_t kPrefixAt = 345;
constexpr std::size_t kPrefixBytes = 155;
constexpr std::uint64_t kLargest = (std::uint64_t{1} << 33U) - 1;  // eleven octal digits

std::string octal(std::uint64_t number, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i > 0; --i, number /= 8)
    out[i - 1] = static_cast<char>('0' + number % 8);
  return out;
}

void put(std::string& block, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string_view text_at(std::string_view block, std::size_t at, std::size_t most) {
  const std::string_view field = block.substr(at, most);
  return field.substr(0, field.find('\0'));
}

bool is_name_byte(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("._-+~%").find(c) != std::string_view::npos;
}

bool is_segment(std::string_view segment) {
  return !segment.empty() && segment.front() != '.' &&
         std::all_of(segment.begin(), segment.end(), is_name_byte);
}

// The last '/' that leaves both halves short enough; none: the name fits as it is, or nowhere.
std::size_t split_of(std::string_view name) {
  if (name.size() <= kNameBytes) return std::string_view::npos;
  const std::size_t at = name.rfind('/', kPrefixBytes);
  const bool fits = at != std::string_view::npos && name.size() - at - 1 <= kNameBytes;
  return fits ? at : std::string_view::npos;
}

}  // namespace

Status check_member_name(std::string_view name) {
  const Error wrong{ErrorCode::malformed,
                    "a bundle has bundle.json, metadata/… and targets/…, not '" +
                        std::string(name.substr(0, 300)) + "'"};
  if (name == "bundle.json") return {};
  if (!name.starts_with("metadata/") && !name.starts_with("targets/")) return wrong;
  while (true) {
    const std::size_t slash = name.find('/');
    if (!is_segment(name.substr(0, slash))) return wrong;
    if (slash == std::string_view::npos) return {};
    name.remove_prefix(slash + 1);
  }
}

Result<std::string> tar_header(const Member& member) {
  FB_TRY(check_member_name(member.name));
  if (member.size > kLargest) {
    return Error{ErrorCode::too_large, member.name + " has " + std::to_string(member.size) +
                                           " bytes; a bundle holds files of at most " +
                                           std::to_string(kLargest)};
  }
  const std::size_t split = split_of(member.name);
  if (member.name.size() > kNameBytes && split == std::string::npos)
    return Error{ErrorCode::too_large, member.name + " is too long a name for a bundle"};
  std::string block(kBlockBytes, '\0');
  if (split == std::string::npos) {
    put(block, 0, member.name);
  } else {
    put(block, kPrefixAt, std::string_view(member.name).substr(0, split));
    put(block, 0, std::string_view(member.name).substr(split + 1));
  }
  put(block, 100, "0000644");
  put(block, 108, "0000000");
  put(block, 116, "0000000");
  put(block, kSizeAt, octal(member.size, kSizeDigits));
  put(block, 136, "00000000000");
  put(block, kSumAt, "        ");
  put(block, 156, "0");
  put(block, 257, "ustar");
  put(block, 263, "00");
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, kSumAt, octal(sum, 6) + std::string("\0 ", 2));
  return block;
}

Result<Member> read_tar_header(std::string_view block) {
  const Error wrong{ErrorCode::malformed,
                    "a header is not as a bundle's are written: it is damaged, or another archive"};
  if (block.size() != kBlockBytes) return wrong;
  const std::string_view prefix = text_at(block, kPrefixAt, kPrefixBytes);
  Member member{std::string(text_at(block, 0, kNameBytes)), 0};
  if (!prefix.empty()) member.name = std::string(prefix) + "/" + member.name;
  for (const char digit : block.substr(kSizeAt, kSizeDigits)) {
    if (digit < '0' || digit > '7') return wrong;
    member.size = member.size * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  FB_TRY(check_member_name(member.name));
  const auto again = tar_header(member);
  if (!again.ok() || *again != block) return wrong;
  return member;
}

std::size_t padding_of(std::uint64_t size) {
  return static_cast<std::size_t>((kBlockBytes - size % kBlockBytes) % kBlockBytes);
}

}  // namespace fb::bundle
