// LogSource: the event log as the server shows it, fetched tile by tile (C2SP tlog-tiles).
//
// Nothing of it is believed until it leads to the signed checkpoint.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/tile.h"
#include "publisher/desk.h"

namespace fb::publisher {

class LogSource {
 public:
  LogSource(ServerClient& server, statement::LogTrust trust)
      : server_(server), trust_(std::move(trust)) {}

  // Errors: those of the server and of audit::open_checkpoint.
  Result<audit::Checkpoint> checkpoint();
  // Errors: those of the server; malformed.
  Result<audit::Tile> hashes(const audit::TileName& name);
  Result<std::vector<std::string>> entries(const audit::TileName& name);
  // Nodes of a log of `size` entries, for proofs: whole tiles are fetched once.
  audit::NodeSource nodes(std::uint64_t size);

  // Every bundle of the first `size` entries, in order, with its hashes.
  using EachBundle =
      std::function<Status(const std::vector<std::string>& entries, const audit::Tile& hashes)>;
  // Stops at the first error `each` returns, and returns it.
  Status read(std::uint64_t size, const EachBundle& each);

 private:
  Result<std::string> fetch(const std::string& path);

  ServerClient& server_;
  statement::LogTrust trust_;
  std::map<std::string, audit::Tile> fetched_;  // by path
};

// What signed metadata says of the log: fresh from the server, or as last verified here. Errors:
// those of trust.
Result<statement::LogTrust> log_trust(Desk& desk);
Result<statement::LogTrust> cached_log_trust(Desk& desk);

}  // namespace fb::publisher
