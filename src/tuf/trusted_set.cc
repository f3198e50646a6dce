#include "tuf/trusted_set.h"

#include <algorithm>

#include "base/limits.h"
#include "tuf/names.h"

namespace fb::tuf {
namespace {

std::string in_words(std::string_view role, std::int64_t version) {
  return std::string(role) + " version " + std::to_string(version);
}

RoleSigners signers_of(const crypto::KeyMap& keys, const RoleKeys& role) {
  RoleSigners signers{.keys = {}, .keyids = role.keyids, .threshold = role.threshold};
  for (const auto& [id, key] : keys) {
    if (role.keyids.contains(id)) signers.keys.emplace(id, key);
  }
  return signers;
}

RoleSigners signers_of(const Root& root, std::string_view role) {
  const auto found = root.roles.find(role);
  FB_CHECK(found != root.roles.end());  // decode_root requires all four
  return signers_of(root.keys, found->second);
}

// `whose` says who named the keys: with a root there are two answers.
template <class Body>
Status check_signatures(const Document<Body>& document, const RoleSigners& signers,
                        std::string_view what, std::string_view whose) {
  const auto valid = crypto::valid_signers(signers.keys, signers.keyids, document.signed_bytes,
                                           document.signatures);
  if (static_cast<std::int64_t>(valid.size()) >= signers.threshold) return {};
  return Error{ErrorCode::bad_signature,
               std::string(what) + ": signed by " + std::to_string(valid.size()) + " of the " +
                   std::to_string(signers.threshold) + " keys that " + std::string(whose) +
                   " asks for (" + std::to_string(signers.keyids.size()) + " are listed)"};
}

Status out_of_order(std::string_view what) { return Error{ErrorCode::conflict, std::string(what)}; }

// 5.5.5: every role that the trusted snapshot lists stays listed and does not go back.
Status check_meta_moved_on(const Snapshot& trusted, const Snapshot& offered) {
  for (const auto& [role, meta] : trusted.meta) {
    const std::string where = in_words(kSnapshot, offered.version);
    const auto found = offered.meta.find(role);
    if (found == offered.meta.end()) {
      return Error{ErrorCode::rolled_back, where + " no longer lists " + role +
                                               ", which snapshot version " +
                                               std::to_string(trusted.version) +
                                               " has at version " + std::to_string(meta.version)};
    }
    if (found->second.version < meta.version) {
      return Error{ErrorCode::rolled_back,
                   where + " lists " + in_words(role, found->second.version) + ", but version " +
                       std::to_string(meta.version) + " is trusted already"};
    }
  }
  return {};
}

// Puts the delegations that cover `target` on the stack, so that they come off in order of trust. A
// terminating one ends the search behind it: what was waiting is dropped as well (5.6.7.2.1).
void visit_later(const Delegations& delegations, std::string_view target,
                 const std::string& delegator, std::vector<NeedRole>& stack) {
  const auto covering = delegations.covering(target);
  if (covering.terminating) stack.clear();
  for (auto role = covering.roles.rbegin(); role != covering.roles.rend(); ++role)
    stack.push_back({*role, delegator});
}

}  // namespace

TrustedNow TrustedNow::of(std::string_view role) const {
  const bool online = role == kTimestamp || role == kSnapshot || role == kRollouts;
  return online ? TrustedNow{local - carry, authenticated_bound - carry, {}} : *this;
}

Status check_expiry(Instant expires, TrustedNow now, std::string_view what) {
  if (now.authenticated_bound >= expires) {
    return Error{ErrorCode::expired, std::string(what) + " expired at " + to_rfc3339(expires) +
                                         "; it is at least " + to_rfc3339(now.authenticated_bound)};
  }
  if (now.local >= expires) {
    return Error{ErrorCode::clock_doubtful,
                 std::string(what) + " expired at " + to_rfc3339(expires) +
                     " by the local clock alone (" + to_rfc3339(now.local) +
                     "); no authenticated time says so"};
  }
  return {};
}

Result<TrustedSet> TrustedSet::from_root(std::string_view bytes) {
  FB_ASSIGN(auto root, decode_root(bytes));
  FB_TRY(check_signatures(root, signers_of(root.body, kRoot), in_words(kRoot, root.body.version),
                          "it itself"));
  return TrustedSet(std::move(root));
}

Status TrustedSet::update_root(std::string_view bytes) {
  if (timestamp_) return out_of_order("a new root comes before the timestamp");
  FB_ASSIGN(auto offered, decode_root(bytes));
  const std::int64_t version = offered.body.version;
  const std::string what = in_words(kRoot, version);
  const std::string trusted = in_words(kRoot, root_.body.version);
  // 5.3.4: the keys we trust say so.
  FB_TRY(check_signatures(offered, signers_of(root_.body, kRoot), what, trusted));
  // 5.3.5: no step back, none left out.
  if (version != root_.body.version + 1) {
    const bool back = version <= root_.body.version;
    return Error{back ? ErrorCode::rolled_back : ErrorCode::mismatch,
                 what + " offered after version " + std::to_string(root_.body.version) +
                     "; the next one is version " + std::to_string(root_.body.version + 1)};
  }
  // 5.3.4: and so do the keys that are to be trusted from now on.
  FB_TRY(check_signatures(offered, signers_of(offered.body, kRoot), what, "it itself"));
  root_ = std::move(offered);
  return {};
}

Status TrustedSet::check_root_fresh(TrustedNow now) const {
  return check_expiry(root_.body.expires, now, in_words(kRoot, root_.body.version));
}

Result<TimestampChange> TrustedSet::update_timestamp(std::string_view bytes, TrustedNow now) {
  if (snapshot_) return out_of_order("a new timestamp comes before the snapshot").error();
  FB_TRY(check_root_fresh(now));  // 5.3.10
  FB_ASSIGN(auto offered, decode_timestamp(bytes));
  // 5.4.2
  FB_TRY(check_signatures(offered, signers_of(root_.body, kTimestamp),
                          in_words(kTimestamp, offered.body.version),
                          in_words(kRoot, root_.body.version)));
  // 5.4.3: the same version again is no news, whatever else it says.
  if (timestamp_ && offered.body.version == timestamp_->body.version) {
    FB_TRY(check_timestamp_usable(now));
    return TimestampChange::same;
  }
  FB_TRY(check_newer_timestamp(offered.body));
  timestamp_ = std::move(offered);
  FB_TRY(check_timestamp_usable(now));  // 5.4.4
  return TimestampChange::newer;
}

Status TrustedSet::check_newer_timestamp(const Timestamp& offered) const {
  if (!timestamp_) return {};
  const Timestamp& trusted = timestamp_->body;
  if (offered.version < trusted.version) {
    return Error{ErrorCode::rolled_back,
                 in_words(kTimestamp, offered.version) + " offered; version " +
                     std::to_string(trusted.version) + " is trusted already"};
  }
  if (offered.snapshot.version < trusted.snapshot.version) {
    return Error{ErrorCode::rolled_back,
                 in_words(kTimestamp, offered.version) + " names " +
                     in_words(kSnapshot, offered.snapshot.version) + "; version " +
                     std::to_string(trusted.snapshot.version) + " is trusted already"};
  }
  return {};
}

Status TrustedSet::check_timestamp_usable(TrustedNow now) const {
  return check_expiry(timestamp_->body.expires, now.of(kTimestamp),
                      in_words(kTimestamp, timestamp_->body.version));
}

Status TrustedSet::update_snapshot(std::string_view bytes, TrustedNow now, Source source) {
  if (!timestamp_) return out_of_order("a snapshot comes after the timestamp");
  if (!targets_.empty()) return out_of_order("a new snapshot comes before targets");
  FB_TRY(check_timestamp_usable(now));
  const MetaFile& named = timestamp_->body.snapshot;
  // 5.5.2
  if (source == Source::repository)
    FB_TRY(check_content(bytes, named.length, named.hashes).in(kSnapshot));
  FB_ASSIGN(auto offered, decode_snapshot(bytes));
  // 5.5.3
  FB_TRY(check_signatures(offered, signers_of(root_.body, kSnapshot),
                          in_words(kSnapshot, offered.body.version),
                          in_words(kRoot, root_.body.version)));
  // 5.5.4 for a fetched file: a wrong version leaves no trace.
  if (source == Source::repository) FB_TRY(check_newer_snapshot(offered.body));
  if (snapshot_) FB_TRY(check_meta_moved_on(snapshot_->body, offered.body));  // 5.5.5
  snapshot_ = std::move(offered);
  return check_snapshot_usable(now);
}

Status TrustedSet::check_newer_snapshot(const Snapshot& offered) const {
  if (offered.version == timestamp_->body.snapshot.version) return {};
  return Error{ErrorCode::mismatch, in_words(kSnapshot, offered.version) + " where " +
                                        in_words(kTimestamp, timestamp_->body.version) +
                                        " names version " +
                                        std::to_string(timestamp_->body.snapshot.version)};
}

// 5.5.4 and 5.5.6
Status TrustedSet::check_snapshot_usable(TrustedNow now) const {
  FB_TRY(check_newer_snapshot(snapshot_->body));
  return check_expiry(snapshot_->body.expires, now.of(kSnapshot),
                      in_words(kSnapshot, snapshot_->body.version));
}

Status TrustedSet::update_targets(std::string_view bytes, TrustedNow now) {
  if (!snapshot_) return out_of_order("targets come after the snapshot");
  if (!targets_.empty()) return out_of_order("targets are loaded already");
  FB_ASSIGN(auto document,
            verified_targets(kTargets, bytes, signers_of(root_.body, kTargets), now));
  targets_.emplace(kTargets, Loaded{std::move(document), {std::string(kRoot)}});
  return {};
}

Status TrustedSet::update_delegated(std::string_view role, std::string_view delegator,
                                    std::string_view bytes, TrustedNow now) {
  FB_ASSIGN(const auto signers, delegated_signers(role, delegator));
  FB_ASSIGN(auto document, verified_targets(role, bytes, signers, now));
  const auto known = targets_.find(role);
  if (known == targets_.end()) {
    targets_.emplace(role, Loaded{std::move(document), {std::string(delegator)}});
    return {};
  }
  if (known->second.document.bytes != document.bytes) {
    return Error{ErrorCode::mismatch,
                 std::string(role) + ": other bytes than those trusted already under one snapshot"};
  }
  known->second.vouched_by.emplace(delegator);
  return {};
}

Result<Document<Targets>> TrustedSet::verified_targets(std::string_view role,
                                                       std::string_view bytes,
                                                       const RoleSigners& signers,
                                                       TrustedNow now) const {
  FB_TRY(check_timestamp_usable(now));
  FB_TRY(check_snapshot_usable(now));
  const auto meta = snapshot_->body.meta.find(role);
  if (meta == snapshot_->body.meta.end()) {
    return Error{ErrorCode::not_found, in_words(kSnapshot, snapshot_->body.version) +
                                           " does not list " + std::string(role)};
  }
  FB_TRY(check_content(bytes, meta->second.length, meta->second.hashes).in(role));  // 5.6.2
  FB_ASSIGN(auto document, decode_targets(bytes, role));
  const std::string what = in_words(role, document.body.version);
  FB_TRY(check_signatures(document, signers, what,
                          role == kTargets ? kRoot : "its delegator"));  // 5.6.3
  if (document.body.version != meta->second.version) {                   // 5.6.4
    return Error{ErrorCode::mismatch, what + " where " +
                                          in_words(kSnapshot, snapshot_->body.version) +
                                          " names version " + std::to_string(meta->second.version)};
  }
  FB_TRY(check_expiry(document.body.expires, now.of(role), what));  // 5.6.5
  return document;
}

Result<RoleSigners> TrustedSet::delegated_signers(std::string_view role,
                                                  std::string_view delegator) const {
  const Document<Targets>* parent = targets(delegator);
  if (parent == nullptr)
    return out_of_order(std::string(role) + " comes after " + std::string(delegator)).error();
  const RoleKeys* delegated = parent->body.delegations.find(role);
  if (delegated == nullptr) {
    return Error{ErrorCode::not_found, in_words(delegator, parent->body.version) +
                                           " does not delegate to " + std::string(role)};
  }
  return signers_of(parent->body.delegations.keys, *delegated);
}

Result<TimestampChange> TrustedSet::renew_timestamp(std::string_view bytes, TrustedNow now) {
  FB_TRY(check_root_fresh(now));
  if (!timestamp_ || !snapshot_ || targets_.empty()) {
    return out_of_order("timestamp, snapshot and targets are not loaded").error();
  }
  TrustedSet ahead(root_);
  ahead.timestamp_ = timestamp_;
  FB_ASSIGN(const auto change, ahead.update_timestamp(bytes, now));
  const Timestamp& offered = ahead.timestamp_->body;
  if (offered.snapshot != timestamp_->body.snapshot) {
    return out_of_order(in_words(kTimestamp, offered.version) + " names " +
                        in_words(kSnapshot, offered.snapshot.version) + "; version " +
                        std::to_string(snapshot_->body.version) + " is loaded")
        .error();
  }
  timestamp_ = std::move(ahead.timestamp_);
  return change;
}

Status TrustedSet::check_all_fresh(TrustedNow now) const {
  FB_TRY(check_root_fresh(now));
  if (!timestamp_ || !snapshot_ || targets_.empty())
    return out_of_order("not everything is loaded");
  FB_TRY(check_timestamp_usable(now));
  FB_TRY(check_snapshot_usable(now));
  for (const auto& [role, loaded] : targets_) {
    FB_TRY(check_expiry(loaded.document.body.expires, now.of(role),
                        in_words(role, loaded.document.body.version)));
  }
  return {};
}

// 5.6.7
Result<Search> TrustedSet::find_target(std::string_view target) const {
  FB_TRY(check_target_name(target));
  if (targets_.empty()) return out_of_order("targets are not loaded").error();
  std::vector<NeedRole> to_visit{{std::string(kTargets), std::string(kRoot)}};  // the next one last
  std::set<std::string> visited;
  while (!to_visit.empty()) {
    NeedRole next = std::move(to_visit.back());
    to_visit.pop_back();
    if (!visited.insert(next.role).second) continue;  // 5.6.7.1: cycles
    if (visited.size() > static_cast<std::size_t>(limits::kDelegations)) {
      return Error{ErrorCode::too_large, "looking for " + std::string(target) +
                                             " leads through more than " +
                                             std::to_string(limits::kDelegations) + " roles"};
    }
    if (!vouched(next.role, next.delegator)) return Search(std::move(next));
    const Targets& here = targets(next.role)->body;
    if (const auto found = here.targets.find(target); found != here.targets.end()) {
      return Search(FoundTarget{found->second, next.role});
    }
    visit_later(here.delegations, target, next.role, to_visit);
  }
  return Search(NoSuchTarget{});
}

Status TrustedSet::check_delegation(std::string_view role, std::string_view delegator) const {
  FB_TRY(delegated_signers(role, delegator));
  return {};
}

Result<RoleSigners> TrustedSet::role_keys(std::string_view role) const {
  if (is_top_level(role)) return signers_of(root_.body, role);
  return delegated_signers(role, kTargets);
}

const Document<Targets>* TrustedSet::targets(std::string_view role) const {
  const auto found = targets_.find(role);
  return found == targets_.end() ? nullptr : &found->second.document;
}

bool TrustedSet::vouched(std::string_view role, std::string_view delegator) const {
  const auto found = targets_.find(role);
  return found != targets_.end() && found->second.vouched_by.contains(delegator);
}

Result<TargetFile> find_target(const TrustedSet& trusted, const std::string& path,
                               std::string_view role) {
  FB_ASSIGN(const auto search, trusted.find_target(path));
  if (const auto* found = std::get_if<FoundTarget>(&search)) {
    if (found->role == role) return found->file;
    return Error{ErrorCode::forbidden, path + " is signed by the role " + found->role + "; only " +
                                           std::string(role) + " may sign it"};
  }
  if (const auto* need = std::get_if<NeedRole>(&search)) {
    return Error{ErrorCode::unavailable,
                 path + ": the role " + need->role + " is not trusted here"};
  }
  return Error{ErrorCode::not_found, "no signed metadata lists " + path};
}

}  // namespace fb::tuf
