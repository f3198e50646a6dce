// What the publisher's offline keys forbid: trust/revoked.json, as the server obeys it.
//
// As on a device, a list that gets shorter takes nothing back: what was read once is kept in the
// store. On the decider's thread.
#pragma once

#include <optional>
#include <string>

#include "release/manifest.h"
#include "server/repository.h"
#include "server/transaction.h"
#include "statement/revocation.h"

namespace fb::server {

class Bans {
 public:
  // What was kept, and what is published now. Errors: malformed, io_failed.
  Status load(port::Store& store, Repository& repository);
  // Another list was signed. Errors: malformed.
  Status take(std::string_view bytes, Transaction& tx);

  [[nodiscard]] const statement::Revoked* revoked(const Digest& release) const {
    return seen_.find_revoked(release);
  }
  [[nodiscard]] const statement::Floor* floor(const release::Manifest& manifest) const {
    return seen_.find_floor(manifest.component, manifest.version);
  }
  // Whether the publisher unblocked this halt of the release.
  [[nodiscard]] bool lifts(const Digest& release, RolloutId halted) const {
    return seen_.lifts(release, halted);
  }
  // Which of the two, since when and why. Errors: conflict.
  [[nodiscard]] Status check(const Digest& release, const release::Manifest& manifest) const;

 private:
  statement::Revocations seen_;
};

}  // namespace fb::server
