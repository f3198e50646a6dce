// TUF metadata as values: root, timestamp, snapshot and targets (specification 1.0.34, section 4),
// read from bytes and written back.
//
// Decoding proves shape only; who signed is trusted_set.h's question. Each Document keeps the bytes
// as they came, since hashes and storage speak of those, and the canonical form of "signed", since
// signatures do. Fields that we do not know are covered by both and otherwise ignored. Pure values;
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"
#include "json/json.h"
#include "tuf/hash_bins.h"
#include "tuf/role_keys.h"

namespace fb::tuf {

inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";
// The one delegated role whose keys lie on the server.
inline constexpr std::string_view kRollouts = "rollouts";
inline constexpr std::array kTopLevelRoles{kRoot, kTimestamp, kSnapshot, kTargets};

inline constexpr std::string_view kSpecVersion = "1.0.34";
bool is_top_level(std::string_view role);
// How many bytes metadata of this role may have at all.
std::size_t max_bytes(std::string_view role);

// Algorithm → lower-case hex, as signed. sha256 and sha512 are checked, others kept.
using Hashes = std::map<std::string, std::string, std::less<>>;

struct MetaFile {
  std::int64_t version = 1;
  std::optional<std::int64_t> length;
  Hashes hashes;
  friend bool operator==(const MetaFile&, const MetaFile&) = default;
};

struct TargetFile {
  std::int64_t length = 0;
  Hashes hashes;
  json::Value custom;  // null when there is none
  friend bool operator==(const TargetFile&, const TargetFile&) = default;

  // The hash that consistent snapshots put into file names: one of those signed that we can check.
  // Errors: unsupported (the publisher signed other algorithms only).
  [[nodiscard]] Result<std::string> name_hash() const;
  // Errors: unsupported, as above.
  [[nodiscard]] Result<Digest> sha256() const;
};

struct Root {
  std::int64_t version = 1;
  Instant expires;
  bool consistent_snapshot = false;
  crypto::KeyMap keys;  // those that we can read; others cannot count
  std::map<std::string, RoleKeys, std::less<>> roles;
};

struct Timestamp {
  std::int64_t version = 1;
  Instant expires;
  MetaFile snapshot;
};

struct Snapshot {
  std::int64_t version = 1;
  Instant expires;
  std::map<std::string, MetaFile, std::less<>> meta;  // by role name, without ".json"
};

struct DelegatedRole {
  std::string name;
  RoleKeys signers;
  bool terminating = false;
  std::vector<std::string> paths;               // glob patterns; or else
  std::vector<std::string> path_hash_prefixes;  // of the SHA-256 of the target's path, in hex

  [[nodiscard]] bool covers(std::string_view target) const;
};

struct Delegations {
  crypto::KeyMap keys;
  std::vector<DelegatedRole> roles;  // in order of trust; or else
  std::optional<HashBins> bins;

  // Who signs for `role`; null when it is not delegated here.
  [[nodiscard]] const RoleKeys* find(std::string_view role) const;
  // Whether `role` is delegated here for `target`.
  [[nodiscard]] bool covers(std::string_view role, std::string_view target) const;
  // The roles that may speak of `target`, in order of trust, up to the first that ends the search.
  struct Covering {
    std::vector<std::string> roles;
    bool terminating = false;  // the last of them ends the search
  };
  [[nodiscard]] Covering covering(std::string_view target) const;
};

struct Targets {
  std::int64_t version = 1;
  Instant expires;
  std::map<std::string, TargetFile, std::less<>> targets;
  Delegations delegations;
};

template <class Body>
struct Document {
  std::string bytes;         // as received
  std::string signed_bytes;  // canonical JSON of "signed": what the signatures are over
  std::vector<crypto::Signature> signatures;
  Body body;
};

// Errors: malformed, too_large (bytes or signatures), unsupported (spec_version).
Result<Document<Root>> decode_root(std::string_view bytes);
Result<Document<Timestamp>> decode_timestamp(std::string_view bytes);
Result<Document<Snapshot>> decode_snapshot(std::string_view bytes);
// For top-level targets and for delegated roles, whose name stands in the messages.
Result<Document<Targets>> decode_targets(std::string_view bytes, std::string_view role = kTargets);

// The "signed" part of a file.
json::Value encode(const Root& root);
json::Value encode(const Timestamp& timestamp);
json::Value encode(const Snapshot& snapshot);
json::Value encode(const Targets& targets);
json::Value encode(const TargetFile& file);

// Whether `bytes` have the length and hashes that signed metadata gives them, where it gives any.
// Errors: mismatch, unsupported (hashes given, none of them sha256 or sha512).
Status check_content(std::string_view bytes, std::optional<std::int64_t> length,
                     const Hashes& hashes);

}  // namespace fb::tuf
