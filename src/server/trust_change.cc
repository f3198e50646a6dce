#include "server/trust_change.h"

#include <array>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "statement/log_trust.h"
#include "statement/people.h"
#include "statement/revocation.h"
#include "statement/speed.h"
#include "tuf/names.h"

namespace fb::server {
namespace {

constexpr std::array<const char*, 5> kRoles{"root", "targets", "core", "content", "flags"};

// What the new targets file says that the published one does not: path → bytes.
using TrustFiles = std::map<std::string, std::string>;

Result<TrustFiles> new_trust_files(const World& world, const std::string& metadata,
                                   const TrustParts& parts) {
  FB_ASSIGN(const auto before, world.repository->newest_targets("targets"));
  FB_ASSIGN(const auto after, tuf::decode_targets(metadata));
  TrustFiles out;
  for (const auto& [path, file] : after.body.targets) {
    const auto known = before.targets.find(path);
    if (known != before.targets.end() && known->second == file) continue;
    if (!path.starts_with("trust/"))
      return Error{ErrorCode::forbidden, "top-level targets sign trust/ only, not " + path};
    FB_ASSIGN(const Digest digest, file.sha256());
    auto bytes = parts.blobs(digest);
    if (!bytes.ok()) return bytes.error().in(path);
    FB_TRY(tuf::check_content(*bytes, file.length, file.hashes).in(path));
    out.emplace(path, std::move(bytes).value());
  }
  return out;
}

// A file that the server or a device could not read any more must not be published.
Status check_trust_file(const World& world, const std::string& path, const std::string& bytes,
                        const TrustParts& parts) {
  if (path == statement::kPeoplePath) {
    const auto people = statement::decode_people(bytes);
    return people.ok() ? Status() : people.error().in(path);
  }
  if (path == statement::kLimitsPath) {
    const auto limits = statement::decode_limits(bytes);
    return limits.ok() ? Status() : limits.error().in(path);
  }
  if (path == statement::kRevokedPath) {
    const auto revocations = statement::decode_revocations(bytes);
    return revocations.ok() ? Status() : revocations.error().in(path);
  }
  if (path != statement::kLogTrustPath) return {};
  FB_ASSIGN(const auto log, statement::decode_log_trust(bytes));
  if (log.origin != world.log->origin()) {
    return Error{ErrorCode::conflict, path + " calls the log " + log.origin + "; it is " +
                                          world.log->origin() + ", and keeps its name"};
  }
  if (log.keys.contains(parts.log_key)) return {};
  return Error{ErrorCode::conflict,
               path +
                   " does not name the key that this server signs its log with; devices would "
                   "refuse every permit"};
}

// Roles below targets are signed anew here, never extended: a release is submitted on its own.
Status check_same_targets(const World& world, const std::string& role,
                          const std::string& metadata) {
  FB_ASSIGN(const auto before, world.repository->newest_targets(role));
  FB_ASSIGN(const auto after, tuf::decode_targets(metadata, role));
  if (before.targets == after.body.targets) return {};
  return Error{ErrorCode::malformed,
               role +
                   " names other targets than what is published; releases are submitted with "
                   "POST /api/v1/releases"};
}

Status check_delegated(const World& world, const TrustChange& change) {
  for (const auto& [role, metadata] : change.files) {
    if (role != "root" && role != "targets") FB_TRY(check_same_targets(world, role, metadata));
  }
  return {};
}

Result<json::Value> versions_of(const TrustChange& change) {
  json::Value out = json::Value::object();
  for (const auto& [role, metadata] : change.files) {
    FB_ASSIGN(const json::Value whole, json::parse(metadata, {.bytes = limits::kTargetsBytes}));
    out[role] = {{"version", whole.at("signed").at("version")},
                 {"sha256", crypto::sha256(metadata).hex()}};
  }
  return out;
}

}  // namespace

Result<TrustChange> decode_trust_change(std::string_view body) {
  FB_ASSIGN(const json::Value value,
            json::parse(body, {limits::kManagementBodyBytes * 2, limits::kJsonDepth}));
  json::Reader in(value, "metadata");
  json::Reader files = in.object("files");
  TrustChange change;
  for (const char* role : kRoles) {
    if (files.has(role)) change.files[role] = files.string(role, limits::kTargetsBytes);
  }
  FB_TRY(in.done());
  if (change.files.empty())
    return Error{ErrorCode::malformed, "metadata.files: at least one role is expected"};
  return change;
}

Result<json::Value> take_trust_change(World& world, const TrustChange& change,
                                      const TrustParts& parts, Transaction& tx, Instant now) {
  FB_TRY(check_delegated(world, change));
  TrustFiles trust;
  const auto targets = change.files.find("targets");
  if (targets != change.files.end()) {
    FB_ASSIGN(trust, new_trust_files(world, targets->second, parts));
  }
  for (const auto& [path, bytes] : trust) FB_TRY(check_trust_file(world, path, bytes, parts));
  FB_ASSIGN(auto publication, world.repository->compose(change.files, now));
  FB_ASSIGN(json::Value versions, versions_of(change));
  for (const auto& [path, bytes] : trust) FB_TRY(world.repository->write_target(path, bytes));

  const auto people = trust.find(std::string(statement::kPeoplePath));
  if (people != trust.end()) {
    FB_ASSIGN(world.people, statement::decode_people(people->second));
    world.releases->forget_words_but_of(world.people, now);
  }
  const auto revoked = trust.find(std::string(statement::kRevokedPath));
  if (revoked != trust.end()) {
    FB_TRY(world.bans.take(revoked->second, tx));
    FB_TRY(world.rollouts->obey_bans(tx, now));
  }
  tx.log(now, "trust", {{"roles", versions}});
  world.repository->adopt(std::move(publication), tx);
  return json::Value{{"roles", std::move(versions)}};
}

}  // namespace fb::server
