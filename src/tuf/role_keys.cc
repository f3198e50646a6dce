#include "tuf/role_keys.h"

namespace fb::tuf {

Result<RoleKeys> decode_role_keys(json::Reader& in) {
  RoleKeys role{.keyids = {}, .threshold = in.integer("threshold", 1, kMaxInteger)};
  for (auto& id : in.strings("keyids", 1024, 256)) {
    if (!role.keyids.insert(id).second)
      in.fail("keyids", "'" + id + "' stands twice; a key counts once");
  }
  FB_TRY(in.done(json::UnknownFields::keep));
  return role;
}

json::Value encode(const RoleKeys& role) {
  return {{"keyids", role.keyids}, {"threshold", role.threshold}};
}

}  // namespace fb::tuf
