#include "publisher/ceremony.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "publisher/fields.h"
#include "publisher/ground.h"
#include "publisher/home.h"
#include "release/mark.h"
#include "statement/log_trust.h"
#include "statement/people.h"
#include "statement/revocation.h"
#include "statement/speed.h"
#include "tuf/names.h"
#include "tuf/repository.h"

namespace fb::publisher {
namespace {

using json::Value;

bool named_by_root(std::string_view role) { return tuf::is_top_level(role); }

Result<Value> signed_of(const std::string& file) {
  FB_ASSIGN(Value whole, json::parse(file, {.bytes = tuf::max_bytes(tuf::kTargets)}));
  return std::move(whole["signed"]);
}

// The next version of one role, signed by nobody yet.
Result<Value> next_version(const Desk& desk, const Request& request, const std::string& role,
                           const tuf::TargetChanges& changes = {}) {
  FB_ASSIGN(const Millis lifetime, tuf::Lifetimes().of(role));
  const Instant expires = desk.clock.wall() + lifetime;
  if (role != tuf::kRoot) return tuf::next_targets(request.current.at(role), changes, expires);
  FB_ASSIGN(const auto root, tuf::decode_root(request.roots.back()));
  FB_ASSIGN(Value next, signed_of(request.roots.back()));
  next["version"] = root.body.version + 1;
  next["expires"] = to_rfc3339(expires);
  return next;
}

// What `role` signs next, as proposed so far or fresh.
Result<Value> proposal(const Desk& desk, const Request& request, const std::string& role) {
  const auto it = request.proposed.find(role);
  return it != request.proposed.end() ? signed_of(it->second) : next_version(desk, request, role);
}

void propose(Request& request, const std::string& role, const Value& signed_part) {
  request.proposed[role] = tuf::unsigned_file(signed_part);
}

// Where a signed part says who signs for `role`: in a root by name, in targets in a list. Null when
// it does not.
Value* signers_entry(Value& signed_part, const std::string& role) {
  if (signed_part["_type"] == tuf::kRoot) {
    Value& roles = signed_part["roles"];
    return roles.contains(role) ? &roles[role] : nullptr;
  }
  for (Value& each : signed_part["delegations"]["roles"]) {
    if (each["name"] == role) return &each;
  }
  return nullptr;
}

Value& keys_map(Value& signed_part) {
  return signed_part["_type"] == tuf::kRoot ? signed_part["keys"]
                                            : signed_part["delegations"]["keys"];
}

bool used(const Value& signed_part, const std::string& id) {
  const bool root = signed_part["_type"] == tuf::kRoot;
  const Value& roles = root ? signed_part["roles"] : signed_part["delegations"]["roles"];
  return std::any_of(roles.begin(), roles.end(), [&](const Value& role) {
    const Value& ids = role["keyids"];
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  });
}

struct KeyChange {
  std::string remove;  // id; "": none
  std::optional<crypto::PublicKey> add;
  std::optional<std::int64_t> threshold;
};

Status change_keys(Value& signed_part, const std::string& role, const KeyChange& change) {
  Value* entry = signers_entry(signed_part, role);
  if (entry == nullptr)
    return Error{ErrorCode::not_found, "nobody has delegated anything to a role '" + role + "'"};
  Value& ids = (*entry)["keyids"];
  const auto gone = std::find(ids.begin(), ids.end(), change.remove);
  if (gone != ids.end()) ids.erase(gone);
  if (change.add) {
    const std::string id = change.add->id();
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    keys_map(signed_part)[id] = change.add->document;
  }
  if (change.threshold) (*entry)["threshold"] = *change.threshold;
  if (!change.remove.empty() && !used(signed_part, change.remove))
    keys_map(signed_part).erase(change.remove);
  const std::int64_t threshold = count_of(*entry, "threshold");
  const auto count = static_cast<std::int64_t>(ids.size());
  if (threshold >= 1 && threshold <= count) return {};
  return Error{ErrorCode::bad_usage,
               "role " + role + " would have " + std::to_string(count) + " keys and need " +
                   std::to_string(threshold) +
                   " of them; add a key (--add) or state another --threshold"};
}

// The role's own file has to be signed by the keys that it will have. Online roles are signed anew
// by the server.
Status sign_anew(Desk& desk, Request& request, const std::string& role) {
  if (role == tuf::kRoot || !request.current.contains(role)) return {};
  FB_ASSIGN(const Value next, proposal(desk, request, role));
  propose(request, role, next);
  return {};
}

Status change_role(Desk& desk, Request& request, const std::string& role, const KeyChange& change) {
  const std::string delegator(named_by_root(role) ? tuf::kRoot : tuf::kTargets);
  FB_ASSIGN(Value next, proposal(desk, request, delegator));
  FB_TRY(change_keys(next, role, change));
  propose(request, delegator, next);
  const bool only_added = change.remove.empty() && !change.threshold;
  return only_added ? Status() : sign_anew(desk, request, role);
}

// "core-1", or at least eight digits of an id. Errors: not_found, bad_usage (more than one).
Result<std::string> find_key(const Request& request, const std::string& text) {
  std::set<std::string> found;
  for (const auto& [id, name] : request.names) {
    if (name == text || (text.size() >= 8 && id.starts_with(text))) found.insert(id);
  }
  if (found.empty() && text.size() == 64) found.insert(text);
  if (found.size() == 1) return *found.begin();
  return Error{found.empty() ? ErrorCode::not_found : ErrorCode::bad_usage,
               "'" + text + "' names " + (found.empty() ? "no" : "more than one") +
                   " key here; `firebreak key list` shows names and ids"};
}

Status keep_added(Desk& desk, Request& request, const AddedKey& added) {
  FB_ASSIGN(const std::string name, release::parse_artifact_name(added.name));
  request.names[added.key.id()] = name;
  const std::string path = "keys/" + name + ".pub.json";
  if (desk.home.size(path).ok()) return {};
  return desk.home.write_atomic(path, json::pretty(added.key.document));
}

std::vector<std::string> roles_naming(Request& request, const std::string& id) {
  std::vector<std::string> out;
  for (const std::string* file : {&request.roots.back(), &request.current["targets"]}) {
    auto part = signed_of(*file);
    if (!part.ok()) continue;
    for (const char* role :
         {"root", "targets", "snapshot", "timestamp", "core", "content", "flags", "rollouts"}) {
      if (named_by_root(role) != ((*part)["_type"] == tuf::kRoot)) continue;
      const Value* entry = signers_entry(*part, role);
      if (entry == nullptr) continue;
      const Value& ids = (*entry)["keyids"];
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) out.emplace_back(role);
    }
  }
  return out;
}

// A person whose last key goes may decide nothing any more, and goes as well.
Result<bool> revoke_of_people(Desk& desk, Request& request, const std::string& id) {
  const std::string path(statement::kPeoplePath);
  FB_ASSIGN(const std::string before, trust_in_force(desk, request, path));
  FB_ASSIGN(auto people, statement::decode_people(before));
  bool found = false;
  for (auto& person : people.people) found = person.keys.erase(id) > 0 || found;
  if (!found) return false;
  std::erase_if(people.people, [](const auto& person) { return person.keys.empty(); });
  FB_TRY(propose_trust(desk, request, path, statement::encode(people)));
  return true;
}

struct PublishedRelease {
  std::string role, path, digest;  // of its manifest
  tuf::TargetFile file;
  std::optional<release::ReleasedMark> mark;
};

// What the owning role has signed, where the server's record says that it is.
Result<PublishedRelease> published_release(const Request& request, const Value& view) {
  PublishedRelease out;
  for (const auto& [word, kind] : release::kind_words()) {
    if (word == text_of(view, "kind")) out.role = release::owning_role(kind);
  }
  out.path = text_of(view, "kind") + "/" + text_of(view, "component") + "/" +
             text_of(view, "version") + ".manifest.json";
  const auto signed_file = request.current.find(out.role);
  if (signed_file == request.current.end())
    return Error{ErrorCode::not_found, out.path + " is of no kind that a role signs"};
  FB_ASSIGN(const auto targets, tuf::decode_targets(signed_file->second, out.role));
  const auto found = targets.body.targets.find(out.path);
  if (found == targets.body.targets.end())
    return Error{ErrorCode::not_found, "the role " + out.role + " has not signed " + out.path};
  out.file = found->second;
  FB_ASSIGN(const Digest digest, out.file.sha256());
  out.digest = digest.hex();
  if (text_of(view, "release") != digest.text()) {
    return Error{ErrorCode::mismatch, out.path + " is signed as " + digest.text() +
                                          "; the server calls it " + text_of(view, "release")};
  }
  FB_ASSIGN(out.mark, release::find_mark(out.file.custom).in(out.path));
  return out;
}

Status check_trust(const std::string& path, const std::string& bytes) {
  const auto outcome = [](const auto& decoded) {
    return decoded.ok() ? Status() : Status(decoded.error());
  };
  if (path == statement::kPeoplePath) return outcome(statement::decode_people(bytes));
  if (path == statement::kLimitsPath) return outcome(statement::decode_limits(bytes));
  if (path == statement::kLogTrustPath) return outcome(statement::decode_log_trust(bytes));
  if (path == statement::kRevokedPath) return outcome(statement::decode_revocations(bytes));
  return Error{ErrorCode::bad_usage, "'" + path + "': people, limits, log or revoked is expected"};
}

}  // namespace

Result<Request> request_rotation(Desk& desk, const RotationOrder& order) {
  FB_ASSIGN(Request request, ground(desk));
  KeyChange change{"", {}, order.threshold};
  if (!order.remove.empty()) {
    FB_ASSIGN(change.remove, find_key(request, order.remove));
    const auto roles = roles_naming(request, change.remove);
    if (std::find(roles.begin(), roles.end(), order.role) == roles.end())
      return Error{ErrorCode::not_found, order.remove + " is no key of the role " + order.role};
  }
  if (order.add) {
    change.add = order.add->key;
    FB_TRY(keep_added(desk, request, *order.add));
  }
  FB_TRY(change_role(desk, request, order.role, change));
  return request;
}

Result<Request> request_revocation(Desk& desk, const std::string& key,
                                   const std::optional<AddedKey>& replacement) {
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(const std::string id, find_key(request, key));
  KeyChange change{id, {}, {}};
  if (replacement) {
    change.add = replacement->key;
    FB_TRY(keep_added(desk, request, *replacement));
  }
  const auto roles = roles_naming(request, id);
  for (const std::string& role : roles) FB_TRY(change_role(desk, request, role, change));
  FB_ASSIGN(const bool of_a_person, revoke_of_people(desk, request, id));
  if (roles.empty() && !of_a_person)
    return Error{ErrorCode::not_found, key + " is trusted by no role and is nobody's key"};
  return request;
}

Result<Request> request_renewal(Desk& desk, const std::string& role) {
  const auto& known = request_roles();
  if (std::find(known.begin(), known.end(), role) == known.end()) {
    return Error{ErrorCode::bad_usage, "'" + role +
                                           "': root, targets, core, content or flags is expected; "
                                           "the server renews the others"};
  }
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(const Value next, next_version(desk, request, role));
  propose(request, role, next);
  return request;
}

Result<std::string> signed_target(Desk& desk, const std::string& path, const Digest& digest) {
  const std::string name = "targets/" + tuf::hashed_name(path, digest.hex());
  for (const std::string& place : {"repository/" + name, "cache/" + name}) {
    auto bytes = desk.home.read(place, limits::kJsonBytes);
    if (bytes.ok() && crypto::sha256(*bytes) == digest) return bytes;
  }
  FB_ASSIGN(auto bytes, desk.server.static_file(name, limits::kJsonBytes));
  if (crypto::sha256(bytes) == digest) return bytes;
  return Error{ErrorCode::mismatch, "the server has other bytes at " + path + " than are signed"};
}

Result<std::string> trust_in_force(Desk& desk, const Request& request, const std::string& path) {
  FB_ASSIGN(const auto targets, tuf::decode_targets(request.current.at("targets")));
  const auto found = targets.body.targets.find(path);
  if (found == targets.body.targets.end())
    return Error{ErrorCode::not_found, path + " is not among the top-level targets"};
  FB_ASSIGN(const Digest digest, found->second.sha256());
  return signed_target(desk, path, digest);
}

// Nobody is revoked until the first revocation: a trust file may have none before it.
Status propose_trust(Desk& desk, Request& request, const std::string& path,
                     const std::string& bytes) {
  FB_ASSIGN(Value next, proposal(desk, request, "targets"));
  if (next["targets"].contains(path)) {
    FB_ASSIGN(const std::string before, trust_in_force(desk, request, path));
    request.contents[crypto::sha256(before).hex()] = before;
  }
  next["targets"][path] = tuf::encode(tuf::describe(bytes));
  request.contents[crypto::sha256(bytes).hex()] = bytes;
  propose(request, "targets", next);
  return {};
}

Result<Request> request_trust(Desk& desk, const std::string& name, const std::string& bytes) {
  const std::string path = "trust/" + name + ".json";
  FB_TRY(check_trust(path, bytes));
  FB_ASSIGN(Request request, ground(desk));
  FB_TRY(propose_trust(desk, request, path, bytes));
  return request;
}

Result<Request> request_release(Desk& desk, const Draft& draft) {
  FB_ASSIGN(Request request, ground(desk));
  const std::string role(release::owning_role(draft.manifest.kind));
  tuf::TargetChanges changes;
  changes.add.emplace(release::manifest_path(draft.manifest), tuf::describe(draft.manifest_bytes));
  for (const auto& [name, bytes] : draft.artifacts)
    changes.add.emplace(release::target_path(draft.manifest, name), tuf::describe(bytes));
  FB_ASSIGN(const auto document, tuf::decode_targets(request.current.at(role), role));
  if (document.body.targets.contains(release::manifest_path(draft.manifest))) {
    return Error{ErrorCode::conflict, draft.name +
                                          " is published already and a version is used once; "
                                          "choose another --version"};
  }
  FB_ASSIGN(const Value next, next_version(desk, request, role, changes));
  request.contents[draft.release.hex()] = draft.manifest_bytes;
  propose(request, role, next);
  return request;
}

Result<Request> request_mark(Desk& desk, const json::Value& view) {
  FB_ASSIGN(Request request, ground(desk));
  FB_ASSIGN(const PublishedRelease release, published_release(request, view));
  if (release.mark) {
    return Error{ErrorCode::conflict, release.path + " has been marked as released since " +
                                          to_rfc3339(release.mark->since)};
  }
  // For the words of the request: what holders sign for is the manifest behind the digest.
  FB_ASSIGN(const std::string manifest,
            desk.server.static_file("targets/" + tuf::hashed_name(release.path, release.digest),
                                    static_cast<std::size_t>(release.file.length)));
  FB_TRY(tuf::check_content(manifest, release.file.length, release.file.hashes).in(release.path));
  tuf::TargetChanges changes;
  tuf::TargetFile marked = release.file;
  marked.custom = encode(release::ReleasedMark{desk.clock.wall()});
  changes.add.emplace(release.path, std::move(marked));
  FB_ASSIGN(const Value next, next_version(desk, request, release.role, changes));
  request.contents[release.digest] = manifest;
  propose(request, release.role, next);
  return request;
}

}  // namespace fb::publisher
