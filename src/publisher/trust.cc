#include "publisher/trust.h"

#include "publisher/home.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

const std::vector<std::string>& wanted_roles() {
  static const std::vector<std::string> kWanted{"core", "content", "flags", "rollouts"};
  return kWanted;
}

Result<tuf::RefreshStart> from_cache(port::Files& home, Instant now) {
  tuf::RefreshStart start;
  FB_ASSIGN(start.pinned_root, read_text(home, std::string(kPinnedRoot)));
  for (const std::string_view role :
       {"root", "timestamp", "snapshot", "targets", "core", "content", "flags", "rollouts"}) {
    auto bytes = home.read(cached_metadata_path(role), tuf::max_bytes(role));
    if (bytes.ok()) start.stored.emplace(role, std::move(bytes).value());
  }
  start.wanted = wanted_roles();
  start.now = {now, now};
  return start;
}

Status store(port::Files& home, tuf::Refresh& refresh) {
  for (const auto& [role, bytes] : refresh.take_accepted()) {
    FB_TRY(home.write_atomic(cached_metadata_path(role), bytes));
  }
  return {};
}

Status drive(Desk& desk, tuf::Refresh& refresh) {
  while (const auto need = refresh.next()) {
    const auto bytes = desk.server.static_file("metadata/" + need->path, need->max_bytes);
    if (!bytes.ok() && bytes.error().code != ErrorCode::not_found) return bytes.error();
    const Status fed = bytes.ok() ? refresh.feed(*bytes) : refresh.not_found();
    FB_TRY(store(desk.home, refresh));
    if (!fed.ok() && !refresh.complete()) return fed;
  }
  return {};
}

}  // namespace

Result<tuf::TrustedSet> refresh_trust(Desk& desk) {
  const Instant now = desk.clock.wall();
  FB_ASSIGN(auto start, from_cache(desk.home, now));
  FB_ASSIGN(auto refresh, tuf::Refresh::begin(std::move(start)));
  FB_TRY(drive(desk, refresh));
  FB_TRY(desk.home.write_atomic(std::string(kSyncedAt), to_rfc3339(now)));
  return refresh.trusted();
}

Result<tuf::TrustedSet> cached_trust(port::Files& home) {
  FB_ASSIGN(const Instant at, synced_at(home));
  FB_ASSIGN(const auto start, from_cache(home, at));
  return tuf::trust_stored(start);
}

Result<std::string> trusted_file(Desk& desk, const tuf::TrustedSet& trusted,
                                 std::string_view path) {
  const auto* targets = trusted.targets();
  const auto found = targets == nullptr ? decltype(targets->body.targets.end()){}
                                        : targets->body.targets.find(path);
  if (targets == nullptr || found == targets->body.targets.end()) {
    return Error{ErrorCode::not_found, std::string(path) + " is not among the top-level targets"};
  }
  const tuf::TargetFile& file = found->second;
  FB_ASSIGN(const Digest digest, file.sha256());
  const std::string name = "targets/" + tuf::hashed_name(path, digest.hex());
  const auto max_bytes = static_cast<std::size_t>(file.length);
  for (const std::string& place : {"cache/" + name, "repository/" + name}) {
    auto bytes = desk.home.read(place, max_bytes);
    if (bytes.ok() && tuf::check_content(*bytes, file.length, file.hashes).ok()) return bytes;
  }
  FB_ASSIGN(std::string bytes, desk.server.static_file(name, max_bytes));
  FB_TRY(tuf::check_content(bytes, file.length, file.hashes));
  FB_TRY(desk.home.write_atomic("cache/" + name, bytes));
  return bytes;
}

Result<Instant> synced_at(port::Files& home) {
  const auto text = home.read(std::string(kSyncedAt), 64);
  if (text.ok()) return parse_rfc3339(*text);
  return Error{
      ErrorCode::not_found,
      "nothing is known of the fleet yet; run `firebreak sync` once while the server is reachable"};
}

}  // namespace fb::publisher
