// Tiles: how a Merkle log is cut into immutable files (C2SP tlog-tiles).
//
// A hash tile of level L holds 256 consecutive hashes of tree level 8 L; an entry bundle holds 256
// entries. Only the last tile of a level is partial; its name ends in its width. Paths are relative
// to the log's address:
//
//   checkpoint   tile/0/x001/234   tile/1/004.p/17   tile/entries/x001/235.p/3
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/tree.h"

namespace fb::audit {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::size_t kTileWidth = 1U << kTileHeight;
// A tree level above is beyond 2^56 entries.
inline constexpr unsigned kTileLevels = 7;
inline constexpr std::string_view kCheckpointPath = "checkpoint";

struct TileId {
  unsigned level = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// How many hashes this tile has in a log of `size` entries; 0: it is not there yet.
std::size_t width_of(const TileId& tile, std::uint64_t size);

enum class TileKind : std::uint8_t { hashes, entries };
struct TileName {
  TileKind kind = TileKind::hashes;
  TileId id;  // of entries: level 0
  std::size_t width = kTileWidth;
};
std::string path_of(const TileName& name);
// Errors: malformed (anything that path_of does not print).
Result<TileName> parse_tile_path(std::string_view path);

// One tile's hashes, and the nodes of the tree that they make inside it.
class Tile {
 public:
  // Precondition (CHECK): there is room.
  void push(const Digest& hash);
  [[nodiscard]] std::size_t width() const { return rows_[0].size(); }
  [[nodiscard]] const Hashes& hashes() const { return rows_[0]; }
  [[nodiscard]] bool full() const { return width() == kTileWidth; }
  // Row 0 are the hashes themselves, row 8 is the one that stands for a full tile one level up.
  // Precondition (CHECK): it is there.
  [[nodiscard]] const Digest& node(unsigned row, std::size_t position) const;
  [[nodiscard]] bool has(unsigned row, std::size_t position) const {
    return row <= kTileHeight && position < rows_.at(row).size();
  }

  [[nodiscard]] std::string bytes() const;
  // 1 to 256 hashes. Errors: malformed.
  static Result<Tile> decode(std::string_view bytes);

 private:
  std::array<Hashes, kTileHeight + 1> rows_;
};

// Where a node of the tree stands.
struct NodePlace {
  TileId tile;
  unsigned row = 0;
  std::size_t position = 0;
};
NodePlace place_of(const Node& node);

// Each entry with its length in two bytes before it. Precondition (CHECK): none is above 65535
// bytes.
std::string encode_bundle(const std::vector<std::string>& entries);
// Exactly `count` entries. Errors: malformed.
Result<std::vector<std::string>> decode_bundle(std::string_view bytes, std::size_t count);

}  // namespace fb::audit
