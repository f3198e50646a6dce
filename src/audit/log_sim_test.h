// A log for tests: every entry in memory, any tile of it, any proof, checkpoints of any of its
// sizes by whatever key.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/edge.h"
#include "audit/entry.h"
#include "base/check.h"
#include "crypto/signer_test.h"

namespace fb::audit {

class LogSimulator {
 public:
  // Returns the entry's index.
  std::uint64_t append(const std::string& kind, json::Value data, Instant at = {}) {
    append_bytes(encode(Entry{entries.size(), at, kind, std::move(data)}));
    return entries.size() - 1;
  }
  void append_bytes(const std::string& bytes) {
    entries.push_back(bytes);
    hashes_.push_back(leaf_hash(bytes));
  }

  [[nodiscard]] std::uint64_t size() const { return entries.size(); }
  [[nodiscard]] Tip tip() const { return tip(size()); }
  [[nodiscard]] Tip tip(std::uint64_t size) const { return {size, *root_of(size, nodes())}; }
  [[nodiscard]] Hashes inclusion(std::uint64_t index) const {
    return *prove_inclusion(index, size(), nodes());
  }
  [[nodiscard]] Hashes consistency(std::uint64_t before) const {
    return *prove_consistency(before, size(), nodes());
  }
  [[nodiscard]] statement::LogTrust trust() const {
    return {origin, {{signer.key().id(), signer.key()}}, {}};
  }
  [[nodiscard]] std::string checkpoint() const { return checkpoint(size()); }
  [[nodiscard]] std::string checkpoint(std::uint64_t size) const {
    return *sign_checkpoint(tip(size), origin, signer);
  }
  [[nodiscard]] const Hashes& hashes() const { return hashes_; }

  // Slowly and straight from the definition, as nobody else computes it (RFC 6962, 2.1).
  [[nodiscard]] Digest perfect(std::uint64_t first, std::uint64_t count) const {
    if (count == 1) return hashes_.at(first);
    return node_hash(perfect(first, count / 2), perfect(first + count / 2, count / 2));
  }
  [[nodiscard]] NodeSource nodes() const {
    return [this](const Node& node) -> Result<Digest> {
      return perfect(node.index << node.level, std::uint64_t{1} << node.level);
    };
  }

  // What is served below /log/: the checkpoint and every tile, under their full names.
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> out{{std::string(kCheckpointPath), checkpoint()}};
    const auto put = [&](const TileId& id, const Tile& tile) {
      out[path_of({TileKind::hashes, id, tile.width()})] = tile.bytes();
    };
    Edge edge;
    for (const Digest& hash : hashes_) edge.append(hash, put);
    for (unsigned level = 0; level < edge.open_tiles().size(); ++level) {
      if (edge.open_tiles()[level].width() > 0) put(edge.id_of(level), edge.open_tiles()[level]);
    }
    for (std::uint64_t first = 0; first < size(); first += kTileWidth) {
      const auto last = std::min<std::uint64_t>(first + kTileWidth, size());
      const std::vector<std::string> bundle(entries.begin() + static_cast<std::ptrdiff_t>(first),
                                            entries.begin() + static_cast<std::ptrdiff_t>(last));
      out[path_of({TileKind::entries, {0, first / kTileWidth}, bundle.size()})] =
          encode_bundle(bundle);
    }
    return out;
  }

  std::vector<std::string> entries;
  std::string origin = "log.example/firebreak";
  crypto::TestSigner signer{"log"};

 private:
  Hashes hashes_;
};

// A log of `count` entries of no importance.
inline LogSimulator log_of(std::uint64_t count, const std::string& kind = "report") {
  LogSimulator log;
  for (std::uint64_t i = 0; i < count; ++i) log.append(kind, {{"number", i}});
  return log;
}

}  // namespace fb::audit
