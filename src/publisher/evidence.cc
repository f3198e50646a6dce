#include "publisher/evidence.h"

#include <map>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "publisher/draft.h"
#include "publisher/fields.h"
#include "publisher/release_view.h"
#include "publisher/trust.h"
#include "release/manifest.h"
#include "statement/evidence.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

// A release as the role that owns its kind signed it, and where its evidence is at the server.
struct Published {
  release::Manifest manifest;
  std::string evidence_path;
};

// The bytes of a target that `role` signed, with this digest.
Result<std::string> signed_target(Desk& desk, const tuf::TrustedSet& trusted,
                                  const std::string& path, std::string_view role) {
  FB_ASSIGN(const auto search, trusted.find_target(path));
  const auto* found = std::get_if<tuf::FoundTarget>(&search);
  if (found == nullptr || found->role != role) {
    return Error{ErrorCode::not_found, "the role " + std::string(role) + " does not sign " + path};
  }
  if (found->file.length > static_cast<std::int64_t>(kDraftArtifactBytes)) {
    return Error{ErrorCode::too_large, path + " has " + std::to_string(found->file.length) +
                                           " bytes; evidence is verified up to " +
                                           std::to_string(kDraftArtifactBytes)};
  }
  FB_ASSIGN(const Digest digest, found->file.sha256());
  FB_ASSIGN(std::string bytes,
            desk.server.static_file("targets/" + tuf::hashed_name(path, digest.hex()),
                                    static_cast<std::size_t>(found->file.length)));
  FB_TRY(tuf::check_content(bytes, found->file.length, found->file.hashes).in(path));
  return bytes;
}

Result<release::Kind> kind_of(const std::string& text) {
  for (const auto& [word, kind] : release::kind_words()) {
    if (word == text) return kind;
  }
  return Error{ErrorCode::unsupported, "the server has a release of the kind '" + text + "'"};
}

Result<Published> find_published(Desk& desk, const tuf::TrustedSet& trusted,
                                 const std::vector<std::string>& words) {
  FB_ASSIGN(const json::Value view, find_release(desk.server, words));
  FB_ASSIGN(const Digest digest, Digest::parse(text_of(view, "release")));
  const std::string path = text_of(view, "kind") + "/" + text_of(view, "component") + "/" +
                           text_of(view, "version") + ".manifest.json";
  FB_ASSIGN(const release::Kind kind, kind_of(text_of(view, "kind")));
  FB_ASSIGN(const std::string bytes,
            signed_target(desk, trusted, path, release::owning_role(kind)));
  if (crypto::sha256(bytes) != digest) {
    return Error{ErrorCode::mismatch,
                 "the server calls it " + digest.text() + ", which is not what was signed"};
  }
  FB_ASSIGN(auto manifest, release::decode_manifest(bytes));
  return Published{std::move(manifest), "/api/v1/releases/" + digest.text() + "/evidence"};
}

// The bytes of an artifact that both the manifest and the signed targets mean.
Result<std::string> artifact_bytes(Desk& desk, const tuf::TrustedSet& trusted,
                                   const release::Manifest& manifest,
                                   const statement::Subject& subject) {
  const std::string path = release::target_path(manifest, subject.name);
  FB_ASSIGN(std::string bytes,
            signed_target(desk, trusted, path, release::owning_role(manifest.kind)));
  if (crypto::sha256(bytes) == subject.digest) return bytes;
  return Error{ErrorCode::mismatch, "the manifest and the signed targets disagree about " + path};
}

Result<release::Artifact> choose_artifact(const release::Manifest& manifest,
                                          const std::string& name) {
  const auto& all = manifest.artifacts;
  if (name.empty() && all.size() == 1) return all.front();
  std::string names;
  for (const auto& artifact : all) {
    if (artifact.name == name) return artifact;
    names += " " + artifact.name;
  }
  return Error{ErrorCode::bad_usage, (name.empty() ? "--artifact is needed; it is one of:"
                                                   : "--artifact '" + name + "' is none of:") +
                                         names};
}

std::string line_of(const json::Value& each) {
  return text_of(each, "artifact") + ": " + text_of(each, "predicate_type") + " of " +
         text_of(each, "fingerprint") + ", vouched for by " + text_of(each, "person") + "\n";
}

// Verifies one piece after another; fetches each artifact once.
class Checker {
 public:
  struct Parts {
    Desk& desk;
    OpenPgp& openpgp;
    const tuf::TrustedSet& trusted;
    const statement::People& people;
    const release::Manifest& manifest;
    std::string_view keyring;
  };
  explicit Checker(const Parts& parts) : p_(parts) {}

  // What the server has as `item`, as it should be told, with `holds` and the `reason` why not.
  Result<json::Value> check(const json::Value& item) {
    const auto envelope = statement::decode_envelope(object_of(item, "envelope"));
    if (!envelope.ok()) return told(item, envelope.error().detail);
    const auto evidence = statement::verify_evidence(*envelope, p_.people);
    if (!evidence.ok()) return told(item, evidence.error().detail);
    const statement::Subject& subject = evidence->evidence.subject;
    if (!statement::names(p_.manifest, subject))
      return told(statement::summary(*evidence), "it is about no artifact of this release");
    FB_ASSIGN(const std::string reason,
              std::visit([&](const auto& finding) { return objection(finding, subject); },
                         evidence->evidence.finding));
    return told(statement::summary(*evidence), reason);
  }

 private:
  // With "" for a reason it holds.
  static json::Value told(const json::Value& item, const std::string& reason) {
    json::Value out = item.is_object() ? item : json::Value::object();
    out.erase("envelope");
    out["holds"] = reason.empty();
    out["reason"] = reason;
    return out;
  }
  Result<std::string> objection(const statement::OpenPgpSignature& finding,
                                const statement::Subject& subject) {
    FB_ASSIGN(const std::string* content, bytes_of(subject));
    FB_ASSIGN(const auto verdict, p_.openpgp.verify({finding.signature, *content, p_.keyring}));
    if (!verdict.good()) return verdict.reason;
    if (verdict.fingerprint == finding.fingerprint) return std::string();
    return "the signature is that of " + verdict.fingerprint;
  }
  Result<const std::string*> bytes_of(const statement::Subject& subject) {
    auto it = bytes_.find(subject.name);
    if (it == bytes_.end()) {
      FB_ASSIGN(auto bytes, artifact_bytes(p_.desk, p_.trusted, p_.manifest, subject));
      it = bytes_.emplace(subject.name, std::move(bytes)).first;
    }
    return static_cast<const std::string*>(&it->second);
  }

  Parts p_;
  std::map<std::string, std::string> bytes_;  // of artifacts, by name
};

}  // namespace

Result<Outcome> add_evidence(Desk& desk, OpenPgp& openpgp, const EvidenceOrder& order) {
  FB_TRY(statement::check_armor(order.signature).in("--gpg"));
  FB_ASSIGN(const auto trusted, refresh_trust(desk));
  FB_ASSIGN(const Published published, find_published(desk, trusted, order.release));
  FB_ASSIGN(const auto artifact, choose_artifact(published.manifest, order.artifact));
  const statement::Subject subject{artifact.name, artifact.digest};
  FB_ASSIGN(const std::string bytes, artifact_bytes(desk, trusted, published.manifest, subject));
  FB_ASSIGN(const auto verdict, openpgp.verify({order.signature, bytes, order.keyring}));
  if (!verdict.good()) {
    return Outcome{Answer::no,
                   "refused: the signature over " + artifact.name +
                       " does not count: " + verdict.reason + "\n",
                   {{"artifact", artifact.name}, {"good", false}, {"reason", verdict.reason}}};
  }
  FB_ASSIGN(std::string verifier, openpgp.version());
  const statement::Evidence evidence{
      subject,
      statement::OpenPgpSignature{order.signature, verdict.fingerprint, std::move(verifier)}};
  FB_ASSIGN(const auto signer, desk.keys.open(order.key, order.key_name));
  FB_ASSIGN(const auto envelope,
            statement::seal(statement::kInTotoType, statement::encode(evidence), *signer));
  FB_ASSIGN(json::Value answer,
            desk.server.post(published.evidence_path, statement::encode(envelope)));
  std::string text = text_of(answer, "result") + ": " + line_of(answer);
  return Outcome{Answer::yes, std::move(text), std::move(answer)};
}

Result<Outcome> list_evidence(ServerClient& server, const std::vector<std::string>& release) {
  FB_ASSIGN(const json::Value view, find_release(server, release));
  FB_ASSIGN(json::Value answer,
            server.get("/api/v1/releases/" + text_of(view, "release") + "/evidence"));
  std::string text;
  for (const json::Value& each : list_of(answer, "evidence")) text += line_of(each);
  if (text.empty()) text = "no evidence; `firebreak evidence add --help` shows how to add some\n";
  return Outcome{Answer::yes, std::move(text), std::move(answer)};
}

Result<Outcome> verify_evidence(Desk& desk, OpenPgp& openpgp,
                                const std::vector<std::string>& release,
                                const std::string& keyring) {
  FB_ASSIGN(const auto trusted, refresh_trust(desk));
  FB_ASSIGN(const Published published, find_published(desk, trusted, release));
  FB_ASSIGN(const auto people_bytes, trusted_file(desk, trusted, statement::kPeoplePath));
  FB_ASSIGN(const auto people, statement::decode_people(people_bytes));
  FB_ASSIGN(const json::Value answer, desk.server.get(published.evidence_path));
  Checker checker({desk, openpgp, trusted, people, published.manifest, keyring});
  Outcome outcome{Answer::yes, "", {{"evidence", json::Value::array()}}};
  for (const json::Value& each : list_of(answer, "evidence")) {
    FB_ASSIGN(const json::Value checked, checker.check(each));
    const bool holds = flag_of(checked, "holds");
    if (!holds) outcome.answer = Answer::no;
    outcome.text += (holds ? "holds: " : "does not hold: ") + line_of(checked) +
                    (holds ? "" : "  " + text_of(checked, "reason") + "\n");
    outcome.document["evidence"].push_back(checked);
  }
  if (!outcome.text.empty()) return outcome;
  return Outcome{Answer::no, "there is no evidence about it\n", std::move(outcome.document)};
}

}  // namespace fb::publisher
