// Digest: the SHA-256 of something, as a value. It names artifacts, manifests and therefore
// releases.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  friend auto operator<=>(const Digest&, const Digest&) = default;

  [[nodiscard]] std::string hex() const;
  // "sha256:<64 hex digits>", the form of all our formats.
  [[nodiscard]] std::string text() const;
  // The first 12 hex digits, for people.
  [[nodiscard]] std::string brief() const;

  // Each accepts exactly what its counterpart prints. Errors: malformed.
  static Result<Digest> from_hex(std::string_view hex);
  static Result<Digest> parse(std::string_view text);
};

}  // namespace fb

template <>
struct std::hash<fb::Digest> {
  std::size_t operator()(const fb::Digest& digest) const noexcept {
    std::size_t head = 0;  // a digest is uniform already
    std::memcpy(&head, digest.bytes.data(), sizeof head);
    return head;
  }
};
