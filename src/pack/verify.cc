#include "pack/verify.h"

#include <algorithm>

#include "audit/checkpoint.h"
#include "crypto/sha256.h"
#include "release/manifest.h"
#include "statement/evidence.h"
#include "statement/people.h"
#include "tuf/trusted_set.h"

namespace fb::pack {
namespace {

std::string text_in(const json::Value& data, std::string_view key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

class Verifier {
 public:
  explicit Verifier(const Pack& pack) : pack_(pack) {}

  Verdict run(std::string_view root) {
    const Status done = check_all(root);
    if (!done.ok()) blame({}, done.error().detail);
    return std::move(verdict_);
  }

 private:
  void blame(std::optional<std::uint64_t> entry, const std::string& sentence) {
    const std::string where = entry ? "entry " + std::to_string(*entry) + ": " : "";
    verdict_.faults.push_back({entry, where + sentence});
  }
  void tell(std::string line) { verdict_.story.push_back(std::move(line)); }

  Status check_all(std::string_view root) {
    FB_ASSIGN(manifest_, release::decode_manifest(pack_.manifest).in("the manifest"));
    if (crypto::sha256(pack_.manifest) != pack_.release)
      return Error{ErrorCode::mismatch, "the manifest is not that of " + pack_.release.text()};
    FB_TRY(load_trust(root));
    FB_TRY(check_publication());
    FB_ASSIGN(const auto people_bytes, trust_file(statement::kPeoplePath));
    FB_ASSIGN(people_, statement::decode_people(people_bytes));
    FB_ASSIGN(const auto log_bytes, trust_file(statement::kLogTrustPath));
    FB_ASSIGN(const auto log, statement::decode_log_trust(log_bytes));
    FB_ASSIGN(checkpoint_, audit::open_checkpoint(pack_.checkpoint, log));
    tell(manifest_.component.text() + " " + manifest_.version + ", " + pack_.release.text());
    tell("signed by the role " + std::string(release::owning_role(manifest_.kind)) +
         " under root version " + std::to_string(trusted_->root().body.version));
    tell(std::to_string(pack_.entries.size()) + " entries of " + log.origin + ", which has " +
         std::to_string(checkpoint_.tip.size));
    check_entries();
    return trusted_->check_all_fresh({last_proved_, last_proved_}).in("the metadata in this pack");
  }

  Result<std::string> metadata(std::string_view role) const {
    const auto it = pack_.metadata.find(std::string(role));
    if (it != pack_.metadata.end()) return it->second;
    return Error{ErrorCode::not_found, "the pack has no metadata of " + std::string(role)};
  }

  Status load_trust(std::string_view root) {
    FB_ASSIGN(trusted_, tuf::TrustedSet::from_root(root).in("the given root"));
    for (const std::string& next : pack_.roots) {
      const Status updated = trusted_->update_root(next);
      const bool older = !updated.ok() && updated.error().code == ErrorCode::rolled_back;
      if (!older) FB_TRY(updated);
    }
    const tuf::TrustedNow now;  // when that was is not proved yet: check_all judges expiry
    const std::string owner(release::owning_role(manifest_.kind));
    FB_ASSIGN(const auto timestamp, metadata("timestamp"));
    FB_ASSIGN(const auto snapshot, metadata("snapshot"));
    FB_ASSIGN(const auto targets, metadata("targets"));
    FB_ASSIGN(const auto owned, metadata(owner));
    const auto stepped = trusted_->update_timestamp(timestamp, now);
    if (!stepped.ok()) return stepped.error();
    FB_TRY(trusted_->update_snapshot(snapshot, now, tuf::Source::repository));
    FB_TRY(trusted_->update_targets(targets, now));
    return trusted_->update_delegated(owner, tuf::kTargets, owned, now);
  }

  // The bytes, once the role that owns `path` vouches for them.
  Status check_target(const std::string& path, std::string_view bytes,
                      std::string_view role) const {
    FB_ASSIGN(const auto search, trusted_->find_target(path));
    const auto* found = std::get_if<tuf::FoundTarget>(&search);
    if (found == nullptr || found->role != role)
      return Error{ErrorCode::not_found,
                   "the role " + std::string(role) + " does not sign " + path};
    return tuf::check_content(bytes, found->file.length, found->file.hashes).in(path);
  }

  [[nodiscard]] Status check_publication() const {
    return check_target(release::manifest_path(manifest_), pack_.manifest,
                        release::owning_role(manifest_.kind));
  }

  Result<std::string> trust_file(std::string_view path) const {
    const auto it = pack_.targets.find(std::string(path));
    if (it == pack_.targets.end())
      return Error{ErrorCode::not_found, "the pack has no " + std::string(path)};
    FB_TRY(check_target(it->first, it->second, tuf::kTargets));
    return it->second;
  }

  void check_entries() {
    Picker picker(pack_.release, Devices::named);
    std::optional<std::uint64_t> before;
    int publications = 0;
    for (const auto& proved : pack_.entries) {
      const auto entry = audit::open_proved(proved, checkpoint_.tip);
      if (!entry.ok()) {
        blame(proved.index, "it is not in the log as it stands here: " + entry.error().detail);
        continue;
      }
      if (before && proved.index <= *before)
        blame(proved.index, "it stands here twice or out of order");
      before = proved.index;
      last_proved_ = std::max(last_proved_, entry->at);
      if (!picker.wants(*entry)) blame(proved.index, "it is not about this release");
      publications += entry->kind == "release" ? 1 : 0;
      const Status checked = check_entry(*entry);
      if (!checked.ok()) blame(proved.index, checked.error().detail);
    }
    if (publications != 1)
      blame({}, "the log's entry that published the release is not here exactly once");
  }

  Status check_entry(const audit::Entry& entry) {
    std::string who;
    if (entry.kind == "release") FB_TRY(check_release(entry.data));
    if (entry.data.contains("envelope")) {
      FB_TRY(entry.kind == "evidence" ? check_evidence(entry) : check_act(entry));
      who = " by " + text_in(entry.data, "person");
    }
    std::string said = text_in(entry.data, "reason") + text_in(entry.data, "sentence") +
                       text_in(entry.data, "predicate_type");
    if (!said.empty()) said = ": " + said;
    tell(std::to_string(entry.index) + "  " + to_rfc3339(entry.at) + "  " + entry.kind + who +
         said);
    return {};
  }

  [[nodiscard]] Status check_release(const json::Value& data) const {
    const bool same = text_in(data, "component") == manifest_.component.text() &&
                      text_in(data, "version") == manifest_.version &&
                      text_in(data, "class") == word(manifest_.cls) &&
                      text_in(data, "author") == manifest_.author.text();
    if (same) return {};
    return Error{ErrorCode::mismatch, "it describes another release than the manifest does"};
  }

  // A person's word: signed by that person, about this release, and what the entry says it is.
  [[nodiscard]] Status check_act(const audit::Entry& entry) const {
    FB_ASSIGN(const auto envelope, statement::decode_envelope(entry.data.at("envelope")));
    FB_ASSIGN(const auto signed_act, statement::verify_act(envelope, people_, entry.at));
    const statement::Act& act = signed_act.act;
    const bool starts_again = entry.kind == "start" && act.kind == statement::ActKind::resume;
    const bool same = (word(act.kind) == entry.kind || starts_again) &&
                      act.release == pack_.release &&
                      act.person.text() == text_in(entry.data, "person") &&
                      act.reason == text_in(entry.data, "reason");
    if (same) return {};
    return Error{ErrorCode::mismatch, act.person.text() +
                                          " signed something else: " + std::string(word(act.kind)) +
                                          " of " + act.release.text()};
  }

  // Evidence: signed by that person, about an artifact of this release. Whether what it vouches for
  // holds takes more than this program has: an OpenPGP signature takes its maker's key.
  [[nodiscard]] Status check_evidence(const audit::Entry& entry) const {
    FB_ASSIGN(const auto envelope, statement::decode_envelope(entry.data.at("envelope")));
    FB_ASSIGN(const auto found, statement::verify_evidence(envelope, people_));
    const statement::Subject& subject = found.evidence.subject;
    if (!statement::names(manifest_, subject))
      return Error{ErrorCode::mismatch, "it is about no artifact of this release"};
    const bool told =
        found.person.text() == text_in(entry.data, "person") &&
        subject.name == text_in(entry.data, "artifact") &&
        predicate_type(found.evidence.finding) == text_in(entry.data, "predicate_type");
    if (told) return {};
    return Error{ErrorCode::mismatch, found.person.text() + " signed something else: " +
                                          std::string(predicate_type(found.evidence.finding)) +
                                          " of " + subject.name};
  }

  const Pack& pack_;
  Verdict verdict_;
  release::Manifest manifest_;
  std::optional<tuf::TrustedSet> trusted_;
  statement::People people_;
  audit::Checkpoint checkpoint_;
  Instant last_proved_;  // when the newest proved entry was logged
};

}  // namespace

Verdict verify(const Pack& pack, std::string_view root) { return Verifier(pack).run(root); }

}  // namespace fb::pack
