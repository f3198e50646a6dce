// The repository that devices read: TUF metadata and targets on disk, and the three roles signed
// online.
//
// A Publication is one consistent set of role files below one root. compose() makes the next one
// and runs a device's own verification over it before anybody else sees it; the store keeps it;
// publish() writes it, timestamp last, and is idempotent: after a crash the stored publication is
// simply published again. Owned by the decider's thread; current() may be read by all.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "port/files.h"
#include "server/expiry_watch.h"
#include "server/online_signers.h"
#include "server/transaction.h"
#include "tuf/repository.h"
#include "tuf/trusted_set.h"

namespace fb::server {

// Role name -> signed bytes: targets, core, content, flags, rollouts.
using RoleFiles = std::map<std::string, std::string, std::less<>>;

struct Publication {
  std::map<std::int64_t, std::string> roots;  // by version; the last is in force
  RoleFiles roles;
  std::string snapshot;
  std::string timestamp;
};

class Repository {
 public:
  // Reads root and role files from `files` (metadata/, targets/), the stored publication from
  // `store` where there is one. Errors: not_found or malformed, naming the file and what to do;
  // conflict when the online keys are not the ones that root and targets name.
  static Result<std::unique_ptr<Repository>> open(port::Files& files, port::Store& store,
                                                  const OnlineSigners& signers, Instant now);

  // The current publication with `changed` role files ("root" too) in place of the old ones,
  // freshly signed by snapshot and timestamp, and by rollouts when its keys change, with the keys
  // that the new root and targets name, and verified as a device would. Only `changed` is
  // asked for its expiry: a role that others let expire must not keep a halt from being published.
  // Errors: those of tuf::TrustedSet; conflict (this server lacks a key that is named).
  Result<Publication> compose(const RoleFiles& changed, Instant now);
  // The `rollouts` role's next file, saying exactly `files` (target path -> bytes); none when it
  // says that already.
  Result<std::optional<std::string>> next_rollouts(const std::map<std::string, std::string>& files,
                                                   Instant now);

  // Stores it with `tx`; after the commit it becomes current and is written out.
  void adopt(Publication publication, Transaction& tx);
  // Writes the current publication where the disk does not have it already.
  Status publish();
  [[nodiscard]] bool unpublished() const { return unpublished_; }
  // Writes one target under its digest. Errors: io_failed, no_space.
  Status write_target(const std::string& path, std::string_view bytes);
  Result<std::string> read_target(const std::string& path, std::size_t max_bytes);

  // What `role` says in the publication that the next one builds on, published or not yet. Errors:
  // malformed.
  [[nodiscard]] Result<tuf::Targets> newest_targets(const std::string& role) const;

  // Signs timestamp (hourly), snapshot (daily) and rollouts (at half of its life) anew when they
  // are due.
  Status renew_if_due(Transaction& tx, Instant now);

  // When each published role runs out.
  [[nodiscard]] std::vector<RoleExpiry> expiries() const;

  [[nodiscard]] const tuf::TrustedSet& trusted() const { return *trusted_; }
  // What a check-in reply carries. Any thread.
  struct Current {
    std::string timestamp;
    std::int64_t root_version = 1;
  };
  [[nodiscard]] std::shared_ptr<const Current> current() const;

 private:
  Repository(port::Files& files, const OnlineSigners& signers) : files_(files), signers_(signers) {}
  Status load_roots(port::Store& store, Publication& publication);
  Status load_roles(port::Store& store, Instant now);
  Result<std::string> newest(const std::string& role);
  static Result<tuf::TrustedSet> verify(const Publication& publication);
  static Status follow_root(Publication& publication, const std::string& bytes);
  static Status check_next(const Publication& before, const std::string& role,
                           const std::string& bytes, Instant now);
  // Who signs an online role, by the root and targets of `publication`.
  [[nodiscard]] Result<tuf::Signers> signers_of(const std::string& role,
                                                const Publication& publication) const;
  Result<std::string> sign_snapshot(const Publication& over, std::int64_t version, Instant now);
  Result<std::string> sign_timestamp(const Publication& over, std::int64_t version, Instant now);
  Result<std::string> sign_rollouts(const Publication& over, const json::Value& signed_part);
  Result<std::string> first_rollouts(const Publication& over, Instant now);
  Status keep_rollouts_signed(Publication& next, Instant now);
  [[nodiscard]] Status check_keys(const Publication& publication) const;
  void make_current(Publication publication, tuf::TrustedSet trusted);

  port::Files& files_;
  const OnlineSigners& signers_;
  Publication publication_;
  bool unpublished_ = false;
  std::optional<tuf::TrustedSet> trusted_;
  mutable std::mutex mutex_;  // guards current_
  std::shared_ptr<const Current> current_;
};

}  // namespace fb::server
