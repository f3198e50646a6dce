#include "publisher/signing.h"

#include <algorithm>

#include "publisher/fields.h"
#include "publisher/home.h"
#include "publisher/release_view.h"
#include "publisher/trust.h"
#include "tuf/repository.h"
#include "tuf/trusted_set.h"

namespace fb::publisher {
namespace {

// What the next version is made from.
struct Base {
  std::string bytes;
  tuf::RoleSigners signers;
  bool from_server = true;
};

std::string role_file(const Draft& draft) {
  return draft_path(draft.name, std::string(release::owning_role(draft.manifest.kind)) + ".json");
}

std::int64_t version_of(const std::string& bytes, std::string_view role) {
  const auto document = tuf::decode_targets(bytes, role);
  return document.ok() ? document->body.version : 0;
}

Result<tuf::RoleSigners> signers_in(const tuf::Targets& targets, std::string_view role) {
  const auto* delegated = targets.delegations.find(role);
  if (delegated == nullptr)
    return Error{ErrorCode::not_found,
                 "targets delegates nothing to the role " + std::string(role)};
  return tuf::RoleSigners{targets.delegations.keys, delegated->keyids, delegated->threshold};
}

Result<Base> local_base(Desk& desk, std::string_view role) {
  FB_ASSIGN(std::string bytes, newest_metadata(desk.home, role));
  FB_ASSIGN(const std::string targets_file, newest_metadata(desk.home, tuf::kTargets));
  FB_ASSIGN(const auto targets, tuf::decode_targets(targets_file));
  FB_ASSIGN(auto signers, signers_in(targets.body, role));
  return Base{std::move(bytes), std::move(signers), false};
}

// An expired role is not loaded by a refresh, and has to be signed anew all the same: then our copy
// is the base.
Result<Base> find_base(Desk& desk, std::string_view role) {
  const auto trusted = refresh_trust(desk);
  if (!trusted.ok() && !offline(trusted.error())) return trusted.error();
  if (!trusted.ok()) return local_base(desk, role);
  FB_ASSIGN(auto signers, trusted->role_keys(role));
  const auto* published = trusted->targets(role);
  auto own = newest_metadata(desk.home, role);
  if (published != nullptr) return Base{published->bytes, std::move(signers), true};
  if (!own.ok()) return own.error();
  return Base{std::move(own).value(), std::move(signers), true};
}

Result<std::vector<std::unique_ptr<crypto::Signer>>> open_role_keys(
    Desk& desk, std::string_view role, const tuf::RoleSigners& wanted) {
  std::vector<std::unique_ptr<crypto::Signer>> opened;
  FB_ASSIGN(const auto names, desk.home.list("keys"));
  for (const std::string& name : names) {
    if (static_cast<std::int64_t>(opened.size()) == wanted.threshold) break;
    if (!name.starts_with(std::string(role) + "-") || !name.ends_with(".pem")) continue;
    FB_ASSIGN(const std::string pem, read_text(desk.home, "keys/" + name));
    FB_ASSIGN(auto signer, desk.keys.open(pem, "keys/" + name));
    if (wanted.keyids.contains(signer->key().id())) opened.push_back(std::move(signer));
  }
  if (static_cast<std::int64_t>(opened.size()) < wanted.threshold) {
    return Error{ErrorCode::not_found, std::to_string(opened.size()) + " of the " +
                                           std::to_string(wanted.threshold) + " keys that role " +
                                           std::string(role) + " needs lie in " +
                                           desk.home.absolute("keys")};
  }
  return opened;
}

Result<tuf::TargetChanges> changes_of(const Draft& draft, const tuf::Targets& published) {
  tuf::TargetChanges changes;
  changes.add.emplace(release::manifest_path(draft.manifest), tuf::describe(draft.manifest_bytes));
  for (const auto& [name, bytes] : draft.artifacts) {
    changes.add.emplace(release::target_path(draft.manifest, name), tuf::describe(bytes));
  }
  const auto taken = published.targets.find(release::manifest_path(draft.manifest));
  if (taken == published.targets.end()) return changes;
  return Error{ErrorCode::conflict,
               draft.manifest.component.text() + " " + draft.manifest.version +
                   " is published already and a version is used once; choose another --version"};
}

Result<std::string> sign_next(Desk& desk, const Draft& draft, const Base& base) {
  const std::string_view role = release::owning_role(draft.manifest.kind);
  FB_ASSIGN(const auto document, tuf::decode_targets(base.bytes, role));
  FB_ASSIGN(const auto changes, changes_of(draft, document.body));
  FB_ASSIGN(const Millis lifetime, tuf::Lifetimes().of(role));
  FB_ASSIGN(const json::Value next,
            tuf::next_targets(base.bytes, changes, desk.clock.wall() + lifetime));
  FB_ASSIGN(const auto owned, open_role_keys(desk, role, base.signers));
  tuf::Signers signers;
  for (const auto& signer : owned) signers.push_back(signer.get());
  return tuf::sign_file(next, signers);
}

// As a device would: distinct keys of the role, at its threshold, over the canonical form.
Status verify_file(const std::string& file, std::string_view role,
                   const tuf::RoleSigners& signers) {
  FB_ASSIGN(const auto document, tuf::decode_targets(file, role));
  const auto valid = crypto::valid_signers(signers.keys, signers.keyids, document.signed_bytes,
                                           document.signatures);
  if (static_cast<std::int64_t>(valid.size()) >= signers.threshold) return {};
  return Error{ErrorCode::bad_signature, std::to_string(valid.size()) + " valid signatures of " +
                                             std::to_string(signers.threshold) +
                                             " needed for role " + std::string(role)};
}

Status upload(Desk& desk, const Draft& draft) {
  for (const auto& artifact : draft.manifest.artifacts) {
    FB_TRY(
        desk.server.put_blob(artifact.digest, draft.artifacts.at(artifact.name)).in(artifact.name));
  }
  return desk.server.put_blob(draft.release, draft.manifest_bytes).in("manifest.json");
}

// The record of this release among those that the server took, or null.
json::Value own_record(const json::Value& answer, const Draft& draft) {
  for (const json::Value& each : list_of(answer, "releases")) {
    if (text_of(each, "release") == draft.release.text()) return each;
  }
  return nullptr;
}

Error outdated(const Error& error, const Draft& draft) {
  if (error.code != ErrorCode::conflict && error.code != ErrorCode::rolled_back) return error;
  return {ErrorCode::conflict, error.detail +
                                   "; if another release was published since this one was signed, "
                                   "sign again: firebreak release sign " +
                                   draft.name};
}

std::string what_next(const Draft& draft, bool refused) {
  if (refused) return "a closed gate stops this release; mend it and create the next version\n";
  return "next: firebreak approve " + draft.name + " --as reviewer\n";
}

}  // namespace

Result<Outcome> sign_draft(Desk& desk, const Draft& draft) {
  const std::string role(release::owning_role(draft.manifest.kind));
  FB_ASSIGN(const Base base, find_base(desk, role));
  FB_ASSIGN(const std::string file, sign_next(desk, draft, base));
  FB_TRY(verify_file(file, role, base.signers));
  FB_TRY(desk.home.write_atomic(role_file(draft), file));
  const std::int64_t version = version_of(file, role);
  std::string text = "signed " + draft.name + ": " + role + " metadata version " +
                     std::to_string(version) + ", " + std::to_string(base.signers.threshold) +
                     " signatures\n";
  if (!base.from_server) text += "over the local copy, because the server does not answer\n";
  return Outcome{Answer::yes,
                 text + "next: firebreak release submit " + draft.name + "\n",
                 {{"draft", draft.name},
                  {"release", draft.release.text()},
                  {"role", role},
                  {"version", version},
                  {"signatures", base.signers.threshold},
                  {"from_server", base.from_server}}};
}

Result<Outcome> submit_draft(Desk& desk, const Draft& draft) {
  const std::string role(release::owning_role(draft.manifest.kind));
  const auto metadata = desk.home.read(role_file(draft), tuf::max_bytes(role));
  if (!metadata.ok()) {
    return Error{ErrorCode::conflict,
                 draft.name + " is not signed yet: firebreak release sign " + draft.name};
  }
  FB_TRY(upload(desk, draft));
  const auto answer =
      desk.server.post("/api/v1/releases", {{"role", role}, {"metadata", *metadata}});
  if (!answer.ok()) return outdated(answer.error(), draft);
  FB_TRY(keep_metadata(desk.home, role, *metadata));
  const json::Value record = own_record(*answer, draft);
  FB_TRY(desk.home.write_atomic(draft_path(draft.name, "submitted.json"),
                                json::pretty({{"release", draft.release.text()}})));
  const bool refused = closed_besides_approval(record);
  std::string text =
      "submitted " + draft.name + "\nrelease " + draft.release.text() + "\n" + gates_text(record);
  return Outcome{refused ? Answer::no : Answer::yes, text + what_next(draft, refused),
                 record.is_null() ? json::Value{{"release", draft.release.text()}} : record};
}

}  // namespace fb::publisher
