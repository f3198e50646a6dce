// Who may sign for a role: `threshold` different keys of `keyids` (specification 1.0.34, section
// 4.3). A value with its codec; the keys themselves stand elsewhere in the document.
#pragma once

#include <cstdint>
#include <set>

#include "base/result.h"
#include "crypto/key.h"
#include "json/reader.h"

namespace fb::tuf {

// The largest integer that every JSON reader holds exactly; also keeps "version + 1" from
// overflowing.
inline constexpr std::int64_t kMaxInteger = (std::int64_t{1} << 53U) - 1;

struct RoleKeys {
  std::set<crypto::KeyId> keyids;
  std::int64_t threshold = 1;
  friend bool operator==(const RoleKeys&, const RoleKeys&) = default;
};

// Reads "keyids" and "threshold" of the object that `in` reads. Errors: malformed (also a key id
// that stands twice).
Result<RoleKeys> decode_role_keys(json::Reader& in);
json::Value encode(const RoleKeys& role);

}  // namespace fb::tuf
