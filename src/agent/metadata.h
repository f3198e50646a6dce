// MetadataStore: the TUF metadata this device trusts, kept byte-exact on its disk, and the
// authenticated time bound beside it.
//
// refresh() runs the client workflow over HTTP and stores each accepted file before it asks for the
// next: that is what protects the next run from rollback. Owned by whoever talks to the server, one
// job at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "port/clock.h"
#include "port/files.h"
#include "port/http_client.h"
#include "release/kind.h"
#include "tuf/refresh.h"

namespace fb::agent {

class MetadataStore {
 public:
  // `carry`: see tuf::TrustedNow.
  MetadataStore(port::Files& files, const port::Clock& clock, std::string pinned_root,
                Millis carry = {});

  // What the disk already proves. Errors: as tuf::trust_stored; unreadable files count as missing.
  Status load();

  // The full workflow against `metadata_base`. Errors: as tuf::Refresh, those of the network and of
  // the disk; when only a delegated role failed, it has succeeded for the others (last_full). What
  // was trusted before stays trusted.
  Status refresh(port::HttpClient& http, const std::string& metadata_base);
  // The short path; true when the full workflow has to decide. Errors: those of the disk.
  Result<bool> feed_timestamp(const tuf::TimestampReply& reply);

  // Time that somebody trusted has signed; only grows. A time far beyond everything else that is
  // known here moves nothing: one forged date must not make all metadata expire for ever.
  Status note_authenticated(Instant time);
  [[nodiscard]] tuf::TrustedNow now() const { return {clock_.wall(), bound_, carry_}; }

  // Null while nothing is trusted. A newer set is another object: readers elsewhere keep theirs.
  [[nodiscard]] const std::shared_ptr<const tuf::TrustedSet>& trusted() const { return trusted_; }
  // When the full workflow last succeeded, in this process.
  [[nodiscard]] std::optional<Uptime> last_full() const { return last_full_; }
  [[nodiscard]] std::int64_t root_version() const;

 private:
  [[nodiscard]] tuf::RefreshStart start() const;
  Status store(const std::vector<tuf::AcceptedFile>& files);

  port::Files& files_;
  const port::Clock& clock_;
  std::string pinned_root_;
  Millis carry_;
  Instant bound_;
  std::shared_ptr<const tuf::TrustedSet> trusted_;
  std::optional<Uptime> last_full_;
};

// Who has a say about starting a release of this kind: its own role, the one that orders rollouts
// and blocks, and the one whose builds its contract is held against.
std::vector<std::string> roles_for(release::Kind kind);

// Whether root, timestamp, snapshot, top-level targets and those of `roles` that are published are
// loaded and unexpired. What else failed does not matter. Errors: as TrustedSet::check_all_fresh;
// unavailable.
Status check_fresh(const tuf::TrustedSet& trusted, const std::vector<std::string>& roles,
                   tuf::TrustedNow now);

}  // namespace fb::agent
