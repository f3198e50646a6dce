// The publisher's and the server's side: compose TUF metadata, sign it, add signatures, make the
// next version.
//
// Everything here is bytes in, bytes out. A ceremony is unsigned_file() once, then add_signature()
// by each holder over the same bytes. The result is verified by TrustedSet, exactly as a device
// would, before it is published.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"
#include "tuf/metadata.h"

namespace fb::tuf {

// How long each role's signature is good for.
struct Lifetimes {
  Millis root = days(365);
  Millis targets = days(182);
  Millis core = days(182);
  Millis content = days(30);
  Millis flags = days(30);
  Millis rollouts = days(7);
  Millis snapshot = days(7);
  Millis timestamp = hours(24);

  // Errors: not_found (none of the roles above).
  [[nodiscard]] Result<Millis> of(std::string_view role) const;
};

struct Edition {
  std::int64_t version = 1;
  Instant expires;
};

// The keys of one role while composing. More keys than the threshold let one be lost.
struct Keyring {
  std::vector<crypto::PublicKey> keys;
  std::int64_t threshold = 1;
};
using Keyrings = std::map<std::string, Keyring, std::less<>>;

// Needs rings for root, timestamp, snapshot and targets; always with consistent snapshots.
// Errors: bad_usage (a ring is missing, or smaller than its threshold).
Result<Root> compose_root(const Keyrings& rings, Edition edition);
// Top-level targets without targets of its own yet, delegating core, content, flags and rollouts,
// each terminating. Errors: bad_usage, as above.
Result<Targets> compose_targets(const Keyrings& rings, Edition edition);
// Lists every role of `files` (role name → signed bytes) with version, length and SHA-256. Errors:
// as decode_targets.
Result<Snapshot> compose_snapshot(const std::map<std::string, std::string, std::less<>>& files,
                                  Edition edition);
// Errors: as decode_snapshot.
Result<Timestamp> compose_timestamp(std::string_view snapshot_file, Edition edition);

// What a new target says about `bytes`.
TargetFile describe(std::string_view bytes, json::Value custom = nullptr);

struct TargetChanges {
  std::map<std::string, TargetFile> add;  // replaces an entry of the same name
  std::set<std::string> remove;
};
// The "signed" part of the next version of a targets file, fields unknown to us included.
// Errors: as decode_targets; malformed (a name that is no TargetPath); not_found (a name to remove
// is not there).
Result<json::Value> next_targets(std::string_view file, const TargetChanges& changes,
                                 Instant expires);

using Signers = std::vector<const crypto::Signer*>;

// One line of JSON: {"signatures":[],"signed":…}.
std::string unsigned_file(const json::Value& signed_part);
// Errors: as add_signature; bad_usage (a signer twice).
Result<std::string> sign_file(const json::Value& signed_part, const Signers& signers);
// The same file with one signature more, or with that key's signature renewed; the canonical form
// of "signed" stays. A file that does not decode as the type it claims is not signed. Errors: as
// decode_*; as Signer::sign.
Result<std::string> add_signature(std::string_view file, const crypto::Signer& signer);

}  // namespace fb::tuf
