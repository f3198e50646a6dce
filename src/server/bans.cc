#include "server/bans.h"

#include "base/limits.h"

namespace fb::server {
namespace {

constexpr const char* kSpace = "bans";
constexpr const char* kRevoked = "revoked";

}  // namespace

Status Bans::load(port::Store& store, Repository& repository) {
  FB_ASSIGN(const auto kept, store.get(kSpace, kRevoked));
  if (kept) {
    FB_ASSIGN(seen_, statement::decode_revocations(*kept));
  }
  const std::string path(statement::kRevokedPath);
  FB_ASSIGN(const auto targets, repository.newest_targets("targets"));
  if (!targets.targets.contains(path)) return {};
  FB_ASSIGN(const auto bytes, repository.read_target(path, limits::kJsonBytes));
  FB_ASSIGN(const auto listed, statement::decode_revocations(bytes));
  absorb(seen_, listed);
  return {};
}

Status Bans::take(std::string_view bytes, Transaction& tx) {
  FB_ASSIGN(const auto listed, statement::decode_revocations(bytes));
  if (absorb(seen_, listed)) tx.put(kSpace, kRevoked, statement::encode(seen_));
  return {};
}

Status Bans::check(const Digest& release, const release::Manifest& manifest) const {
  const std::string name = manifest.component.text() + " " + manifest.version;
  if (const auto* ban = revoked(release)) {
    return Error{ErrorCode::conflict, name + " was revoked by the publisher on " +
                                          to_rfc3339(ban->since) + ": " + ban->reason +
                                          "; nothing lifts that, make a new version"};
  }
  const auto* ban = floor(manifest);
  if (ban == nullptr) return {};
  return Error{ErrorCode::conflict, name + " lies below version " + ban->version +
                                        ", the smallest of " + manifest.component.text() +
                                        " that the publisher allows since " +
                                        to_rfc3339(ban->since) + ": " + ban->reason};
}

}  // namespace fb::server
