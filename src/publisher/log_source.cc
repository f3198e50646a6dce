#include "publisher/log_source.h"

#include "publisher/trust.h"

namespace fb::publisher {
namespace {

Result<statement::LogTrust> log_of(Desk& desk, const Result<tuf::TrustedSet>& trusted) {
  if (!trusted.ok()) return trusted.error();
  FB_ASSIGN(const std::string bytes, trusted_file(desk, *trusted, statement::kLogTrustPath));
  return statement::decode_log_trust(bytes);
}

}  // namespace

Result<std::string> LogSource::fetch(const std::string& path) {
  return server_.text("/log/" + path).in("/log/" + path);
}

Result<audit::Checkpoint> LogSource::checkpoint() {
  FB_ASSIGN(const std::string bytes, fetch(std::string(audit::kCheckpointPath)));
  return audit::open_checkpoint(bytes, trust_);
}

Result<audit::Tile> LogSource::hashes(const audit::TileName& name) {
  const std::string path = audit::path_of(name);
  if (const auto found = fetched_.find(path); found != fetched_.end()) return found->second;
  FB_ASSIGN(const std::string bytes, fetch(path));
  FB_ASSIGN(audit::Tile tile, audit::Tile::decode(bytes).in(path));
  if (tile.width() != name.width) {
    return Error{ErrorCode::malformed, path + " has " + std::to_string(tile.width()) + " hashes"};
  }
  return tile;
}

Result<std::vector<std::string>> LogSource::entries(const audit::TileName& name) {
  const std::string path = audit::path_of(name);
  FB_ASSIGN(const std::string bytes, fetch(path));
  return audit::decode_bundle(bytes, name.width).in(path);
}

audit::NodeSource LogSource::nodes(std::uint64_t size) {
  return [this, size](const audit::Node& wanted) -> Result<Digest> {
    const audit::NodePlace place = audit::place_of(wanted);
    const audit::TileName name{audit::TileKind::hashes, place.tile,
                               audit::width_of(place.tile, size)};
    FB_ASSIGN(const audit::Tile tile, hashes(name));
    fetched_.try_emplace(audit::path_of(name), tile);
    return tile.node(place.row, place.position);
  };
}

Status LogSource::read(std::uint64_t size, const EachBundle& each) {
  for (std::uint64_t index = 0;; ++index) {
    const audit::TileId id{0, index};
    const std::size_t width = audit::width_of(id, size);
    if (width == 0) return {};
    FB_ASSIGN(const auto bundle, entries({audit::TileKind::entries, id, width}));
    FB_ASSIGN(const audit::Tile tile, hashes({audit::TileKind::hashes, id, width}));
    FB_TRY(each(bundle, tile));
  }
}

Result<statement::LogTrust> log_trust(Desk& desk) { return log_of(desk, refresh_trust(desk)); }

Result<statement::LogTrust> cached_log_trust(Desk& desk) {
  return log_of(desk, cached_trust(desk.home));
}

}  // namespace fb::publisher
