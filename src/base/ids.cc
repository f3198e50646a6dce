#include "base/ids.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace fb {
namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(std::string_view text, std::string_view also) {
  const auto legal = [&](char c) {
    return lower(c) || digit(c) || also.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 40 && lower(text[0]) &&
         std::all_of(text.begin(), text.end(), legal);
}

}  // namespace

bool DeviceTag::accepts(std::string_view text) {
  const auto hex = [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::all_of(text.begin(), text.end(), hex);
}

bool TenantTag::accepts(std::string_view text) { return is_word(text, "-"); }

bool PersonTag::accepts(std::string_view text) { return is_word(text, "-_"); }

bool ComponentTag::accepts(std::string_view text) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos && is_word(text.substr(0, dot), "-_") &&
         is_word(text.substr(dot + 1), "-_");
}

Result<RolloutId> RolloutId::parse(std::int64_t number) {
  if (number >= 1 && number <= std::numeric_limits<std::int32_t>::max() && number % 10 != 0) {
    return RolloutId(static_cast<std::int32_t>(number));
  }
  return Error{
      ErrorCode::malformed,
      std::to_string(number) + " is not a rollout id: 1 to 2147483647, not divisible by 10"};
}

RolloutId RolloutId::next() const {
  FB_CHECK(number_ < std::numeric_limits<std::int32_t>::max() - 1);
  const std::int32_t following = number_ + 1;
  return RolloutId(following % 10 == 0 ? following + 1 : following);
}

}  // namespace fb
