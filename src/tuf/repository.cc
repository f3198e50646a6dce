#include "tuf/repository.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "tuf/names.h"

namespace fb::tuf {
namespace {

using json::Value;

struct Delegated {
  std::string_view role;
  std::vector<std::string> paths;
};

const std::vector<Delegated>& delegated_roles() {
  static const std::vector<Delegated> kRoles{
      {"core", {"core/*/*"}},
      {"content", {"content/*/*", "config/*/*"}},
      {"flags", {"flags/*/*"}},
      {"rollouts", {"rollouts/*"}},
  };
  return kRoles;
}

// Different keys, not entries: a ring that lists one key twice has one.
std::set<crypto::KeyId> ids(const Keyring& ring) {
  std::set<crypto::KeyId> out;
  for (const crypto::PublicKey& key : ring.keys) out.insert(key.id());
  return out;
}

// The role's keys, also added to `keys` of the document that names them.
Result<RoleKeys> take_ring(const Keyrings& rings, std::string_view role, crypto::KeyMap& keys) {
  const auto ring = rings.find(role);
  if (ring == rings.end())
    return Error{ErrorCode::bad_usage, "no keys are given for the role " + std::string(role)};
  RoleKeys out{.keyids = ids(ring->second), .threshold = ring->second.threshold};
  if (out.threshold < 1 || out.threshold > static_cast<std::int64_t>(out.keyids.size())) {
    return Error{ErrorCode::bad_usage, std::string(role) + ": a threshold of " +
                                           std::to_string(out.threshold) + " with " +
                                           std::to_string(out.keyids.size()) +
                                           " keys; it has to be from 1 to the number of keys"};
  }
  for (const crypto::PublicKey& key : ring->second.keys) keys.emplace(key.id(), key);
  return out;
}

MetaFile meta_of(std::string_view file, std::int64_t version) {
  return {
      version, static_cast<std::int64_t>(file.size()), {{"sha256", crypto::sha256(file).hex()}}};
}

Value one_signature(const crypto::KeyId& key, std::string_view bytes) {
  return {{"keyid", key}, {"sig", to_hex(bytes)}};
}

template <class Body>
Status outcome(const Result<Document<Body>>& decoded) {
  return decoded.ok() ? Status() : decoded.error();
}

// Nobody's key signs what no client would read: first the file has to be metadata of the type that
// it says it is.
Status check_metadata(std::string_view file) {
  FB_ASSIGN(const Value whole, json::parse(file, {.bytes = limits::kTargetsBytes}));
  json::Reader in(whole, "metadata");
  json::Reader signed_part = in.object("signed");
  const std::string type = signed_part.string("_type", 64);
  FB_TRY(in.done(json::UnknownFields::keep));
  if (type == kRoot) return outcome(decode_root(file));
  if (type == kTimestamp) return outcome(decode_timestamp(file));
  if (type == kSnapshot) return outcome(decode_snapshot(file));
  return outcome(decode_targets(file));
}

Status check_changes(const TargetChanges& changes, const Targets& current) {
  for (const auto& [name, file] : changes.add) FB_TRY(TargetPath::parse(name));
  for (const auto& name : changes.remove) {
    if (current.targets.contains(name)) continue;
    return Error{ErrorCode::not_found, "'" + name + "' is not among the targets of version " +
                                           std::to_string(current.version)};
  }
  return {};
}

}  // namespace

Result<Millis> Lifetimes::of(std::string_view role) const {
  const std::array<std::pair<std::string_view, Millis>, 8> all{{{kRoot, root},
                                                                {kTargets, targets},
                                                                {"core", core},
                                                                {"content", content},
                                                                {"flags", flags},
                                                                {"rollouts", rollouts},
                                                                {kSnapshot, snapshot},
                                                                {kTimestamp, timestamp}}};
  for (const auto& [name, lifetime] : all) {
    if (name == role) return lifetime;
  }
  return Error{ErrorCode::not_found, "'" + std::string(role) + "' is no role of ours"};
}

Result<Root> compose_root(const Keyrings& rings, Edition edition) {
  Root root{.version = edition.version,
            .expires = edition.expires,
            .consistent_snapshot = true,
            .keys = {},
            .roles = {}};
  for (const std::string_view role : kTopLevelRoles) {
    FB_ASSIGN(auto keys, take_ring(rings, role, root.keys));
    root.roles.emplace(role, std::move(keys));
  }
  return root;
}

Result<Targets> compose_targets(const Keyrings& rings, Edition edition) {
  Targets targets{
      .version = edition.version, .expires = edition.expires, .targets = {}, .delegations = {}};
  for (const auto& [role, paths] : delegated_roles()) {
    FB_ASSIGN(auto keys, take_ring(rings, role, targets.delegations.keys));
    targets.delegations.roles.push_back({.name = std::string(role),
                                         .signers = std::move(keys),
                                         .terminating = true,
                                         .paths = paths,
                                         .path_hash_prefixes = {}});
  }
  return targets;
}

Result<Snapshot> compose_snapshot(const std::map<std::string, std::string, std::less<>>& files,
                                  Edition edition) {
  Snapshot snapshot{edition.version, edition.expires, {}};
  for (const auto& [role, file] : files) {
    FB_ASSIGN(const auto document, decode_targets(file, role));
    snapshot.meta.emplace(role, meta_of(file, document.body.version));
  }
  return snapshot;
}

Result<Timestamp> compose_timestamp(std::string_view snapshot_file, Edition edition) {
  FB_ASSIGN(const auto snapshot, decode_snapshot(snapshot_file));
  return Timestamp{edition.version, edition.expires, meta_of(snapshot_file, snapshot.body.version)};
}

TargetFile describe(std::string_view bytes, Value custom) {
  return {static_cast<std::int64_t>(bytes.size()),
          {{"sha256", crypto::sha256(bytes).hex()}},
          std::move(custom)};
}

Result<Value> next_targets(std::string_view file, const TargetChanges& changes, Instant expires) {
  FB_ASSIGN(const auto current, decode_targets(file));
  FB_TRY(check_changes(changes, current.body));
  FB_ASSIGN(Value whole, json::parse(file, {.bytes = max_bytes(kTargets)}));
  Value next = std::move(whole["signed"]);
  next["version"] = current.body.version + 1;
  next["expires"] = to_rfc3339(expires);
  for (const auto& name : changes.remove) next["targets"].erase(name);
  for (const auto& [name, target] : changes.add) next["targets"][name] = encode(target);
  return next;
}

std::string unsigned_file(const Value& signed_part) {
  return json::compact({{"signatures", Value::array()}, {"signed", signed_part}});
}

Result<std::string> sign_file(const Value& signed_part, const Signers& signers) {
  std::string file = unsigned_file(signed_part);
  std::set<crypto::KeyId> seen;
  for (const crypto::Signer* signer : signers) {
    const crypto::KeyId id = signer->key().id();
    if (!seen.insert(id).second)
      return Error{ErrorCode::bad_usage, "key " + id + " is to sign twice"};
    FB_ASSIGN(file, add_signature(file, *signer));
  }
  return file;
}

Result<std::string> add_signature(std::string_view file, const crypto::Signer& signer) {
  FB_TRY(check_metadata(file));
  FB_ASSIGN(Value whole, json::parse(file, {.bytes = limits::kTargetsBytes}));
  const crypto::KeyId id = signer.key().id();
  FB_ASSIGN(const auto signature, signer.sign(json::canonical(whole["signed"])));
  Value& signatures = whole["signatures"];
  const auto ours = std::find_if(signatures.begin(), signatures.end(),
                                 [&](const Value& s) { return s["keyid"] == id; });
  if (ours != signatures.end()) signatures.erase(ours);
  signatures.push_back(one_signature(id, signature));
  std::string signed_file = json::compact(whole);
  FB_TRY(check_metadata(signed_file));
  return signed_file;
}

}  // namespace fb::tuf
