// TrustedSet: the metadata a client trusts, and the only way to come to trust more.
//
// It starts from a root that the device has by other means and eats bytes in one legal order: newer
// roots, timestamp, snapshot, targets, delegated targets (specification 1.0.34, section 5). Bytes
// that are refused change nothing that was trusted before. Two things are kept though the call
// fails: a timestamp or snapshot that is authentic but past its expiry, and a snapshot from the
// device's own store that is authentic but not the newest. They still bound how far back anybody
// can roll the client, and neither lets a later step pass.
//
//   FB_ASSIGN(auto trusted, TrustedSet::from_root(pinned));
//   FB_TRY(trusted.update_timestamp(timestamp_bytes, now));
//   FB_TRY(trusted.update_snapshot(snapshot_bytes, now, Source::repository));
//   FB_TRY(trusted.update_targets(targets_bytes, now));
//   FB_ASSIGN(const auto search, trusted.find_target("content/sensor.channel/7.bin"));
//
// Pure value, one owner, no locks. refresh.h orders the network around it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "tuf/metadata.h"

namespace fb::tuf {

// Expiry is judged at the later of the two. `authenticated_bound` is a time that somebody trusted
// has signed; when only the local clock says "expired", the answer is clock_doubtful, which heals
// with the clock.
struct TrustedNow {
  Instant local;
  Instant authenticated_bound;
  Millis carry = {};  // how long metadata may have been carried across an air gap

  // At what time metadata of this role is judged. What is signed online (timestamp, snapshot,
  // rollouts) was fresh when it was carried away; everything else has to be so now.
  [[nodiscard]] TrustedNow of(std::string_view role) const;
};

// Errors: expired, clock_doubtful; the message names `what`.
Status check_expiry(Instant expires, TrustedNow now, std::string_view what);

enum class Source : std::uint8_t { repository, own_store };
enum class TimestampChange : std::uint8_t { newer, same };

// The keys of one role, to verify statements that the role signs outside of TUF metadata.
struct RoleSigners {
  crypto::KeyMap keys;
  std::set<crypto::KeyId> keyids;
  std::int64_t threshold = 1;
};

struct FoundTarget {
  TargetFile file;
  std::string role;  // who vouches for it
};
struct NeedRole {
  std::string role;
  std::string delegator;
};
struct NoSuchTarget {};
using Search = std::variant<FoundTarget, NeedRole, NoSuchTarget>;

class TrustedSet {
 public:
  // Errors: malformed, too_large, unsupported, bad_signature (the root does not sign for itself).
  static Result<TrustedSet> from_root(std::string_view bytes);

  // All updates: malformed, too_large, unsupported, bad_signature; conflict when called out of
  // order.

  // 5.3.4 to 5.3.7: signed by the old and by the new threshold, version exactly one up. Errors:
  // also rolled_back, mismatch (a version was skipped).
  Status update_root(std::string_view bytes);
  // 5.3.10, once no newer root exists. Errors: expired, clock_doubtful.
  [[nodiscard]] Status check_root_fresh(TrustedNow now) const;

  // 5.4.2 to 5.4.4. Errors: also rolled_back, expired, clock_doubtful. `same`: the version we have
  // already; it is kept.
  Result<TimestampChange> update_timestamp(std::string_view bytes, TrustedNow now);
  // 5.5.2 to 5.5.6. Errors: also mismatch, rolled_back, expired, clock_doubtful. From `own_store`,
  // length and hashes are not compared: the timestamp's speak of the newest snapshot, and this one
  // only has to be authentic.
  Status update_snapshot(std::string_view bytes, TrustedNow now, Source source);
  // 5.6.2 to 5.6.5. Errors: also mismatch, not_found (not in the snapshot), expired,
  // clock_doubtful.
  Status update_targets(std::string_view bytes, TrustedNow now);
  // The same for a delegated role, under the keys that `delegator` gives it. A role that several
  // roles delegate has to be offered once for each: authority is not inherited from another path.
  // Errors: also not_found (no such delegation).
  Status update_delegated(std::string_view role, std::string_view delegator, std::string_view bytes,
                          TrustedNow now);

  // The steady state: a newer timestamp over the very snapshot we have, when everything is loaded.
  // Errors: as update_timestamp; conflict when the snapshot or the root has to be fetched first.
  Result<TimestampChange> renew_timestamp(std::string_view bytes, TrustedNow now);

  // Whether everything loaded is unexpired. Errors: expired, clock_doubtful; conflict while
  // something is missing.
  [[nodiscard]] Status check_all_fresh(TrustedNow now) const;

  // 5.6.7: pre-order walk of the delegations whose paths cover `target`. Errors: malformed (not a
  // name that could be stored safely), too_large (more than limits::kDelegations roles asked).
  [[nodiscard]] Result<Search> find_target(std::string_view target) const;

  // Whether `delegator` is loaded and delegates to `role`. Errors: conflict, not_found.
  [[nodiscard]] Status check_delegation(std::string_view role, std::string_view delegator) const;
  // Keys of a top-level role, or of a role that top-level targets delegates to directly. Errors:
  // not_found, conflict.
  [[nodiscard]] Result<RoleSigners> role_keys(std::string_view role) const;

  [[nodiscard]] const Document<Root>& root() const { return root_; }
  [[nodiscard]] const std::optional<Document<Timestamp>>& timestamp() const { return timestamp_; }
  [[nodiscard]] const std::optional<Document<Snapshot>>& snapshot() const { return snapshot_; }
  // Top-level or delegated; null while not loaded.
  [[nodiscard]] const Document<Targets>* targets(std::string_view role = kTargets) const;
  // Whether `role` was verified under `delegator`'s keys.
  [[nodiscard]] bool vouched(std::string_view role, std::string_view delegator) const;

 private:
  struct Loaded {
    Document<Targets> document;
    std::set<std::string, std::less<>> vouched_by;
  };

  explicit TrustedSet(Document<Root> root) : root_(std::move(root)) {}

  [[nodiscard]] Status check_timestamp_usable(TrustedNow now) const;
  [[nodiscard]] Status check_snapshot_usable(TrustedNow now) const;
  [[nodiscard]] Status check_newer_timestamp(const Timestamp& offered) const;
  [[nodiscard]] Status check_newer_snapshot(const Snapshot& offered) const;
  [[nodiscard]] Result<Document<Targets>> verified_targets(std::string_view role,
                                                           std::string_view bytes,
                                                           const RoleSigners& signers,
                                                           TrustedNow now) const;
  [[nodiscard]] Result<RoleSigners> delegated_signers(std::string_view role,
                                                      std::string_view delegator) const;

  Document<Root> root_;
  std::optional<Document<Timestamp>> timestamp_;
  std::optional<Document<Snapshot>> snapshot_;
  std::map<std::string, Loaded, std::less<>> targets_;
};

// The vouched-for description of a target. Errors: not_found; forbidden (another role than `role`
// vouches for it), unavailable (a role on the way to it is not trusted here now).
Result<TargetFile> find_target(const TrustedSet& trusted, const std::string& path,
                               std::string_view role);

}  // namespace fb::tuf
