#include "tuf/metadata.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "tuf/names.h"

namespace fb::tuf {
namespace {

using json::Reader;
using json::UnknownFields;
using json::Value;

// The hashes we can check, best known first, with their length in hex digits.
constexpr std::array<std::pair<std::string_view, std::size_t>, 2> kChecked{
    {{"sha256", 64}, {"sha512", 128}}};

// A signature that is not hex cannot verify but is no reason to refuse the file: signing tools
// leave "" for those who have not signed yet.
crypto::Signature decode_signature(Reader& in) {
  crypto::Signature signature{in.string("keyid", 256), ""};
  if (auto raw = from_hex(in.string("sig", 8192)); raw.ok())
    signature.bytes = std::move(raw).value();
  return signature;
}

// 4.2.1: the key ids of "signatures" are unique; a file that repeats one is refused, not just
// counted once.
Result<std::vector<crypto::Signature>> decode_signatures(const Value& list,
                                                         const std::string& where) {
  if (!list.is_array())
    return Error{ErrorCode::malformed, where + ".signatures: a list is expected"};
  if (list.size() > limits::kSignatures) {
    return Error{ErrorCode::too_large, where + ".signatures: " + std::to_string(list.size()) +
                                           " signatures; at most " +
                                           std::to_string(limits::kSignatures)};
  }
  std::vector<crypto::Signature> signatures;
  std::set<crypto::KeyId> seen;
  for (const Value& element : list) {
    Reader in(element, where + ".signatures");
    signatures.push_back(decode_signature(in));
    if (!seen.insert(signatures.back().key).second) {
      in.fail("keyid", "'" + signatures.back().key + "' signs twice; each key may stand here once");
    }
    FB_TRY(in.done(UnknownFields::keep));
  }
  return signatures;
}

Status check_spec_version(const std::string& text, const std::string& where) {
  if (text.starts_with("1.") && text.size() > 2) return {};
  return Error{ErrorCode::unsupported, where + ".spec_version: '" + text.substr(0, 40) +
                                           "'; this program reads versions 1.x of TUF"};
}

// Other publishers write fractions of a second, which ISO 8601 allows; cut off, a file expires no
// later than they meant.
Instant decode_expires(Reader& in) {
  std::string text = in.string("expires", 64);
  const std::size_t dot = text.find('.');
  const std::size_t end = text.find_first_not_of("0123456789", dot + 1);
  if (dot != std::string::npos && end != std::string::npos && end > dot + 1)
    text.erase(dot, end - dot);
  const auto instant = parse_rfc3339(text);
  if (!instant.ok()) in.fail("expires", instant.error().detail);
  return instant.ok() ? *instant : Instant{};
}

// What every "signed" has.
struct Head {
  std::int64_t version = 1;
  Instant expires;
};

Result<Head> decode_head(Reader& in, std::string_view type) {
  in.literal("_type", type);
  const std::string spec_version = in.string("spec_version", 64);
  const Head head{in.integer("version", 1, kMaxInteger), decode_expires(in)};
  FB_TRY(in.done(UnknownFields::keep));
  FB_TRY(check_spec_version(spec_version, in.path("")));
  return head;
}

template <class Body>
using BodyDecoder = Result<Body> (*)(Reader& in);

template <class Body>
Result<Document<Body>> decode_document(std::string_view bytes, std::string_view role,
                                       BodyDecoder<Body> decode_body) {
  const std::string where(role);
  FB_ASSIGN(const Value file, json::parse(bytes, {.bytes = max_bytes(role)}).in(where));
  Reader envelope(file, where);
  const Value& signed_part = envelope.raw("signed");
  const Value& signatures = envelope.raw("signatures");
  FB_TRY(envelope.done(UnknownFields::keep));
  FB_ASSIGN(auto decoded, decode_signatures(signatures, where));
  if (!json::has_canonical_form(signed_part)) {
    return Error{ErrorCode::malformed,
                 where + ": numbers with a fraction or exponent have no canonical form"};
  }
  Reader in(signed_part, where);
  FB_ASSIGN(auto body, decode_body(in));
  FB_TRY(in.done(UnknownFields::keep));
  return Document<Body>{std::string(bytes), json::canonical(signed_part), std::move(decoded),
                        std::move(body)};
}

Status check_object(const Value& value, const std::string& where) {
  if (value.is_object()) return {};
  return Error{ErrorCode::malformed, where + ": an object is expected here"};
}

// A key that we cannot read, for its type is new or its material broken, is no error: its
// signatures never count.
Result<crypto::KeyMap> decode_keys(Reader& in) {
  const Value& map = in.raw("keys");
  FB_TRY(in.done(UnknownFields::keep));
  FB_TRY(check_object(map, in.path("keys")));
  crypto::KeyMap keys;
  for (const auto& [id, value] : map.items()) {
    FB_TRY(check_object(value, in.path("keys")));
    if (auto key = crypto::decode_key(value); key.ok()) keys.emplace(id, std::move(key).value());
  }
  return keys;
}

Result<Hashes> decode_hashes(Reader& in) {
  const Value& map = in.raw("hashes");
  FB_TRY(in.done(UnknownFields::keep));
  FB_TRY(check_object(map, in.path("hashes")));
  Hashes hashes;
  for (const auto& [algorithm, value] : map.items()) {
    if (!value.is_string()) in.fail("hashes", "the hash is text in hex");
    if (value.is_string()) hashes.emplace(algorithm, value.get<std::string>());
  }
  if (hashes.empty()) in.fail("hashes", "at least one hash is expected");
  for (const auto& [name, digits] : kChecked) {
    const auto hash = hashes.find(name);
    if (hash == hashes.end()) continue;
    const bool hex = hash->second.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex || hash->second.size() != digits) {
      in.fail("hashes",
              std::string(name) + " is not " + std::to_string(digits) + " lower-case hex digits");
    }
  }
  FB_TRY(in.done(UnknownFields::keep));
  return hashes;
}

Result<MetaFile> decode_meta_file(const Value& value, const std::string& where) {
  Reader in(value, where);
  MetaFile meta{.version = in.integer("version", 1, kMaxInteger), .length = {}, .hashes = {}};
  if (in.has("length")) meta.length = in.integer("length", 1, kMaxInteger);
  FB_TRY(in.done(UnknownFields::keep));
  if (in.has("hashes")) {
    FB_ASSIGN(meta.hashes, decode_hashes(in));
  }
  return meta;
}

Result<Root> decode_root_body(Reader& in) {
  FB_ASSIGN(const Head head, decode_head(in, kRoot));
  Root root{.version = head.version,
            .expires = head.expires,
            .consistent_snapshot = false,
            .keys = {},
            .roles = {}};
  if (in.has("consistent_snapshot")) root.consistent_snapshot = in.boolean("consistent_snapshot");
  FB_ASSIGN(root.keys, decode_keys(in));
  Reader roles = in.object("roles");
  for (const std::string_view name : kTopLevelRoles) {
    Reader role = roles.object(name);
    FB_ASSIGN(auto keys, decode_role_keys(role));
    root.roles.emplace(name, std::move(keys));
  }
  return root;
}

Result<Timestamp> decode_timestamp_body(Reader& in) {
  FB_ASSIGN(const Head head, decode_head(in, kTimestamp));
  Reader meta = in.object("meta");
  const Value& snapshot = meta.raw("snapshot.json");
  FB_TRY(in.done(UnknownFields::keep));
  FB_ASSIGN(auto file, decode_meta_file(snapshot, meta.path("snapshot.json")));
  return Timestamp{head.version, head.expires, std::move(file)};
}

Result<Snapshot> decode_snapshot_body(Reader& in) {
  FB_ASSIGN(const Head head, decode_head(in, kSnapshot));
  const Value& meta = in.raw("meta");
  FB_TRY(in.done(UnknownFields::keep));
  FB_TRY(check_object(meta, in.path("meta")));
  Snapshot snapshot{head.version, head.expires, {}};
  constexpr std::string_view kSuffix = ".json";
  for (const auto& [name, value] : meta.items()) {
    const std::string where = in.path("meta") + "." + name.substr(0, 80);
    if (name.size() <= kSuffix.size() || !name.ends_with(kSuffix)) {
      return Error{ErrorCode::malformed, where + ": metadata files are named '<role>.json'"};
    }
    FB_ASSIGN(auto file, decode_meta_file(value, where));
    snapshot.meta.emplace(name.substr(0, name.size() - kSuffix.size()), std::move(file));
  }
  return snapshot;
}

Result<TargetFile> decode_target_file(const Value& value, const std::string& where) {
  Reader in(value, where);
  TargetFile file{.length = in.integer("length", 0, kMaxInteger), .hashes = {}, .custom = {}};
  if (in.has("custom")) file.custom = in.raw("custom");
  FB_ASSIGN(file.hashes, decode_hashes(in));
  return file;
}

Result<std::map<std::string, TargetFile, std::less<>>> decode_target_files(Reader& in) {
  const Value& map = in.raw("targets");
  FB_TRY(in.done(UnknownFields::keep));
  FB_TRY(check_object(map, in.path("targets")));
  std::map<std::string, TargetFile, std::less<>> files;
  for (const auto& [name, value] : map.items()) {
    FB_ASSIGN(auto file, decode_target_file(value, in.path("targets") + "." + name.substr(0, 200)));
    files.emplace(name, std::move(file));
  }
  return files;
}

Result<DelegatedRole> decode_delegated_role(const Value& value, const std::string& where) {
  Reader in(value, where);
  DelegatedRole role{.name = in.string("name", 256),
                     .signers = {},
                     .terminating = false,
                     .paths = {},
                     .path_hash_prefixes = {}};
  if (in.has("terminating")) role.terminating = in.boolean("terminating");
  if (in.has("paths")) role.paths = in.strings("paths", 4096, 1024);
  if (in.has("path_hash_prefixes"))
    role.path_hash_prefixes = in.strings("path_hash_prefixes", 65536, 64);
  if (in.has("paths") == in.has("path_hash_prefixes"))
    in.fail("", "either paths or path_hash_prefixes is expected");
  if (role.name.empty()) in.fail("name", "is empty");
  if (is_top_level(role.name))
    in.fail("name", "'" + role.name + "' is a top-level role and cannot be delegated");
  FB_ASSIGN(role.signers, decode_role_keys(in));
  return role;
}

Result<Delegations> decode_delegations(Reader in) {
  Delegations delegations;
  FB_ASSIGN(delegations.keys, decode_keys(in));
  if (in.has("roles") == in.has("succinct_roles"))
    in.fail("", "either roles or succinct_roles is expected");
  FB_TRY(in.done(UnknownFields::keep));
  if (in.has("succinct_roles")) {
    FB_ASSIGN(delegations.bins,
              decode_hash_bins(in.raw("succinct_roles"), in.path("succinct_roles")));
    return delegations;
  }
  const Value& roles = in.raw("roles");
  FB_TRY(in.done(UnknownFields::keep));
  if (!roles.is_array())
    return Error{ErrorCode::malformed, in.path("roles") + ": a list is expected"};
  for (const Value& value : roles) {
    FB_ASSIGN(auto role, decode_delegated_role(value, in.path("roles")));
    if (delegations.find(role.name) != nullptr) {
      return Error{ErrorCode::malformed,
                   in.path("roles") + ": '" + role.name + "' is delegated twice"};
    }
    delegations.roles.push_back(std::move(role));
  }
  return delegations;
}

Result<Targets> decode_targets_body(Reader& in) {
  FB_ASSIGN(const Head head, decode_head(in, kTargets));
  Targets targets{
      .version = head.version, .expires = head.expires, .targets = {}, .delegations = {}};
  FB_ASSIGN(targets.targets, decode_target_files(in));
  if (in.has("delegations")) {
    FB_ASSIGN(targets.delegations, decode_delegations(in.object("delegations")));
  }
  return targets;
}

Value encode_head(std::string_view type, std::int64_t version, Instant expires) {
  return {{"_type", type},
          {"spec_version", kSpecVersion},
          {"version", version},
          {"expires", to_rfc3339(expires)}};
}

Value encode_keys(const crypto::KeyMap& keys) {
  Value out = Value::object();
  for (const auto& [id, key] : keys) out[id] = key.document;
  return out;
}

Value encode_meta_file(const MetaFile& meta) {
  Value out{{"version", meta.version}};
  if (meta.length) out["length"] = *meta.length;
  if (!meta.hashes.empty()) out["hashes"] = meta.hashes;
  return out;
}

Value encode_delegated_role(const DelegatedRole& role) {
  Value out = encode(role.signers);
  out["name"] = role.name;
  out["terminating"] = role.terminating;
  if (role.path_hash_prefixes.empty()) {
    out["paths"] = role.paths;
  } else {
    out["path_hash_prefixes"] = role.path_hash_prefixes;
  }
  return out;
}

Value encode_delegations(const Delegations& delegations) {
  Value out{{"keys", encode_keys(delegations.keys)}};
  if (delegations.bins) {
    out["succinct_roles"] = encode(*delegations.bins);
    return out;
  }
  out["roles"] = Value::array();
  for (const DelegatedRole& role : delegations.roles)
    out["roles"].push_back(encode_delegated_role(role));
  return out;
}

}  // namespace

bool is_top_level(std::string_view role) {
  return std::find(kTopLevelRoles.begin(), kTopLevelRoles.end(), role) != kTopLevelRoles.end();
}

std::size_t max_bytes(std::string_view role) {
  if (role == kRoot) return limits::kRootBytes;
  if (role == kTimestamp) return limits::kTimestampBytes;
  if (role == kSnapshot) return limits::kSnapshotBytes;
  return limits::kTargetsBytes;
}

Result<Digest> TargetFile::sha256() const {
  const auto found = hashes.find("sha256");
  if (found != hashes.end()) return Digest::from_hex(found->second);
  return Error{ErrorCode::unsupported, "the target has no sha256 among its signed hashes"};
}

Result<std::string> TargetFile::name_hash() const {
  for (const auto& [algorithm, digits] : kChecked) {
    if (const auto found = hashes.find(algorithm); found != hashes.end()) return found->second;
  }
  return Error{ErrorCode::unsupported, "neither sha256 nor sha512 among the target's hashes"};
}

bool DelegatedRole::covers(std::string_view target) const {
  if (path_hash_prefixes.empty()) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const auto& p) { return matches_pattern(p, target); });
  }
  const std::string hash = crypto::sha256(target).hex();
  return std::any_of(path_hash_prefixes.begin(), path_hash_prefixes.end(),
                     [&](const auto& prefix) { return hash.starts_with(prefix); });
}

const RoleKeys* Delegations::find(std::string_view role) const {
  if (bins && bins->contains(role)) return &bins->signers;
  const auto found =
      std::find_if(roles.begin(), roles.end(), [&](const auto& r) { return r.name == role; });
  return found == roles.end() ? nullptr : &found->signers;
}

bool Delegations::covers(std::string_view role, std::string_view target) const {
  if (bins) return bins->name_for(target) == role;
  return std::any_of(roles.begin(), roles.end(),
                     [&](const auto& r) { return r.name == role && r.covers(target); });
}

Delegations::Covering Delegations::covering(std::string_view target) const {
  if (bins) return {{bins->name_for(target)}, true};
  Covering out;
  for (const DelegatedRole& role : roles) {
    if (!role.covers(target)) continue;
    out.roles.push_back(role.name);
    out.terminating = role.terminating;
    if (role.terminating) break;
  }
  return out;
}

Result<Document<Root>> decode_root(std::string_view bytes) {
  return decode_document(bytes, kRoot, &decode_root_body);
}

Result<Document<Timestamp>> decode_timestamp(std::string_view bytes) {
  return decode_document(bytes, kTimestamp, &decode_timestamp_body);
}

Result<Document<Snapshot>> decode_snapshot(std::string_view bytes) {
  return decode_document(bytes, kSnapshot, &decode_snapshot_body);
}

Result<Document<Targets>> decode_targets(std::string_view bytes, std::string_view role) {
  return decode_document(bytes, role, &decode_targets_body);
}

Value encode(const Root& root) {
  Value out = encode_head(kRoot, root.version, root.expires);
  out["consistent_snapshot"] = root.consistent_snapshot;
  out["keys"] = encode_keys(root.keys);
  for (const auto& [name, role] : root.roles) out["roles"][name] = encode(role);
  return out;
}

Value encode(const Timestamp& timestamp) {
  Value out = encode_head(kTimestamp, timestamp.version, timestamp.expires);
  out["meta"]["snapshot.json"] = encode_meta_file(timestamp.snapshot);
  return out;
}

Value encode(const Snapshot& snapshot) {
  Value out = encode_head(kSnapshot, snapshot.version, snapshot.expires);
  out["meta"] = Value::object();
  for (const auto& [role, meta] : snapshot.meta)
    out["meta"][role + ".json"] = encode_meta_file(meta);
  return out;
}

Value encode(const Targets& targets) {
  Value out = encode_head(kTargets, targets.version, targets.expires);
  out["targets"] = Value::object();
  for (const auto& [name, file] : targets.targets) out["targets"][name] = encode(file);
  if (!targets.delegations.roles.empty() || targets.delegations.bins)
    out["delegations"] = encode_delegations(targets.delegations);
  return out;
}

Value encode(const TargetFile& file) {
  Value out{{"length", file.length}, {"hashes", file.hashes}};
  if (!file.custom.is_null()) out["custom"] = file.custom;
  return out;
}

Status check_content(std::string_view bytes, std::optional<std::int64_t> length,
                     const Hashes& hashes) {
  if (length && static_cast<std::uint64_t>(*length) != bytes.size()) {
    return Error{ErrorCode::mismatch, std::to_string(bytes.size()) + " bytes where " +
                                          std::to_string(*length) + " are signed"};
  }
  if (hashes.empty()) return {};
  bool checked = false;
  for (const auto& [algorithm, digits] : kChecked) {
    const auto hash = hashes.find(algorithm);
    if (hash == hashes.end()) continue;
    const std::string actual =
        algorithm == "sha256" ? crypto::sha256(bytes).hex() : crypto::sha512_hex(bytes);
    checked = true;
    if (actual == hash->second) continue;
    return Error{ErrorCode::mismatch,
                 std::string(algorithm) + " " + actual + " where " + hash->second + " is signed"};
  }
  if (checked) return {};
  return Error{ErrorCode::unsupported, "neither sha256 nor sha512 among the signed hashes"};
}

}  // namespace fb::tuf
