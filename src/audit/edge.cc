#include "audit/edge.h"

#include "base/check.h"

namespace fb::audit {

void Edge::append(const Digest& leaf, const Full& full) {
  Digest hash = leaf;
  for (unsigned level = 0;; ++level) {
    if (open_.size() == level) open_.emplace_back();
    Tile& tile = open_[level];
    tile.push(hash);
    if (!tile.full()) break;
    full(id_of(level), tile);
    hash = tile.node(kTileHeight, 0);
    tile = Tile{};
  }
  ++size_;
}

// A perfect subtree that ends at the edge stands in an open tile: what is to the left of the
// open tile of a level is counted by the open tile above.
Tip Edge::tip() const {
  const auto root = root_of(size_, [this](const Node& node) -> Result<Digest> {
    const Digest* hash = find(node);
    FB_CHECK(hash != nullptr);
    return *hash;
  });
  return {size_, *root};
}

const Digest* Edge::find(const Node& node) const {
  const NodePlace place = place_of(node);
  if (place.tile.level >= open_.size() || place.tile != id_of(place.tile.level)) return nullptr;
  const Tile& tile = open_[place.tile.level];
  return tile.has(place.row, place.position) ? &tile.node(place.row, place.position) : nullptr;
}

}  // namespace fb::audit
