#include "bundle/contents.h"

#include <algorithm>

#include "audit/publication.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "tuf/names.h"
#include "tuf/refresh.h"

namespace fb::bundle {
namespace {

class Examination {
 public:
  Examination(const Archive& archive, const Judge& judge) : archive_(archive), judge_(judge) {}

  Result<Contents> run() {
    FB_ASSIGN(tuf::TrustedSet trusted, refresh());
    Contents out{std::move(trusted), {}, {}, {}, {}};
    trusted_ = &out.trusted;
    FB_TRY(check_common());
    FB_ASSIGN(const std::string bytes, archive_.read(kIndexName, limits::kBundleIndexBytes));
    members_.emplace(kIndexName);
    FB_ASSIGN(const Index index, decode_index(bytes));
    for (const Carried& each : index.releases) {
      FB_ASSIGN(auto release, check_release(each, index));
      out.releases.push_back(std::move(release));
    }
    out.tenants = index.tenants;
    out.log = log_;
    FB_TRY(check_nothing_else());
    out.members = std::move(members_);
    return out;
  }

 private:
  Result<tuf::TrustedSet> refresh() {
    FB_ASSIGN(auto run,
              tuf::Refresh::begin(
                  {judge_.pinned_root, {}, {"core", "content", "flags", "rollouts"}, judge_.now}));
    while (const auto need = run.next()) {
      const std::string name = "metadata/" + need->path;
      const auto bytes = archive_.read(name, need->max_bytes);
      if (!bytes.ok() && bytes.error().code != ErrorCode::not_found) return bytes.error();
      const Status fed = bytes.ok() ? run.feed(*bytes) : run.not_found();
      if (!fed.ok() && !run.complete()) return fed.error().in(need->path);
      if (bytes.ok()) (fed.ok() ? members_ : passed_over_).insert(name);
    }
    failures_ = run.failures();
    members_.insert("metadata/" +
                    tuf::metadata_path(tuf::kRoot, run.trusted().root().body.version));
    return run.trusted();
  }

  // A role that failed spoils what it signs, and nothing else.
  [[nodiscard]] Status check_role(std::string_view role) const {
    const auto failed = failures_.find(std::string(role));
    return failed == failures_.end() ? Status() : failed->second.in("role " + failed->first);
  }

  Status check_common() {
    FB_TRY(check_role(tuf::kRollouts));
    for (const auto& [path, role] : common_targets(*trusted_)) {
      FB_ASSIGN(const std::string bytes, small_target(path, role));
      if (path == statement::kLogTrustPath) {
        FB_ASSIGN(trust_, statement::decode_log_trust(bytes));
      } else if (path == statement::kPeoplePath) {
        FB_ASSIGN(people_, statement::decode_people(bytes));
      }
    }
    return {};
  }

  Result<std::string> small_target(const std::string& path, std::string_view role) {
    FB_ASSIGN(const auto file, find_target(*trusted_, path, role));
    FB_ASSIGN(const Digest digest, file.sha256());
    const std::string name = "targets/" + tuf::hashed_name(path, digest.hex());
    FB_ASSIGN(std::string bytes, archive_.read(name, limits::kJsonBytes));
    FB_TRY(tuf::check_content(bytes, file.length, file.hashes).in(name));
    members_.insert(name);
    return bytes;
  }

  Result<Release> check_release(const Carried& carried, const Index& index) {
    const std::string path = carried.manifest_path();
    const std::string_view role = release::owning_role(carried.kind);
    FB_TRY(check_role(role));
    FB_ASSIGN(const auto file, find_target(*trusted_, path, role));
    FB_ASSIGN(const Digest digest, file.sha256());
    if (digest != carried.release) {
      return Error{ErrorCode::mismatch, path + " is signed as " + digest.brief() +
                                            "; bundle.json calls it " + carried.release.brief()};
    }
    FB_ASSIGN(const auto mark, release::find_mark(file.custom).in(path));
    if (!mark)
      return Error{ErrorCode::conflict,
                   path + " is not marked as released by the role " + std::string(role)};
    FB_ASSIGN(const std::string bytes, small_target(path, role));
    FB_ASSIGN(auto manifest, release::decode_manifest(bytes));
    if (release::manifest_path(manifest) != path)
      return Error{ErrorCode::mismatch, path + " is the manifest of another release"};
    for (const release::Artifact& artifact : manifest.artifacts)
      FB_TRY(check_artifact(release::target_path(manifest, artifact.name), artifact, role));
    FB_TRY(check_log(carried, index));
    FB_ASSIGN(auto acts, check_acts(carried).in("an act in bundle.json"));
    return Release{carried, std::move(manifest), *mark, std::move(acts)};
  }

  Status check_artifact(const std::string& path, const release::Artifact& artifact,
                        std::string_view role) {
    FB_ASSIGN(const auto file, find_target(*trusted_, path, role));
    FB_ASSIGN(const Digest signed_digest, file.sha256());
    const std::string name = "targets/" + tuf::hashed_name(path, artifact.digest.hex());
    crypto::Sha256 hash;
    std::uint64_t size = 0;
    FB_TRY(archive_.read_pieces(name, 0, [&](std::string_view piece) -> Status {
      hash.update(piece);
      size += piece.size();
      return {};
    }));
    const bool same = hash.finish() == artifact.digest && artifact.digest == signed_digest &&
                      size == artifact.size && file.length == static_cast<std::int64_t>(size);
    if (!same) return Error{ErrorCode::mismatch, name + " is not the file that is signed"};
    members_.insert(name);
    return {};
  }

  Status check_log(const Carried& carried, const Index& index) {
    if (!trust_)
      return Error{ErrorCode::not_found, "no signed metadata names the log (trust/log.json)"};
    FB_ASSIGN(const auto checkpoint,
              audit::open_publication(*index.proof_for(carried, 0), carried.release, *trust_));
    log_ = checkpoint.tip;
    return {};
  }

  // One that ran out on its way is no forgery: devices leave it aside, and so does this.
  [[nodiscard]] Result<std::vector<statement::SignedAct>> check_acts(const Carried& carried) const {
    const Instant now = std::max(judge_.now.local, judge_.now.authenticated_bound);
    std::vector<statement::SignedAct> out;
    for (const statement::Envelope& envelope : carried.acts) {
      auto act = statement::verify_act(envelope, people_, now);
      if (!act.ok() && act.error().code == ErrorCode::expired) continue;
      if (!act.ok()) return act.error();
      if (act->act.release != carried.release) {
        return Error{ErrorCode::mismatch, "it is about " + act->act.release.brief() +
                                              ", not about " + carried.release.brief()};
      }
      out.push_back(std::move(act).value());
    }
    return out;
  }

  // Whoever unpacks a bundle must not lay out what nobody signed.
  [[nodiscard]] Status check_nothing_else() const {
    const std::int64_t root = trusted_->root().body.version;
    std::set<std::string> older = passed_over_;
    for (std::int64_t version = 1; version < root; ++version)
      older.insert("metadata/" + tuf::metadata_path(tuf::kRoot, version));
    for (const auto& [name, place] : archive_.members()) {
      if (members_.contains(name) || older.contains(name)) continue;
      return Error{ErrorCode::mismatch, name + " belongs to nothing in this bundle"};
    }
    return {};
  }

  const Archive& archive_;
  const Judge& judge_;
  const tuf::TrustedSet* trusted_ = nullptr;
  std::optional<statement::LogTrust> trust_;
  statement::People people_;
  std::set<std::string> members_;
  std::set<std::string> passed_over_;  // metadata that failed
  std::map<std::string, Error> failures_;
  audit::Tip log_;
};

}  // namespace

Result<Contents> examine(const Archive& archive, const Judge& judge) {
  return Examination(archive, judge).run();
}

std::vector<std::pair<std::string, std::string>> common_targets(const tuf::TrustedSet& trusted) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [path, file] : trusted.targets()->body.targets)
    out.emplace_back(path, std::string(tuf::kTargets));
  const auto* rollouts = trusted.targets(tuf::kRollouts);
  const std::string blocked(statement::kBlockedPath);
  if (rollouts != nullptr && rollouts->body.targets.contains(blocked))
    out.emplace_back(blocked, std::string(tuf::kRollouts));
  return out;
}

}  // namespace fb::bundle
