#include "publisher/sync.h"

#include "publisher/home.h"
#include "publisher/inventory.h"
#include "publisher/trust.h"
#include "release/kind.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

Status fetch_manifest(Desk& desk, const ManifestTarget& target, const Digest& digest) {
  if (desk.home.size(cached_manifest_path(digest)).ok()) return {};
  FB_ASSIGN(const std::string bytes,
            desk.server.static_file("targets/" + tuf::hashed_name(target.path, digest.hex()),
                                    static_cast<std::size_t>(target.file.length)));
  FB_TRY(tuf::check_content(bytes, target.file.length, target.file.hashes).in(target.path));
  return desk.home.write_atomic(cached_manifest_path(digest), bytes);
}

// A build whose manifest nobody signed stays unknown; the contract gate counts its devices as such.
Status fetch_manifests(Desk& desk, const tuf::TrustedSet& trusted,
                       const statement::Inventory& inventory) {
  for (const auto& build : inventory.builds) {
    const auto target = find_core_manifest(trusted, build);
    if (target.ok()) FB_TRY(fetch_manifest(desk, *target, build.manifest));
  }
  return {};
}

}  // namespace

Result<Outcome> sync(Desk& desk) {
  FB_ASSIGN(const tuf::TrustedSet trusted, refresh_trust(desk));
  FB_ASSIGN(const json::Value envelope, desk.server.get("/api/v1/inventory"));
  const std::string bytes = json::compact(envelope);
  FB_ASSIGN(const auto inventory, open_inventory(bytes, trusted));
  FB_TRY(fetch_manifests(desk, trusted, inventory));
  FB_TRY(desk.home.write_atomic(std::string(kCachedInventory), bytes));
  return Outcome{Answer::yes,
                 "in step with " + desk.server.url() + ": " + std::to_string(inventory.devices) +
                     " devices, " + std::to_string(inventory.builds.size()) + " builds\n",
                 {{"server", desk.server.url()},
                  {"devices", inventory.devices},
                  {"builds", inventory.builds.size()}}};
}

}  // namespace fb::publisher
