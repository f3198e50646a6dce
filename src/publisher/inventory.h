// What the fleet runs, believed only as far as it is signed.
#pragma once

#include <string_view>

#include "base/result.h"
#include "port/files.h"
#include "release/manifest.h"
#include "statement/inventory.h"
#include "tuf/trusted_set.h"

namespace fb::publisher {

// Opens an inventory envelope with the keys of the `rollouts` role. Errors: bad_signature,
// mismatch, malformed.
Result<statement::Inventory> open_inventory(std::string_view envelope,
                                            const tuf::TrustedSet& trusted);

// The target path and file of a core build's manifest. Errors: not_found (no signed manifest of
// that digest).
struct ManifestTarget {
  std::string path;
  tuf::TargetFile file;
};
Result<ManifestTarget> find_core_manifest(const tuf::TrustedSet& trusted,
                                          const statement::InventoryBuild& build);

// The manifest, from cache, when its bytes are those that the core role signed. Errors: not_found,
// mismatch, malformed.
Result<release::Manifest> cached_core_manifest(port::Files& home, const tuf::TrustedSet& trusted,
                                               const statement::InventoryBuild& build);

}  // namespace fb::publisher
