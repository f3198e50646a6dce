#include "server/event_log.h"

#include <algorithm>

#include "audit/entry.h"
#include "base/limits.h"

namespace fb::server {
namespace {

constexpr const char* kTileSpace = "log-tile";
constexpr const char* kCheckpointSpace = "log";
constexpr const char* kCheckpointKey = "checkpoint";

std::string key_of(const audit::TileId& id) {
  return audit::path_of({audit::TileKind::hashes, id, audit::kTileWidth});
}

std::string entry_name(std::uint64_t index) { return "log entry " + std::to_string(index); }

Result<std::string> read_entry(port::Store& store, std::uint64_t index) {
  const Error found{ErrorCode::already_exists, "found"};
  std::string entry;
  const Status read = store.scan_log(index, [&](std::uint64_t, const std::string& bytes) -> Status {
    entry = bytes;
    return found;
  });
  if (!read.ok() && read.error().code != found.code) return read.error();
  return entry;
}

// The first place where stored and computed hashes of a tile differ.
std::size_t first_difference(std::string_view stored, std::string_view computed) {
  const auto at = std::mismatch(stored.begin(), stored.end(), computed.begin(), computed.end());
  return static_cast<std::size_t>(at.first - stored.begin()) / sizeof(Digest::bytes);
}

Error no_tile(const audit::TileName& name) {
  return {ErrorCode::not_found, audit::path_of(name) + " is not in this log"};
}

}  // namespace

Result<std::unique_ptr<EventLog>> EventLog::open(port::Store& store, const crypto::Signer& signer,
                                                 statement::LogTrust trust) {
  if (!trust.keys.contains(signer.key().id())) {
    return Error{
        ErrorCode::conflict,
        "keys.log is not among the keys of trust/log.json, so no device would believe a "
        "checkpoint; give the server its key, or sign a trust/log.json that names this one"};
  }
  std::unique_ptr<EventLog> log(new EventLog(store, signer, std::move(trust)));
  FB_TRY(log->load_checkpoint());
  FB_TRY(store.scan_log(0, [&](std::uint64_t index, const std::string& bytes) {
    return log->load_entry(index, bytes);
  }));
  for (unsigned level = 0; level < log->edge_.open_tiles().size(); ++level)
    FB_TRY(log->check_tile(log->edge_.id_of(level), log->edge_.open_tiles()[level]));
  FB_TRY(log->check_tip());
  return log;
}

Status EventLog::load_checkpoint() {
  FB_ASSIGN(const auto stored, store_.get(kCheckpointSpace, kCheckpointKey));
  if (!stored) return {};
  FB_ASSIGN(checkpoint_, audit::open_checkpoint(*stored, trust_).in("the stored checkpoint"));
  return {};
}

Status EventLog::load_entry(std::uint64_t index, const std::string& bytes) {
  const std::uint64_t expected = edge_.size();
  const auto entry = audit::decode_entry(bytes);
  if (!entry.ok()) return entry.error().in(entry_name(expected));
  if (index != expected || entry->index != expected) {
    return Error{ErrorCode::mismatch, entry_name(expected) + ": here is entry " +
                                          std::to_string(entry->index) +
                                          "; one was removed, added or moved"};
  }
  Status checked;
  edge_.append(audit::leaf_hash(bytes), [&](const audit::TileId& id, const audit::Tile& tile) {
    if (checked.ok()) checked = check_tile(id, tile);
  });
  return checked;
}

Status EventLog::check_tile(const audit::TileId& id, const audit::Tile& computed) {
  if (computed.width() == 0) return {};
  FB_ASSIGN(const auto stored, store_.get(kTileSpace, key_of(id)));
  const std::string bytes = computed.bytes();
  if (stored && *stored == bytes) return {};
  const std::size_t position = first_difference(stored.value_or(""), bytes);
  const std::uint64_t place = id.index * audit::kTileWidth + position;
  if (id.level > 0)
    return Error{ErrorCode::mismatch, key_of(id) + ": hash " + std::to_string(position) +
                                          " is not that of the entries below it"};
  if (place >= edge_.size())
    return Error{ErrorCode::mismatch, entry_name(place) + " is missing; its hash is still here"};
  if (position * sizeof(Digest::bytes) >= stored.value_or("").size())
    return Error{ErrorCode::mismatch, entry_name(place) + " has no hash here: nobody logged it"};
  return Error{
      ErrorCode::mismatch,
      entry_name(place) + " was changed: it does not have the hash that it was logged with"};
}

Status EventLog::check_tip() const {
  const audit::Tip computed = edge_.tip();
  if (computed == checkpoint_.tip) return {};
  const std::uint64_t signed_size = checkpoint_.tip.size;
  if (computed.size < signed_size)
    return Error{ErrorCode::mismatch, entry_name(computed.size) +
                                          " is missing; the checkpoint was "
                                          "signed over " +
                                          std::to_string(signed_size) + " entries"};
  if (computed.size > signed_size)
    return Error{ErrorCode::mismatch,
                 entry_name(signed_size) + " is beyond the signed checkpoint: nobody logged it"};
  return Error{ErrorCode::mismatch,
               "entries and tiles agree with each other, and not with the signed checkpoint: the "
               "log was rewritten"};
}

Status EventLog::seal(Transaction& tx) {
  const auto& appended = tx.batch().log;
  if (appended.empty()) return {};
  std::vector<bool> grew(audit::kTileLevels, false);
  std::vector<std::pair<audit::TileId, std::string>> tiles;
  for (const auto& append : appended) {
    grew[0] = true;
    edge_.append(audit::leaf_hash(append.entry),
                 [&](const audit::TileId& id, const audit::Tile& tile) {
                   tiles.emplace_back(id, tile.bytes());
                   grew.at(id.level + 1) = true;
                 });
  }
  for (const auto& [id, bytes] : tiles) tx.put(kTileSpace, key_of(id), bytes);
  for (unsigned level = 0; level < edge_.open_tiles().size(); ++level) {
    const audit::Tile& open = edge_.open_tiles()[level];
    if (grew[level] && open.width() > 0)
      tx.put(kTileSpace, key_of(edge_.id_of(level)), open.bytes());
  }
  checkpoint_.tip = edge_.tip();
  FB_ASSIGN(checkpoint_.note, audit::sign_checkpoint(checkpoint_.tip, trust_.origin, signer_));
  tx.put(kCheckpointSpace, kCheckpointKey, checkpoint_.note);
  return {};
}

Result<statement::LogProof> EventLog::prove(std::uint64_t index, std::uint64_t known) {
  const std::uint64_t size = tip().size;
  const auto nodes = [this](const audit::Node& wanted) { return node(wanted); };
  if (proven_.index != index || proven_.size != size) {
    Proven fresh{index, size, {}, {}};
    FB_ASSIGN(fresh.entry, read_entry(store_, index));
    FB_ASSIGN(fresh.inclusion, audit::prove_inclusion(index, size, nodes));
    proven_ = std::move(fresh);
  }
  statement::LogProof proof{index, proven_.entry, checkpoint(), proven_.inclusion, {}};
  if (known <= size) {
    FB_ASSIGN(proof.consistency, audit::prove_consistency(known, size, nodes));
  }
  return proof;
}

Result<Digest> EventLog::node(const audit::Node& wanted) {
  if (const Digest* open = edge_.find(wanted)) return *open;
  const audit::NodePlace place = audit::place_of(wanted);
  FB_ASSIGN(const audit::Tile* tile, stored_tile(place.tile));
  return tile->node(place.row, place.position);
}

Result<const audit::Tile*> EventLog::stored_tile(const audit::TileId& id) {
  if (const auto held = held_.find(id); held != held_.end()) return &held->second;
  FB_ASSIGN(const auto bytes, store_.get(kTileSpace, key_of(id)));
  if (!bytes) return no_tile({audit::TileKind::hashes, id, audit::kTileWidth});
  FB_ASSIGN(auto tile, audit::Tile::decode(*bytes));
  if (held_.size() == limits::kLogTilesHeld) held_.erase(held_.begin());
  return &held_.emplace(id, std::move(tile)).first->second;
}

Result<std::string> read_tile(port::Store& store, const audit::TileName& name) {
  FB_ASSIGN(auto bytes, store.get(kTileSpace, key_of(name.id)));
  const std::size_t wanted = name.width * sizeof(Digest::bytes);
  if (!bytes || bytes->size() < wanted) return no_tile(name);
  return bytes->substr(0, wanted);
}

Result<std::string> read_bundle(port::Store& store, const audit::TileName& name) {
  std::vector<std::string> entries;
  const Error enough{ErrorCode::too_many, "enough"};
  const Status read = store.scan_log(name.id.index * audit::kTileWidth,
                                     [&](std::uint64_t, const std::string& entry) -> Status {
                                       if (entries.size() == name.width) return enough;
                                       entries.push_back(entry);
                                       return {};
                                     });
  if (!read.ok() && read.error().code != enough.code) return read.error();
  if (entries.size() < name.width) return no_tile(name);
  return audit::encode_bundle(entries);
}

}  // namespace fb::server
