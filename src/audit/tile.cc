#include "audit/tile.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace fb::audit {
namespace {

constexpr std::size_t kHashBytes = 32;

// Three digits a folder, all but the last marked with an x.
std::string number_path(std::uint64_t number) {
  std::string path;
  bool last = true;
  do {
    std::string digits = std::to_string(number % 1000);
    digits.insert(0, 3 - digits.size(), '0');
    path = last ? digits : "x" + digits + "/" + path;
    last = false;
    number /= 1000;
  } while (number != 0);
  return path;
}

// Takes the part before the next slash off the front of `path`.
std::string_view take_part(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return part;
}

std::uint64_t number_in(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// Believes nothing of the shape: parse_tile_path compares with what path_of prints.
TileName read_loosely(std::string_view path) {
  TileName name;
  take_part(path);
  const std::string_view level = take_part(path);
  if (level == "entries") name.kind = TileKind::entries;
  name.id.level = static_cast<unsigned>(number_in(level));
  while (!path.empty()) {
    std::string_view part = take_part(path);
    if (part.starts_with('x')) part.remove_prefix(1);
    const bool partial = part.ends_with(".p");
    name.id.index = name.id.index * 1000 + number_in(part);
    if (partial) {
      name.width = number_in(path);
      break;
    }
  }
  return name;
}

}  // namespace

std::size_t width_of(const TileId& tile, std::uint64_t size) {
  if (tile.level >= kTileLevels) return 0;
  const std::uint64_t hashes = size >> (tile.level * kTileHeight);
  if (tile.index > hashes / kTileWidth) return 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(hashes - tile.index * kTileWidth, kTileWidth));
}

std::string path_of(const TileName& name) {
  const std::string level =
      name.kind == TileKind::entries ? "entries" : std::to_string(name.id.level);
  std::string path = "tile/" + level + "/" + number_path(name.id.index);
  if (name.width != kTileWidth) path += ".p/" + std::to_string(name.width);
  return path;
}

Result<TileName> parse_tile_path(std::string_view path) {
  const Error wrong{ErrorCode::malformed,
                    "'" + std::string(path.substr(0, 64)) +
                        "' names no tile; tile/<level>/<index>[.p/<width>] or "
                        "tile/entries/<index>[.p/<width>] is expected"};
  if (path.size() > 64) return wrong;
  const TileName name = read_loosely(path);
  const bool possible = name.id.level < kTileLevels && name.width >= 1 &&
                        name.width <= kTileWidth &&
                        name.id.index < (std::uint64_t{1} << (8 * kTileLevels - kTileHeight));
  if (!possible || path_of(name) != path) return wrong;
  return name;
}

void Tile::push(const Digest& hash) {
  FB_CHECK(!full());
  rows_[0].push_back(hash);
  for (unsigned row = 0; row < kTileHeight && rows_.at(row).size() % 2 == 0; ++row) {
    const Hashes& below = rows_.at(row);
    rows_.at(row + 1).push_back(node_hash(below[below.size() - 2], below.back()));
  }
}

const Digest& Tile::node(unsigned row, std::size_t position) const {
  FB_CHECK(has(row, position));
  return rows_.at(row)[position];
}

std::string Tile::bytes() const {
  std::string out;
  out.reserve(width() * kHashBytes);
  for (const Digest& hash : rows_[0])
    out.append(reinterpret_cast<const char*>(hash.bytes.data()), kHashBytes);
  return out;
}

Result<Tile> Tile::decode(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % kHashBytes != 0 || bytes.size() > kTileWidth * kHashBytes) {
    return Error{ErrorCode::malformed, "a tile of " + std::to_string(bytes.size()) +
                                           " bytes; 1 to 256 hashes of 32 bytes are expected"};
  }
  Tile tile;
  for (; !bytes.empty(); bytes.remove_prefix(kHashBytes)) {
    Digest hash;
    std::copy_n(bytes.begin(), kHashBytes, hash.bytes.begin());
    tile.push(hash);
  }
  return tile;
}

NodePlace place_of(const Node& node) {
  const unsigned row = node.level % kTileHeight;
  const std::size_t per_tile = kTileWidth >> row;
  return {{node.level / kTileHeight, node.index / per_tile},
          row,
          static_cast<std::size_t>(node.index % per_tile)};
}

std::string encode_bundle(const std::vector<std::string>& entries) {
  std::string out;
  for (const std::string& entry : entries) {
    FB_CHECK(entry.size() <= 0xffff);
    out += static_cast<char>(entry.size() >> 8U);
    out += static_cast<char>(entry.size() & 0xffU);
    out += entry;
  }
  return out;
}

Result<std::vector<std::string>> decode_bundle(std::string_view bytes, std::size_t count) {
  std::vector<std::string> entries;
  while (bytes.size() >= 2 && entries.size() < count) {
    const std::size_t length =
        static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
    if (bytes.size() - 2 < length) break;
    entries.emplace_back(bytes.substr(2, length));
    bytes.remove_prefix(2 + length);
  }
  if (entries.size() == count && bytes.empty()) return entries;
  return Error{ErrorCode::malformed, "a bundle with " + std::to_string(entries.size()) +
                                         " whole entries and " + std::to_string(bytes.size()) +
                                         " more bytes; " + std::to_string(count) +
                                         " entries are expected"};
}

}  // namespace fb::audit
