#include "tuf/refresh.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "tuf/names.h"

namespace fb::tuf {
namespace {

const std::string* find_stored(const RefreshStart& start, std::string_view role) {
  const auto found = start.stored.find(role);
  return found == start.stored.end() ? nullptr : &found->second;
}

// 5.2. The stored root came here through the chain that began at a pinned one; whoever can write
// the store could replace this program as well. A package may bring a pinned root that is newer.
Result<TrustedSet> newest_known_root(const RefreshStart& start) {
  FB_ASSIGN(auto pinned, TrustedSet::from_root(start.pinned_root).in("pinned root"));
  const std::string* bytes = find_stored(start, kRoot);
  if (bytes == nullptr) return pinned;
  auto stored = TrustedSet::from_root(*bytes);
  if (!stored.ok() || stored->root().body.version <= pinned.root().body.version) return pinned;
  return stored;
}

Result<const std::string*> need_stored(const RefreshStart& start, std::string_view role) {
  if (const std::string* bytes = find_stored(start, role)) return bytes;
  return Error{ErrorCode::not_found, "no " + std::string(role) + " metadata is stored here"};
}

const MetaFile* listed(const TrustedSet& trusted, std::string_view role) {
  const auto& meta = trusted.snapshot()->body.meta;
  const auto found = meta.find(role);
  return found == meta.end() ? nullptr : &found->second;
}

Error not_listed(const TrustedSet& trusted, std::string_view role) {
  return {ErrorCode::not_found, "snapshot version " +
                                    std::to_string(trusted.snapshot()->body.version) +
                                    " does not list " + std::string(role)};
}

}  // namespace

Result<Refresh> Refresh::begin(RefreshStart start) {
  FB_ASSIGN(auto trusted, newest_known_root(start));
  return Refresh(std::move(start), std::move(trusted));
}

Refresh::Refresh(RefreshStart start, TrustedSet trusted)
    : start_(std::move(start)), trusted_(std::move(trusted)) {
  const std::string* stored = find_stored(start_, kRoot);
  if (stored == nullptr || *stored != trusted_.root().bytes) keep(kRoot, trusted_.root().bytes);
}

std::optional<Need> Refresh::next() const {
  switch (stage_) {
    case Stage::roots: {
      const std::int64_t version = trusted_.root().body.version + 1;
      return Need{std::string(kRoot), version, metadata_path(kRoot, version), limits::kRootBytes,
                  IfMissing::ends_the_chain};
    }
    case Stage::timestamp:
      return Need{std::string(kTimestamp),
                  {},
                  metadata_path(kTimestamp, {}),
                  limits::kTimestampBytes,
                  IfMissing::fails};
    case Stage::snapshot: return need_listed(kSnapshot, trusted_.timestamp()->body.snapshot);
    case Stage::targets: return need_listed(kTargets, *listed(trusted_, kTargets));
    case Stage::delegated:
      if (pending_.empty()) return {};
      return need_listed(pending_.front().role, *listed(trusted_, pending_.front().role));
    case Stage::failed: return {};
  }
  FB_CHECK(false);
}

Need Refresh::need_listed(std::string_view role, const MetaFile& meta) const {
  const bool prefixed = trusted_.root().body.consistent_snapshot;
  std::size_t most = max_bytes(role);
  if (meta.length) most = std::min(most, static_cast<std::size_t>(*meta.length));
  return {std::string(role), meta.version,
          metadata_path(role, prefixed ? std::optional(meta.version) : std::nullopt), most,
          IfMissing::fails};
}

Status Refresh::feed(std::string_view bytes) {
  const auto need = next();
  if (!need) return Error{ErrorCode::conflict, "no metadata was asked for"};
  if (bytes.size() > need->max_bytes) {
    return conclude(Error{ErrorCode::too_large, need->path + ": more than " +
                                                    std::to_string(need->max_bytes) + " bytes"});
  }
  return conclude(accept(bytes));
}

Status Refresh::not_found() {
  const auto need = next();
  if (!need) return Error{ErrorCode::conflict, "no metadata was asked for"};
  if (need->if_missing == IfMissing::ends_the_chain) return conclude(end_root_chain());
  return conclude(Error{ErrorCode::not_found, need->path + " is not in the repository"});
}

Status Refresh::want(std::string_view role, std::string_view delegator) {
  if (!complete())
    return Error{ErrorCode::conflict, "delegated roles come after the top-level roles"};
  if (listed(trusted_, role) == nullptr) return not_listed(trusted_, role);
  FB_TRY(trusted_.check_delegation(role, delegator));
  failures_.erase(std::string(role));
  pending_.push_back({std::string(role), std::string(delegator)});
  settle_from_store();
  return {};
}

std::vector<AcceptedFile> Refresh::take_accepted() { return std::exchange(accepted_, {}); }

Status Refresh::accept(std::string_view bytes) {
  switch (stage_) {
    case Stage::roots: return accept_root(bytes);
    case Stage::timestamp: return accept_timestamp(bytes);
    case Stage::snapshot: return accept_snapshot(bytes);
    case Stage::targets: return accept_targets(bytes);
    case Stage::delegated: return accept_delegated(bytes);
    case Stage::failed: break;
  }
  FB_CHECK(false);
}

Status Refresh::accept_root(std::string_view bytes) {
  FB_TRY(trusted_.update_root(bytes));
  keep(kRoot, bytes);
  ++rotations_;
  return rotations_ < limits::kRootRotations ? Status() : end_root_chain();
}

// The stored timestamp is tried first: even when it has expired, nothing older than it is accepted
// from then on.
Status Refresh::end_root_chain() {
  FB_TRY(trusted_.check_root_fresh(start_.now));
  if (const std::string* bytes = find_stored(start_, kTimestamp)) {
    (void)trusted_.update_timestamp(*bytes, start_.now).ok();  // a bad one is fetched anyway
  }
  stage_ = Stage::timestamp;
  return {};
}

Status Refresh::accept_timestamp(std::string_view bytes) {
  FB_ASSIGN(const auto change, trusted_.update_timestamp(bytes, start_.now));
  if (change == TimestampChange::newer) keep(kTimestamp, bytes);
  return enter_snapshot();
}

Status Refresh::enter_snapshot() {
  stage_ = Stage::snapshot;
  const std::string* bytes = find_stored(start_, kSnapshot);
  if (bytes == nullptr || !trusted_.update_snapshot(*bytes, start_.now, Source::own_store).ok())
    return {};
  return enter_targets();
}

Status Refresh::accept_snapshot(std::string_view bytes) {
  FB_TRY(trusted_.update_snapshot(bytes, start_.now, Source::repository));
  keep(kSnapshot, bytes);
  return enter_targets();
}

Status Refresh::enter_targets() {
  if (listed(trusted_, kTargets) == nullptr) return not_listed(trusted_, kTargets);
  stage_ = Stage::targets;
  const std::string* bytes = find_stored(start_, kTargets);
  if (bytes != nullptr && trusted_.update_targets(*bytes, start_.now).ok()) enter_delegated();
  return {};
}

Status Refresh::accept_targets(std::string_view bytes) {
  FB_TRY(trusted_.update_targets(bytes, start_.now));
  keep(kTargets, bytes);
  enter_delegated();
  return {};
}

void Refresh::enter_delegated() {
  stage_ = Stage::delegated;
  const Delegations& delegations = trusted_.targets()->body.delegations;
  for (const std::string& role : start_.wanted) {
    const bool there = delegations.find(role) != nullptr && listed(trusted_, role) != nullptr;
    if (there) pending_.push_back({role, std::string(kTargets)});
  }
  settle_from_store();
}

Status Refresh::accept_delegated(std::string_view bytes) {
  const NeedRole need = pending_.front();
  FB_TRY(trusted_.update_delegated(need.role, need.delegator, bytes, start_.now));
  keep(need.role, bytes);
  pending_.pop_front();
  settle_from_store();
  return {};
}

// Drops from the front what needs no fetching.
void Refresh::settle_from_store() {
  while (!pending_.empty() && settled_from_store(pending_.front())) pending_.pop_front();
}

bool Refresh::settled_from_store(const NeedRole& need) {
  if (trusted_.vouched(need.role, need.delegator)) return true;
  if (const auto* loaded = trusted_.targets(need.role)) {  // through another delegator
    return trusted_.update_delegated(need.role, need.delegator, loaded->bytes, start_.now).ok();
  }
  const std::string* bytes = find_stored(start_, need.role);
  return bytes != nullptr &&
         trusted_.update_delegated(need.role, need.delegator, *bytes, start_.now).ok();
}

Status Refresh::conclude(Status outcome) {
  if (outcome.ok()) return outcome;
  if (stage_ != Stage::delegated) {
    stage_ = Stage::failed;
    return outcome;
  }
  failures_.emplace(pending_.front().role, outcome.error());
  pending_.pop_front();
  settle_from_store();
  return outcome;
}

void Refresh::keep(std::string_view role, std::string_view bytes) {
  accepted_.push_back({std::string(role), std::string(bytes)});
}

Result<TrustedSet> trust_stored(const RefreshStart& start) {
  FB_ASSIGN(auto trusted, newest_known_root(start));
  FB_ASSIGN(const auto* timestamp, need_stored(start, kTimestamp));
  FB_TRY(trusted.update_timestamp(*timestamp, start.now));
  FB_ASSIGN(const auto* snapshot, need_stored(start, kSnapshot));
  FB_TRY(trusted.update_snapshot(*snapshot, start.now, Source::own_store));
  FB_ASSIGN(const auto* targets, need_stored(start, kTargets));
  FB_TRY(trusted.update_targets(*targets, start.now));
  for (const std::string& role : start.wanted) {
    const std::string* bytes = find_stored(start, role);
    if (bytes == nullptr) continue;
    (void)trusted.update_delegated(role, kTargets, *bytes, start.now)
        .ok();  // one bad role leaves the others standing
  }
  return trusted;
}

ReplyVerdict feed_timestamp_from_reply(TrustedSet& trusted, const TimestampReply& reply,
                                       TrustedNow now) {
  const std::int64_t root = trusted.root().body.version;
  if (reply.newest_root > root) {
    return {ReplyAction::full_refresh, "root version " + std::to_string(reply.newest_root) +
                                           " is out; version " + std::to_string(root) +
                                           " is trusted here"};
  }
  const auto change = trusted.renew_timestamp(reply.timestamp, now);
  if (!change.ok()) return {ReplyAction::full_refresh, change.error().detail};
  if (const Status fresh = trusted.check_all_fresh(now); !fresh.ok()) {
    return {ReplyAction::full_refresh, fresh.error().detail};
  }
  const bool same = *change == TimestampChange::same;
  return {same ? ReplyAction::nothing : ReplyAction::store_timestamp,
          "timestamp version " + std::to_string(trusted.timestamp()->body.version)};
}

}  // namespace fb::tuf
