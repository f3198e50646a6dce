// The property that most decoders are held to: what decodes encodes to what decodes to the same.
#pragma once

#include <string>

#include "base/check.h"

namespace fb::fuzz {

// `value` is what `decode` made of the fuzzer's bytes.
template <class Value, class Decode>
void check_round_trip(const Value& value, Decode decode) {
  const std::string text = encode(value);
  const auto again = decode(text);
  FB_CHECK(again.ok());
  FB_CHECK(encode(*again) == text);
}

}  // namespace fb::fuzz
