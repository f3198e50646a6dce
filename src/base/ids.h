// Strong ids: strings and numbers that cannot be mixed up. Each is parsed once, at the border;
// inside it is valid.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb {

template <class Tag>
class TextId {
 public:
  TextId() = default;
  // Errors: malformed, naming the kind of id, the text and the rule (each Tag has kName, kRule and
  // accepts()).
  static Result<TextId> parse(std::string_view text) {
    if (Tag::accepts(text)) return TextId(std::string(text));
    return Error{ErrorCode::malformed, "'" + std::string(text.substr(0, 80)) + "' is not a " +
                                           Tag::kName + ": " + Tag::kRule};
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend auto operator<=>(const TextId&, const TextId&) = default;

 private:
  explicit TextId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct DeviceTag {
  static constexpr const char* kName = "device id";
  static constexpr const char* kRule = "32 lower-case hex digits, given by the server";
  static bool accepts(std::string_view text);
};
struct TenantTag {
  static constexpr const char* kName = "tenant";
  static constexpr const char* kRule = "1 to 40 of a-z 0-9 -, starting with a letter";
  static bool accepts(std::string_view text);
};
struct ComponentTag {
  static constexpr const char* kName = "component";
  static constexpr const char* kRule =
      "<product>.<component>, each 1 to 40 of a-z 0-9 - _, starting with a letter";
  static bool accepts(std::string_view text);
};
struct PersonTag {
  static constexpr const char* kName = "person";
  static constexpr const char* kRule = "1 to 40 of a-z 0-9 - _, starting with a letter";
  static bool accepts(std::string_view text);
};

using DeviceId = TextId<DeviceTag>;
using TenantId = TextId<TenantTag>;
using ComponentId = TextId<ComponentTag>;  // "sensor.channel": product and component in one
using PersonId = TextId<PersonTag>;

// int32 >= 1 and never divisible by 10: a DDI client fails to cancel actions whose id is
// (docs/protocol.md).
class RolloutId {
 public:
  RolloutId() = default;
  static Result<RolloutId> parse(std::int64_t number);
  [[nodiscard]] std::int32_t number() const { return number_; }
  [[nodiscard]] std::string text() const { return std::to_string(number_); }
  // The smallest legal id above this one.
  [[nodiscard]] RolloutId next() const;
  friend auto operator<=>(const RolloutId&, const RolloutId&) = default;

 private:
  explicit RolloutId(std::int32_t number) : number_(number) {}
  std::int32_t number_ = 0;
};

}  // namespace fb

template <class Tag>
struct std::hash<fb::TextId<Tag>> {
  std::size_t operator()(const fb::TextId<Tag>& id) const noexcept {
    return std::hash<std::string>()(id.text());
  }
};
