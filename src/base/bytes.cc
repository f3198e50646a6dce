#include "base/bytes.h"

#include <array>
#include <cstdint>

namespace fb {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    text += kHex[value >> 4U];
    text += kHex[value & 15U];
  }
  return text;
}

Result<std::string> from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  const Error wrong{ErrorCode::malformed, "not lower-case hex of even length"};
  if (text.size() % 2 != 0) return wrong;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kHex.find(text[i]);
    const auto low = kHex.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return wrong;
    bytes += static_cast<char>(high << 4U | low);
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group =
        byte(bytes, i) << 16U | byte(bytes, i + 1) << 8U | byte(bytes, i + 2);
    text += kBase64[group >> 18U];
    text += kBase64[group >> 12U & 63U];
    text += i + 1 < bytes.size() ? kBase64[group >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? kBase64[group & 63U] : '=';
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const Error wrong{ErrorCode::malformed, "not base64 (RFC 4648, padded, without line breaks)"};
  if (text.size() % 4 != 0) return wrong;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const bool pad = i + j >= text.size() - padding;
      const auto value = pad ? 0 : kBase64.find(text[i + j]);
      if (value == std::string_view::npos) return wrong;
      group = group << 6U | static_cast<std::uint32_t>(value);
    }
    bytes += static_cast<char>(group >> 16U);
    bytes += static_cast<char>(group >> 8U & 255U);
    bytes += static_cast<char>(group & 255U);
  }
  bytes.resize(bytes.size() - padding);
  if (to_base64(bytes) != text) return wrong;  // stray bits under the padding
  return bytes;
}

}  // namespace fb
