#include "server/repository.h"

#include <array>
#include <charconv>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "tuf/names.h"

namespace fb::server {
namespace {

constexpr std::array<const char*, 4> kOffline{"targets", "core", "content", "flags"};
constexpr std::string_view kSpace = "tuf";
// Renewed long before they expire, so that a server that is down for a night loses nobody.
constexpr Millis kTimestampAge = hours(1);
constexpr Millis kSnapshotAge = days(1);

// The version in "12.content.json" when it is a file of `role`; 0 otherwise.
std::int64_t version_of(const std::string& name, const std::string& role) {
  const std::string ending = "." + role + ".json";
  if (!name.ends_with(ending)) return 0;
  std::int64_t version = 0;
  const char* end = name.data() + name.size() - ending.size();
  const auto [stop, failure] = std::from_chars(name.data(), end, version);
  return failure == std::errc() && stop == end ? version : 0;
}

std::string root_record(std::int64_t version) { return "root." + std::to_string(version); }

std::string metadata_file(const std::string& role, std::int64_t version) {
  return "metadata/" + tuf::metadata_path(role, version);
}

}  // namespace

Result<tuf::Signers> Repository::signers_of(const std::string& role,
                                            const Publication& publication) const {
  if (role == "rollouts") {
    FB_ASSIGN(const auto targets, tuf::decode_targets(publication.roles.at("targets")));
    const auto* named = targets.body.delegations.find(role);
    if (named == nullptr)
      return Error{ErrorCode::conflict, "top-level targets delegate nothing to rollouts"};
    return signers_.rollouts.named_by(*named, role);
  }
  FB_ASSIGN(const auto root, tuf::decode_root(publication.roots.rbegin()->second));
  const RoleSigners& ours = role == tuf::kSnapshot ? signers_.snapshot : signers_.timestamp;
  return ours.named_by(root.body.roles.at(role), role);
}

Result<std::string> Repository::sign_snapshot(const Publication& over, std::int64_t version,
                                              Instant now) {
  FB_ASSIGN(const auto signers, signers_of("snapshot", over));
  FB_ASSIGN(const auto body,
            tuf::compose_snapshot(over.roles, {version, now + tuf::Lifetimes().snapshot}));
  return tuf::sign_file(tuf::encode(body), signers);
}

Result<std::string> Repository::sign_timestamp(const Publication& over, std::int64_t version,
                                               Instant now) {
  FB_ASSIGN(const auto signers, signers_of("timestamp", over));
  FB_ASSIGN(const auto body,
            tuf::compose_timestamp(over.snapshot, {version, now + tuf::Lifetimes().timestamp}));
  return tuf::sign_file(tuf::encode(body), signers);
}

Result<std::string> Repository::sign_rollouts(const Publication& over,
                                              const json::Value& signed_part) {
  FB_ASSIGN(const auto signers, signers_of("rollouts", over));
  return tuf::sign_file(signed_part, signers);
}

Result<std::string> Repository::first_rollouts(const Publication& over, Instant now) {
  tuf::Targets empty;
  empty.version = 1;
  empty.expires = now + tuf::Lifetimes().rollouts;
  return sign_rollouts(over, tuf::encode(empty));
}

// A change of targets may name other keys for rollouts: what they said is said again with those, or
// devices would have no plan and no list of blocks.
Status Repository::keep_rollouts_signed(Publication& next, Instant now) {
  FB_ASSIGN(const auto targets, tuf::decode_targets(next.roles.at("targets")));
  FB_ASSIGN(const auto said, tuf::decode_targets(next.roles.at("rollouts"), "rollouts"));
  const auto* named = targets.body.delegations.find("rollouts");
  if (named == nullptr) return {};
  const auto valid = crypto::valid_signers(targets.body.delegations.keys, named->keyids,
                                           said.signed_bytes, said.signatures);
  if (static_cast<std::int64_t>(valid.size()) >= named->threshold) return {};
  FB_ASSIGN(const auto signed_part,
            tuf::next_targets(next.roles.at("rollouts"), {}, now + tuf::Lifetimes().rollouts));
  FB_ASSIGN(next.roles["rollouts"], sign_rollouts(next, signed_part));
  return {};
}

// At the start, so that nobody learns of a missing key an hour later.
Status Repository::check_keys(const Publication& publication) const {
  for (const char* role : {"rollouts", "snapshot", "timestamp"}) {
    const auto signers = signers_of(role, publication);
    if (!signers.ok()) return signers.error();
  }
  return {};
}

Result<std::unique_ptr<Repository>> Repository::open(port::Files& files, port::Store& store,
                                                     const OnlineSigners& signers, Instant now) {
  std::unique_ptr<Repository> repository(new Repository(files, signers));
  FB_TRY(repository->load_roles(store, now));
  return repository;
}

// The newest root on the disk, and those beyond it that a crash left in the store alone.
Status Repository::load_roots(port::Store& store, Publication& publication) {
  FB_ASSIGN(std::string bytes, newest("root"));
  auto trusted = tuf::TrustedSet::from_root(bytes);
  if (!trusted.ok()) return trusted.error().in("metadata/*.root.json");
  std::int64_t version = trusted->root().body.version;
  publication.roots.emplace(version, std::move(bytes));
  while (true) {
    FB_ASSIGN(auto next, store.get(std::string(kSpace), root_record(version + 1)));
    if (!next) return {};
    FB_TRY(follow_root(publication, *next));
    ++version;
  }
}

// Both thresholds, and exactly one version up: devices take every root in turn.
Status Repository::follow_root(Publication& publication, const std::string& bytes) {
  FB_ASSIGN(auto trusted, tuf::TrustedSet::from_root(publication.roots.rbegin()->second));
  FB_TRY(trusted.update_root(bytes));
  publication.roots.emplace(trusted.root().body.version, bytes);
  return {};
}

Result<std::string> Repository::newest(const std::string& role) {
  FB_ASSIGN(const auto names, files_.list("metadata"));
  std::int64_t version = 0;
  for (const std::string& name : names) version = std::max(version, version_of(name, role));
  if (version == 0) {
    return Error{ErrorCode::not_found,
                 "the repository has no metadata/<version>." + role +
                     ".json; `firebreak init` makes one, or restore it from the publisher's copy"};
  }
  return files_.read(metadata_file(role, version), limits::kTargetsBytes);
}

Status Repository::load_roles(port::Store& store, Instant now) {
  Publication publication;
  FB_TRY(load_roots(store, publication));
  for (const std::string role : kOffline) {
    FB_ASSIGN(auto stored, store.get(std::string(kSpace), role));
    if (stored) {
      publication.roles[role] = std::move(*stored);
    } else {
      FB_ASSIGN(publication.roles[role], newest(role));
    }
  }
  FB_ASSIGN(auto rollouts, store.get(std::string(kSpace), "rollouts"));
  FB_ASSIGN(auto snapshot, store.get(std::string(kSpace), "snapshot"));
  FB_ASSIGN(auto timestamp, store.get(std::string(kSpace), "timestamp"));
  if (rollouts && snapshot && timestamp) {
    publication.roles["rollouts"] = std::move(*rollouts);
    publication.snapshot = std::move(*snapshot);
    publication.timestamp = std::move(*timestamp);
  } else {
    FB_ASSIGN(publication.roles["rollouts"], first_rollouts(publication, now));
    FB_ASSIGN(publication.snapshot, sign_snapshot(publication, 1, now));
    FB_ASSIGN(publication.timestamp, sign_timestamp(publication, 1, now));
    Transaction first({});
    adopt(publication, first);
    FB_TRY(store.commit(first.batch()));
  }
  FB_TRY(check_keys(publication));
  auto trusted = verify(publication);
  if (!trusted.ok()) return trusted.error().in("the repository would be refused by every device");
  make_current(std::move(publication), std::move(trusted).value());
  // Online roles that expired while nobody was here are ours to sign anew; durable first, as every
  // publication.
  Transaction renewed({});
  FB_TRY(renew_if_due(renewed, now));
  FB_TRY(store.commit(renewed.batch()));
  return publish();
}

// Signatures, versions and digests; who may still be believed is a question of time, and asked
// elsewhere.
Result<tuf::TrustedSet> Repository::verify(const Publication& publication) {
  const tuf::TrustedNow trusted_now{};
  FB_ASSIGN(auto trusted, tuf::TrustedSet::from_root(publication.roots.rbegin()->second));
  FB_TRY(trusted.check_root_fresh(trusted_now));
  FB_ASSIGN([[maybe_unused]] const auto change,
            trusted.update_timestamp(publication.timestamp, trusted_now));
  FB_TRY(trusted.update_snapshot(publication.snapshot, trusted_now, tuf::Source::repository));
  FB_TRY(trusted.update_targets(publication.roles.at("targets"), trusted_now));
  for (const auto& [role, bytes] : publication.roles) {
    if (role != "targets")
      FB_TRY(trusted.update_delegated(role, tuf::kTargets, bytes, trusted_now));
  }
  return trusted;
}

Result<Publication> Repository::compose(const RoleFiles& changed, Instant now) {
  FB_ASSIGN(const auto old_snapshot, tuf::decode_snapshot(publication_.snapshot));
  FB_ASSIGN(const auto old_timestamp, tuf::decode_timestamp(publication_.timestamp));
  Publication next{publication_.roots, publication_.roles, {}, {}};
  for (const auto& [role, bytes] : changed) {
    if (role == tuf::kRoot) {
      FB_TRY(follow_root(next, bytes));
      continue;
    }
    FB_TRY(check_next(next, role, bytes, now));
    next.roles[role] = bytes;
  }
  FB_TRY(keep_rollouts_signed(next, now));
  FB_ASSIGN(next.snapshot, sign_snapshot(next, old_snapshot.body.version + 1, now));
  FB_ASSIGN(next.timestamp, sign_timestamp(next, old_timestamp.body.version + 1, now));
  if (const auto verified = verify(next); !verified.ok()) return verified.error();
  return next;
}

Status Repository::check_next(const Publication& before, const std::string& role,
                              const std::string& bytes, Instant now) {
  FB_ASSIGN(const auto document, tuf::decode_targets(bytes, role));
  FB_ASSIGN(const auto known, tuf::decode_targets(before.roles.at(role), role));
  if (document.body.version != known.body.version + 1) {
    return Error{ErrorCode::rolled_back, role + " version " +
                                             std::to_string(document.body.version) + " where " +
                                             std::to_string(known.body.version + 1) +
                                             " comes next; somebody else published in between: "
                                             "sign again"};
  }
  if (now < document.body.expires) return {};
  return Error{ErrorCode::expired, role + " version " + std::to_string(document.body.version) +
                                       " expired at " + to_rfc3339(document.body.expires) +
                                       "; sign again"};
}

Result<std::optional<std::string>> Repository::next_rollouts(
    const std::map<std::string, std::string>& files, Instant now) {
  FB_ASSIGN(const auto before, tuf::decode_targets(publication_.roles.at("rollouts"), "rollouts"));
  tuf::TargetChanges changes;
  for (const auto& [path, bytes] : files) {
    const auto it = before.body.targets.find(path);
    auto described = tuf::describe(bytes);
    if (it == before.body.targets.end() || it->second != described)
      changes.add.emplace(path, std::move(described));
    FB_TRY(write_target(path, bytes));
  }
  for (const auto& [path, file] : before.body.targets) {
    if (!files.contains(path)) changes.remove.insert(path);
  }
  const bool fresh = now < before.body.expires - tuf::Lifetimes().rollouts / 2;
  if (changes.add.empty() && changes.remove.empty() && fresh) return std::optional<std::string>();
  FB_ASSIGN(const auto signed_part, tuf::next_targets(publication_.roles.at("rollouts"), changes,
                                                      now + tuf::Lifetimes().rollouts));
  FB_ASSIGN(auto bytes, sign_rollouts(publication_, signed_part));
  return std::optional<std::string>(std::move(bytes));
}

Result<tuf::Targets> Repository::newest_targets(const std::string& role) const {
  FB_ASSIGN(auto document, tuf::decode_targets(publication_.roles.at(role), role));
  return std::move(document.body);
}

void Repository::adopt(Publication publication, Transaction& tx) {
  for (const auto& [role, bytes] : publication.roles) tx.put(std::string(kSpace), role, bytes);
  const std::int64_t newest = publication_.roots.empty() ? 0 : publication_.roots.rbegin()->first;
  for (const auto& [version, bytes] : publication.roots) {
    if (version > newest) tx.put(std::string(kSpace), root_record(version), bytes);
  }
  tx.put(std::string(kSpace), "snapshot", publication.snapshot);
  tx.put(std::string(kSpace), "timestamp", publication.timestamp);
  publication_ = std::move(publication);
  unpublished_ = true;
}

Status Repository::publish() {
  const auto put = [&](const std::string& role, std::int64_t version,
                       const std::string& bytes) -> Status {
    const std::string path = metadata_file(role, version);
    if (files_.size(path).ok()) return {};
    return files_.write_atomic(path, bytes);
  };
  for (const auto& [version, bytes] : publication_.roots) FB_TRY(put("root", version, bytes));
  for (const auto& [role, bytes] : publication_.roles) {
    FB_ASSIGN(const auto document, tuf::decode_targets(bytes, role));
    FB_TRY(put(role, document.body.version, bytes));
  }
  FB_ASSIGN(const auto snapshot, tuf::decode_snapshot(publication_.snapshot));
  FB_TRY(put("snapshot", snapshot.body.version, publication_.snapshot));
  FB_TRY(files_.write_atomic("metadata/timestamp.json", publication_.timestamp));

  auto trusted = verify(publication_);
  if (!trusted.ok()) return trusted.error();
  make_current(publication_, std::move(trusted).value());
  unpublished_ = false;
  return {};
}

void Repository::make_current(Publication publication, tuf::TrustedSet trusted) {
  publication_ = std::move(publication);
  trusted_ = std::move(trusted);
  auto current = std::make_shared<Current>();
  current->timestamp = publication_.timestamp;
  current->root_version = trusted_->root().body.version;
  const std::lock_guard lock(mutex_);
  current_ = std::move(current);
}

std::vector<RoleExpiry> Repository::expiries() const {
  std::vector<RoleExpiry> out{{"root", trusted_->root().body.expires}};
  if (trusted_->timestamp()) out.push_back({"timestamp", trusted_->timestamp()->body.expires});
  if (trusted_->snapshot()) out.push_back({"snapshot", trusted_->snapshot()->body.expires});
  for (const auto& [role, bytes] : publication_.roles) {
    if (const auto* loaded = trusted_->targets(role)) out.push_back({role, loaded->body.expires});
  }
  return out;
}

std::shared_ptr<const Repository::Current> Repository::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Status Repository::write_target(const std::string& path, std::string_view bytes) {
  FB_ASSIGN(const auto target, tuf::TargetPath::parse(path));
  const std::string file = "targets/" + target.hashed(crypto::sha256(bytes));
  if (files_.size(file).ok()) return {};
  return files_.write_atomic(file, bytes);
}

Result<std::string> Repository::read_target(const std::string& path, std::size_t max_bytes) {
  FB_ASSIGN(const auto search, trusted_->find_target(path));
  const auto* found = std::get_if<tuf::FoundTarget>(&search);
  if (found == nullptr) return Error{ErrorCode::not_found, "the repository has no target " + path};
  FB_ASSIGN(const Digest digest, found->file.sha256());
  FB_ASSIGN(const auto target, tuf::TargetPath::parse(path));
  FB_ASSIGN(auto bytes, files_.read("targets/" + target.hashed(digest), max_bytes));
  FB_TRY(tuf::check_content(bytes, found->file.length, found->file.hashes));
  return bytes;
}

Status Repository::renew_if_due(Transaction& tx, Instant now) {
  FB_ASSIGN(const auto timestamp_file, tuf::decode_timestamp(publication_.timestamp));
  FB_ASSIGN(const auto snapshot_file, tuf::decode_snapshot(publication_.snapshot));
  const auto& timestamp = timestamp_file.body;
  const auto& snapshot = snapshot_file.body;
  const Instant timestamp_signed = timestamp.expires - tuf::Lifetimes().timestamp;
  const Instant snapshot_signed = snapshot.expires - tuf::Lifetimes().snapshot;
  FB_ASSIGN(const auto rollouts, newest_targets("rollouts"));
  if (now >= rollouts.expires - tuf::Lifetimes().rollouts / 2) {
    FB_ASSIGN(const auto signed_part, tuf::next_targets(publication_.roles.at("rollouts"), {},
                                                        now + tuf::Lifetimes().rollouts));
    FB_ASSIGN(auto bytes, sign_rollouts(publication_, signed_part));
    FB_ASSIGN(auto renewed, compose({{"rollouts", std::move(bytes)}}, now));
    adopt(std::move(renewed), tx);
    return {};
  }
  if (now - timestamp_signed < kTimestampAge) return {};
  Publication next = publication_;
  if (now - snapshot_signed >= kSnapshotAge) {
    FB_ASSIGN(next.snapshot, sign_snapshot(next, snapshot.version + 1, now));
  }
  FB_ASSIGN(next.timestamp, sign_timestamp(next, timestamp.version + 1, now));
  adopt(std::move(next), tx);
  return {};
}

}  // namespace fb::server
