#include "channel_codec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace sensor {
namespace {

constexpr std::array<std::uint8_t, 6> kMagic{'S', 'N', 'S', 'R', 'C', 'H'};
constexpr std::uint16_t kFormat = 1;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kSmallestFile = kMagic.size() + 2 + 4 + 1 + 2 + kChecksumBytes;

enum class MatcherKind : std::uint8_t { kWildcard, kExact, kPrefix, kContains, kLike, kRange };

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? 0xEDB88320U : 0U);
    table[i] = remainder;
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) crc = (crc >> 8U) ^ kCrcTable[(crc ^ byte) & 0xFFU];
  return ~crc;
}

// Takes values off the front. After the first refusal every value is zero or empty, so that callers
// need to look only before they loop or keep something.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  bool refused() const { return refusal_.has_value(); }
  const std::optional<Refusal>& refusal() const { return refusal_; }
  std::size_t left() const { return rest_.size(); }
  void refuse(std::string reason) {
    if (!refusal_) refusal_ = Refusal{std::move(reason)};
    rest_ = {};
  }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  std::string text(std::size_t most) {
    const std::size_t size = u16();
    if (size > most)
      refuse("a text of " + std::to_string(size) + " bytes where " + std::to_string(most) +
             " may stand");
    const auto taken = take(size);
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    if (size > rest_.size()) refuse("the file ends in the middle of a value");
    if (refused()) return {};
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : take(size)) {
      value |= std::uint64_t{byte} << shift;
      shift += 8;
    }
    return value;
  }

  std::span<const std::uint8_t> rest_;
  std::optional<Refusal> refusal_;
};

class ByteWriter {
 public:
  void number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void text(const std::string& text) {
    number(text.size(), 2);
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

std::optional<Refusal> check_envelope(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kMaxChannelBytes)
    return Refusal{"larger than " + std::to_string(kMaxChannelBytes) + " bytes"};
  if (bytes.size() < kSmallestFile || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return Refusal{"not a channel file"};
  }
  ByteReader trailer(bytes.last(kChecksumBytes));
  if (trailer.u32() != crc32(bytes.first(bytes.size() - kChecksumBytes)))
    return Refusal{"the checksum is wrong"};
  return std::nullopt;
}

std::string read_name(ByteReader& reader) {
  std::string name = reader.text(kMaxNameBytes);
  if (!is_name(name)) reader.refuse("a name has other characters than a-z, 0-9 and '_', or none");
  return name;
}

FieldType read_field_type(ByteReader& reader) {
  const std::uint8_t type = reader.u8();
  if (type == static_cast<std::uint8_t>(FieldType::kInteger)) return FieldType::kInteger;
  if (type != static_cast<std::uint8_t>(FieldType::kString)) reader.refuse("unknown field type");
  return FieldType::kString;
}

TemplateType read_type(ByteReader& reader) {
  TemplateType type{.name = read_name(reader), .fields = {}};
  const std::size_t count = reader.u8();
  if (count == 0 || count > kMaxFields) reader.refuse("a type declares no inputs or too many");
  for (std::size_t i = 0; i < count && !reader.refused(); ++i)
    type.fields.push_back(read_field_type(reader));
  return type;
}

void read_types(ByteReader& reader, Channel& channel) {
  const std::size_t count = reader.u8();
  if (count > kMaxTypes) reader.refuse("too many types");
  for (std::size_t i = 0; i < count && !reader.refused(); ++i) {
    TemplateType type = read_type(reader);
    for (const TemplateType& known : channel.types) {
      if (known.name == type.name) reader.refuse("type " + type.name + " is declared twice");
    }
    channel.types.push_back(std::move(type));
  }
}

std::optional<Matcher> read_like(ByteReader& reader) {
  auto pattern = Pattern::compile(reader.text(kMaxTextBytes));
  if (!pattern) {
    reader.refuse("a pattern that cannot be understood");
    return std::nullopt;
  }
  return Like{*std::move(pattern)};
}

std::optional<Matcher> read_range(ByteReader& reader) {
  const std::int64_t low = reader.i64();
  const std::int64_t high = reader.i64();
  if (low > high) reader.refuse("a range that ends before it begins");
  return Range{low, high};
}

// Nothing for a wildcard and for what is refused.
std::optional<Matcher> read_matcher(ByteReader& reader) {
  switch (static_cast<MatcherKind>(reader.u8())) {
    case MatcherKind::kWildcard: return std::nullopt;
    case MatcherKind::kExact: return Exact{reader.text(kMaxTextBytes)};
    case MatcherKind::kPrefix: return Prefix{reader.text(kMaxTextBytes)};
    case MatcherKind::kContains: return Contains{reader.text(kMaxTextBytes)};
    case MatcherKind::kLike: return read_like(reader);
    case MatcherKind::kRange: return read_range(reader);
  }
  reader.refuse("unknown kind of matcher");
  return std::nullopt;
}

void read_tests(ByteReader& reader, const TemplateType& type, Rule& rule) {
  for (std::size_t field = 0; field < type.fields.size() && !reader.refused(); ++field) {
    auto matcher = read_matcher(reader);
    if (!matcher) continue;
    if (tested_type(*matcher) != type.fields[field]) {
      reader.refuse("rule " + rule.name + " tests field " + std::to_string(field + 1) +
                    " as another type");
    }
    rule.tests.push_back({.field = field, .matcher = *std::move(matcher)});
  }
  if (rule.tests.empty())
    reader.refuse("rule " + rule.name + " tests nothing and would match every event");
}

Rule read_rule(ByteReader& reader, const Channel& channel) {
  Rule rule{.name = read_name(reader), .type = reader.u8(), .tests = {}};
  if (rule.type >= channel.types.size()) {
    reader.refuse("rule " + rule.name + " is over a type that is not declared");
    return rule;
  }
  read_tests(reader, channel.types[rule.type], rule);
  return rule;
}

void read_rules(ByteReader& reader, Channel& channel) {
  const std::size_t count = reader.u16();
  if (count > kMaxRules) reader.refuse("too many rules");
  for (std::size_t i = 0; i < count && !reader.refused(); ++i)
    channel.rules.push_back(read_rule(reader, channel));
}

void write_matcher(ByteWriter& writer, const Matcher& matcher) {
  const auto write_text = [&writer](MatcherKind kind, const std::string& text) {
    writer.number(static_cast<std::uint8_t>(kind), 1);
    writer.text(text);
  };
  if (const auto* exact = std::get_if<Exact>(&matcher))
    write_text(MatcherKind::kExact, exact->text);
  if (const auto* prefix = std::get_if<Prefix>(&matcher))
    write_text(MatcherKind::kPrefix, prefix->text);
  if (const auto* contains = std::get_if<Contains>(&matcher))
    write_text(MatcherKind::kContains, contains->text);
  if (const auto* like = std::get_if<Like>(&matcher))
    write_text(MatcherKind::kLike, like->pattern.text());
  if (const auto* range = std::get_if<Range>(&matcher)) {
    writer.number(static_cast<std::uint8_t>(MatcherKind::kRange), 1);
    writer.number(static_cast<std::uint64_t>(range->low), 8);
    writer.number(static_cast<std::uint64_t>(range->high), 8);
  }
}

void write_rule(ByteWriter& writer, const Rule& rule, const TemplateType& type) {
  writer.text(rule.name);
  writer.number(rule.type, 1);
  auto test = rule.tests.begin();
  for (std::size_t field = 0; field < type.fields.size(); ++field) {
    if (test != rule.tests.end() && test->field == field) {
      write_matcher(writer, test->matcher);
      ++test;
    } else {
      writer.number(static_cast<std::uint8_t>(MatcherKind::kWildcard), 1);
    }
  }
}

}  // namespace

std::variant<Channel, Refusal> parse_channel(std::span<const std::uint8_t> bytes) {
  if (auto refusal = check_envelope(bytes)) return *std::move(refusal);
  ByteReader reader(bytes.subspan(kMagic.size(), bytes.size() - kMagic.size() - kChecksumBytes));
  if (reader.u16() != kFormat) reader.refuse("a format that this build does not know");
  Channel channel;
  channel.version = reader.u32();
  read_types(reader, channel);
  read_rules(reader, channel);
  if (reader.left() != 0) reader.refuse("bytes after the last rule");
  if (reader.refused()) return *reader.refusal();
  return channel;
}

std::vector<std::uint8_t> encode_channel(const Channel& channel) {
  ByteWriter writer;
  for (const std::uint8_t byte : kMagic) writer.number(byte, 1);
  writer.number(kFormat, 2);
  writer.number(channel.version, 4);
  writer.number(channel.types.size(), 1);
  for (const TemplateType& type : channel.types) {
    writer.text(type.name);
    writer.number(type.fields.size(), 1);
    for (const FieldType field : type.fields) writer.number(static_cast<std::uint8_t>(field), 1);
  }
  writer.number(channel.rules.size(), 2);
  for (const Rule& rule : channel.rules) write_rule(writer, rule, channel.types[rule.type]);
  writer.number(0, kChecksumBytes);
  auto bytes = writer.take();
  seal(bytes);
  return bytes;
}

void seal(std::span<std::uint8_t> bytes) {
  const std::uint32_t crc = crc32(bytes.first(bytes.size() - kChecksumBytes));
  ByteWriter writer;
  writer.number(crc, kChecksumBytes);
  const auto trailer = writer.take();
  std::copy(trailer.begin(), trailer.end(), bytes.last(kChecksumBytes).begin());
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), fits);
}

}  // namespace sensor
