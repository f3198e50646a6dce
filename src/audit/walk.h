// Walk: a whole log, read from its first entry on and held against its hashes and its checkpoint.
//
// The first fault ends it, with the entry or tile at its place. What an earlier walk ended with may
// be given along: then a log that was cut or rewritten since is noticed even when it is whole in
// itself.
//
//   Walk walk(checkpoint.tip, seen);
//   for (each bundle) if (walk.take(entries, hashes)) break;
//   const auto fault = walk.finish();
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/edge.h"

namespace fb::audit {

class Walk {
 public:
  struct Fault {
    std::uint64_t entry = 0;  // the first that may be wrong
    std::string sentence;     // names entry or tile
  };
  // `signed_tip`: of a checkpoint whose signature holds. `seen`: of an earlier one.
  explicit Walk(const Tip& signed_tip, std::optional<Tip> seen = {});

  // The next entries, in order, and the hashes that the log gives for them. The fault so far.
  const std::optional<Fault>& take(const std::vector<std::string>& entries, const Hashes& hashes);
  // A tile above the entries, as the log gives it, once all entries were taken.
  const std::optional<Fault>& compare(const TileId& id, std::string_view bytes);
  // Whether that was all of it.
  const std::optional<Fault>& finish();

  [[nodiscard]] std::uint64_t size() const { return edge_.size(); }
  // The tiles above the entries that such a log has, for compare().
  [[nodiscard]] std::vector<TileName> upper_tiles() const;

 private:
  void take_one(const std::string& entry, const Digest& hash);
  void blame(std::uint64_t entry, std::string sentence);
  void check_seen();

  Tip signed_;
  std::optional<Tip> seen_;
  Edge edge_;
  std::vector<std::pair<TileId, std::string>> upper_;  // full tiles of levels above 0
  std::optional<Fault> fault_;
};

}  // namespace fb::audit
