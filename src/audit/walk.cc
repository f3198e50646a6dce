#include "audit/walk.h"

#include <algorithm>

#include "audit/entry.h"

namespace fb::audit {
namespace {

std::string name_of(std::uint64_t index) { return "entry " + std::to_string(index); }

}  // namespace

Walk::Walk(const Tip& signed_tip, std::optional<Tip> seen) : signed_(signed_tip), seen_(seen) {
  if (seen_ && signed_.size < seen_->size) {
    blame(signed_.size, name_of(signed_.size) + " was removed; " + std::to_string(seen_->size) +
                            " were verified here before");
  }
  check_seen();
}

void Walk::blame(std::uint64_t entry, std::string sentence) {
  if (!fault_) fault_ = Fault{entry, std::move(sentence)};
}

void Walk::check_seen() {
  if (!seen_ || seen_->size != edge_.size() || edge_.tip() == *seen_) return;
  const std::uint64_t last = std::max<std::uint64_t>(seen_->size, 1) - 1;
  blame(last, name_of(last) + " or one before it was rewritten since it was last verified here");
}

const std::optional<Walk::Fault>& Walk::take(const std::vector<std::string>& entries,
                                             const Hashes& hashes) {
  for (std::size_t i = 0; i < std::min(entries.size(), hashes.size()) && !fault_; ++i)
    take_one(entries[i], hashes[i]);
  if (entries.size() < hashes.size())
    blame(edge_.size(), name_of(edge_.size()) + " is missing; its hash is in the log");
  if (entries.size() > hashes.size())
    blame(edge_.size(), name_of(edge_.size()) + " has no hash in the log");
  return fault_;
}

void Walk::take_one(const std::string& entry, const Digest& hash) {
  const std::uint64_t index = edge_.size();
  const auto decoded = decode_entry(entry);
  if (index >= signed_.size)
    return blame(index, name_of(index) + " is beyond the signed checkpoint");
  if (const Digest found = leaf_hash(entry); found != hash)
    return blame(index, name_of(index) + " is not what was logged (its hash is " + found.brief() +
                            "…, the log has " + hash.brief() + "…)");
  if (!decoded.ok()) return blame(index, name_of(index) + ": " + decoded.error().detail);
  if (decoded->index != index)
    return blame(index, name_of(index) + " says it is " + name_of(decoded->index));
  edge_.append(hash, [this](const TileId& id, const Tile& tile) {
    if (id.level > 0) upper_.emplace_back(id, tile.bytes());
  });
  check_seen();
}

std::vector<TileName> Walk::upper_tiles() const {
  std::vector<TileName> names;
  for (const auto& [id, bytes] : upper_) names.push_back({TileKind::hashes, id, kTileWidth});
  for (unsigned level = 1; level < edge_.open_tiles().size(); ++level) {
    const std::size_t width = edge_.open_tiles()[level].width();
    if (width > 0) names.push_back({TileKind::hashes, edge_.id_of(level), width});
  }
  return names;
}

const std::optional<Walk::Fault>& Walk::compare(const TileId& id, std::string_view bytes) {
  const auto full = std::find_if(upper_.begin(), upper_.end(),
                                 [&](const auto& each) { return each.first == id; });
  const std::string computed =
      full != upper_.end() ? full->second : edge_.open_tiles().at(id.level).bytes();
  if (computed == bytes) return fault_;
  blame(id.index << (kTileHeight * (id.level + 1)),
        path_of({TileKind::hashes, id, kTileWidth}) + " is not made of the tiles below it");
  return fault_;
}

const std::optional<Walk::Fault>& Walk::finish() {
  if (edge_.size() < signed_.size) {
    blame(edge_.size(), "the checkpoint was signed over " + std::to_string(signed_.size) +
                            " entries, and " + name_of(edge_.size()) + " is missing");
  } else if (edge_.tip().root != signed_.root) {
    blame(0,
          "entries and hashes agree with each other and do not lead to the signed root: the log "
          "was rewritten");
  }
  return fault_;
}

}  // namespace fb::audit
