// The event log as the server keeps it: entries in the store's log, tiles and the newest checkpoint
// as records beside them, all in the transaction that says what happened. On the decider's thread.
//
// The checkpoint is signed before the commit and shown to nobody until after it, so everybody sees
// one line of history. A commit that failed leaves this object ahead of the store: it is thrown
// away with the world.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "audit/checkpoint.h"
#include "audit/edge.h"
#include "port/store.h"
#include "server/transaction.h"
#include "statement/plan.h"

namespace fb::server {

class EventLog {
 public:
  // Hashes every stored entry anew and compares with the stored tiles and the signed checkpoint: a
  // log that was edited while the server was down is not continued. Errors: malformed or mismatch,
  // naming the entry or tile; bad_signature; conflict (`signer` is not a key that `trust` names).
  static Result<std::unique_ptr<EventLog>> open(port::Store& store, const crypto::Signer& signer,
                                                statement::LogTrust trust);

  [[nodiscard]] const audit::Tip& tip() const { return checkpoint_.tip; }
  [[nodiscard]] const std::string& origin() const { return trust_.origin; }
  // Exact bytes of the newest checkpoint; "" before the first entry.
  [[nodiscard]] const std::string& checkpoint() const { return checkpoint_.note; }

  // Adds tiles and checkpoint of what `tx` logged to `tx`; nothing when it logged nothing. Errors:
  // those of the signer.
  Status seal(Transaction& tx);

  // That entry `index`, which must be committed, is under the newest checkpoint, and that this
  // continues a log of `known` entries; without the latter when `known` is beyond it. Errors:
  // those of the store.
  Result<statement::LogProof> prove(std::uint64_t index, std::uint64_t known);

 private:
  EventLog(port::Store& store, const crypto::Signer& signer, statement::LogTrust trust)
      : store_(store), signer_(signer), trust_(std::move(trust)) {}
  Status load_checkpoint();
  Status load_entry(std::uint64_t index, const std::string& bytes);
  Status check_tile(const audit::TileId& id, const audit::Tile& computed);
  [[nodiscard]] Status check_tip() const;
  Result<Digest> node(const audit::Node& node);
  Result<const audit::Tile*> stored_tile(const audit::TileId& id);

  port::Store& store_;
  const crypto::Signer& signer_;
  statement::LogTrust trust_;
  audit::Edge edge_;
  audit::Checkpoint checkpoint_;
  std::map<audit::TileId, audit::Tile> held_;  // full ones, for proofs
  struct Proven {                              // the last: devices of one rollout ask for the same
    std::uint64_t index = 0, size = 0;
    std::string entry;
    audit::Hashes inclusion;
  };
  Proven proven_;
};

// What is served of the log, from what is committed. From any thread.
// A hash tile or the newest `width` of an open one. Errors: not_found; those of the store.
Result<std::string> read_tile(port::Store& store, const audit::TileName& name);
// An entry bundle. The same.
Result<std::string> read_bundle(port::Store& store, const audit::TileName& name);

}  // namespace fb::server
