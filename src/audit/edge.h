// Edge: the growing right side of the log, one open tile per level.
//
// All that is needed to append (amortised two hashes per entry) and to sign the next root. A tile
// that fills up is handed out, once, and forgotten: who wants proofs keeps it.
#pragma once

#include <functional>
#include <vector>

#include "audit/tile.h"

namespace fb::audit {

class Edge {
 public:
  using Full = std::function<void(const TileId& id, const Tile& tile)>;
  // Calls `full` for each tile that this leaf completes, lowest level first.
  void append(const Digest& leaf, const Full& full);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Tip tip() const;
  // The open tile of each level, lowest first; the empty ones too.
  [[nodiscard]] const std::vector<Tile>& open_tiles() const { return open_; }
  [[nodiscard]] TileId id_of(unsigned level) const {
    return {level, size_ >> (kTileHeight * (level + 1))};
  }
  // Null while it is in no open tile: then it is in a full one.
  [[nodiscard]] const Digest* find(const Node& node) const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Tile> open_;
};

}  // namespace fb::audit
