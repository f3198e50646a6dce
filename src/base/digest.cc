#include "base/digest.h"

#include "base/bytes.h"

namespace fb {

std::string Digest::hex() const {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string Digest::text() const { return "sha256:" + hex(); }

std::string Digest::brief() const { return hex().substr(0, 12); }

Result<Digest> Digest::from_hex(std::string_view hex) {
  const auto raw = fb::from_hex(hex);
  if (!raw.ok() || raw->size() != 32) {
    return Error{ErrorCode::malformed,
                 "'" + std::string(hex.substr(0, 80)) + "' is not 64 lower-case hex digits"};
  }
  Digest digest;
  std::memcpy(digest.bytes.data(), raw->data(), digest.bytes.size());
  return digest;
}

Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (text.starts_with(kPrefix)) return from_hex(text.substr(kPrefix.size()));
  return Error{ErrorCode::malformed,
               "'" + std::string(text.substr(0, 80)) + "' is not sha256:<64 hex digits>"};
}

}  // namespace fb
