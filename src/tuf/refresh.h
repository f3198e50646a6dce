// Refresh: the client workflow (specification 1.0.34, sections 5.2 to 5.6) without a network.
//
// It says which file it needs next; a shell, blocking or not, fetches it and feeds the bytes. Files
// from the device's own store are verified again and, if they fail, ignored and fetched. After each
// feed (and after a failure, too) the shell stores take_accepted(), in order, before it asks for
// more: that is what protects the next run from rollback.
//
//   FB_ASSIGN(auto refresh, Refresh::begin({.pinned_root = pinned, .stored = stored, .wanted =
//   {"core"}, .now = now})); while (const auto need = refresh.next()) {
//     const auto reply = fetch(base + need->path, need->max_bytes);          // the shell's own
//     const Status fed = reply ? refresh.feed(*reply) : refresh.not_found();
//     store(refresh.take_accepted());
//     FB_TRY(fed);
//   }
//
// `now` is fixed at the start (5.1). One owner; not for two threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tuf/trusted_set.h"

namespace fb::tuf {

enum class IfMissing : std::uint8_t { fails, ends_the_chain };

struct Need {
  std::string role;
  std::optional<std::int64_t> version;
  std::string path;           // relative to the metadata base, ready for a URL
  std::size_t max_bytes = 0;  // stop reading beyond; then feed nothing and give up with too_large
  IfMissing if_missing = IfMissing::fails;
};

// Role name → bytes as last accepted. File names: encode_role_file_name(role) + ".json".
using StoredMetadata = std::map<std::string, std::string, std::less<>>;

struct AcceptedFile {
  std::string role;
  std::string bytes;
};

struct RefreshStart {
  std::string pinned_root;
  StoredMetadata stored;
  // Roles that top-level targets delegates to, to be loaded as well. Those not delegated or not in
  // the snapshot yet are passed over.
  std::vector<std::string> wanted;
  TrustedNow now;
};

class Refresh {
 public:
  // Starts from the stored root if it verifies itself and is newer than the pinned one, else from
  // the pinned one. Errors: as TrustedSet::from_root for the pinned root.
  static Result<Refresh> begin(RefreshStart start);

  // What to fetch now; nothing when done or failed.
  [[nodiscard]] std::optional<Need> next() const;

  // The outcome of that fetch. An error for root, timestamp, snapshot or targets ends the refresh;
  // an error for a delegated role ends the use of that role only, and next() goes on to the others.
  // Errors: as TrustedSet; too_large; conflict when nothing was asked for.
  Status feed(std::string_view bytes);
  // The repository answered that there is no such file (403, 404). When it cannot be reached, give
  // up instead: the end of the root chain has to be the repository's word. Errors: not_found,
  // unless the chain of roots ends here.
  Status not_found();

  // Asks for one more delegated role, for example one that TrustedSet::find_target needs. Uses the
  // stored file if it is still right. Errors: conflict before complete() and before the delegator
  // is loaded; not_found when the delegator does not delegate to it or the snapshot does not list
  // it.
  Status want(std::string_view role, std::string_view delegator);

  // Root, timestamp, snapshot and targets are verified, unexpired and of one piece.
  [[nodiscard]] bool complete() const { return stage_ == Stage::delegated; }
  // Delegated roles that could not be loaded, and why.
  [[nodiscard]] const std::map<std::string, Error>& failures() const { return failures_; }

  // Files accepted from the repository since the last call, in the order to store them.
  std::vector<AcceptedFile> take_accepted();

  [[nodiscard]] const TrustedSet& trusted() const { return trusted_; }

 private:
  enum class Stage : std::uint8_t { roots, timestamp, snapshot, targets, delegated, failed };

  Refresh(RefreshStart start, TrustedSet trusted);

  [[nodiscard]] Need need_listed(std::string_view role, const MetaFile& meta) const;
  Status accept(std::string_view bytes);
  Status accept_root(std::string_view bytes);
  Status accept_timestamp(std::string_view bytes);
  Status accept_snapshot(std::string_view bytes);
  Status accept_targets(std::string_view bytes);
  Status accept_delegated(std::string_view bytes);
  Status end_root_chain();
  Status enter_snapshot();
  Status enter_targets();
  void enter_delegated();
  void settle_from_store();
  bool settled_from_store(const NeedRole& need);
  Status conclude(Status outcome);
  void keep(std::string_view role, std::string_view bytes);

  RefreshStart start_;
  TrustedSet trusted_;
  Stage stage_ = Stage::roots;
  int rotations_ = 0;
  std::deque<NeedRole> pending_;
  std::vector<AcceptedFile> accepted_;
  std::map<std::string, Error> failures_;
};

// What a device can trust without a network: its stored files, verified as if they had just been
// fetched. Errors: as TrustedSet; not_found when a top-level file is missing. Delegated roles that
// fail are left out.
Result<TrustedSet> trust_stored(const RefreshStart& start);

// The timestamp that came with a check-in reply, and the newest root version the server knows.
struct TimestampReply {
  std::string_view timestamp;
  std::int64_t newest_root = 1;
};
enum class ReplyAction : std::uint8_t { store_timestamp, nothing, full_refresh };
struct ReplyVerdict {
  ReplyAction action = ReplyAction::full_refresh;
  std::string reason;
};
// The short path: a valid timestamp over the snapshot we have replaces ours without another
// request. Whatever else it is, a full refresh decides. On store_timestamp the caller stores the
// bytes as "timestamp".
ReplyVerdict feed_timestamp_from_reply(TrustedSet& trusted, const TimestampReply& reply,
                                       TrustedNow now);

}  // namespace fb::tuf
