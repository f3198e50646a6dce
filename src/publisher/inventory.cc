#include "publisher/inventory.h"

#include "base/limits.h"
#include "publisher/home.h"
#include "statement/envelope.h"

namespace fb::publisher {

Result<statement::Inventory> open_inventory(std::string_view bytes,
                                            const tuf::TrustedSet& trusted) {
  FB_ASSIGN(const auto keys, trusted.role_keys("rollouts"));
  FB_ASSIGN(const auto envelope, statement::parse_envelope(bytes));
  const statement::Signers signers{keys.keys, keys.keyids, static_cast<int>(keys.threshold)};
  FB_ASSIGN(const std::string payload,
            statement::open(envelope, statement::kInventoryType, signers).in("the inventory"));
  return statement::decode_inventory(payload);
}

Result<ManifestTarget> find_core_manifest(const tuf::TrustedSet& trusted,
                                          const statement::InventoryBuild& build) {
  const std::string path =
      "core/" + build.component.text() + "/" + build.version + ".manifest.json";
  const auto* core = trusted.targets("core");
  const auto unsigned_build = [&] {
    return Error{ErrorCode::not_found,
                 "nobody signed " + path + " with digest " + build.manifest.brief()};
  };
  if (core == nullptr) return unsigned_build();
  const auto found = core->body.targets.find(path);
  if (found == core->body.targets.end()) return unsigned_build();
  FB_ASSIGN(const Digest digest, found->second.sha256());
  if (digest != build.manifest) return unsigned_build();
  return ManifestTarget{path, found->second};
}

Result<release::Manifest> cached_core_manifest(port::Files& home, const tuf::TrustedSet& trusted,
                                               const statement::InventoryBuild& build) {
  FB_ASSIGN(const ManifestTarget target, find_core_manifest(trusted, build));
  FB_ASSIGN(const std::string bytes,
            home.read(cached_manifest_path(build.manifest), limits::kJsonBytes));
  FB_TRY(tuf::check_content(bytes, target.file.length, target.file.hashes));
  return release::decode_manifest(bytes);
}

}  // namespace fb::publisher
