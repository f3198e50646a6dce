// Bytes as text: hex and base64, both strict. Byte strings are std::string throughout.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace fb {

std::string to_hex(std::string_view bytes);
// Lower-case hex of even length only. Errors: malformed.
Result<std::string> from_hex(std::string_view text);

// RFC 4648 with padding, no line breaks. Decoding refuses anything else, so one value has one text.
// Errors: malformed.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

}  // namespace fb
