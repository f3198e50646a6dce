#include "audit/tree.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "crypto/sha256.h"

namespace fb::audit {
namespace {

using std::uint64_t;

// A range of leaves [first, end) as the recursion of RFC 6962 cuts them: when its size is a power
// of two, it is a perfect subtree.
struct Range {
  uint64_t first = 0;
  uint64_t end = 0;
  [[nodiscard]] uint64_t size() const { return end - first; }
  // Where its left, perfect half ends: after the largest power of two below its size.
  [[nodiscard]] uint64_t middle() const { return first + std::bit_floor(size() - 1); }
};

Result<Digest> hash_of(Range range, const NodeSource& nodes) {
  Hashes left;
  while (!std::has_single_bit(range.size())) {
    const Range half{range.first, range.middle()};
    const auto level = static_cast<unsigned>(std::countr_zero(half.size()));
    FB_ASSIGN(const Digest hash, nodes({level, half.first >> level}));
    left.push_back(hash);
    range.first = half.end;
  }
  const auto level = static_cast<unsigned>(std::countr_zero(range.size()));
  FB_ASSIGN(Digest hash, nodes({level, range.first >> level}));
  for (; !left.empty(); left.pop_back()) hash = node_hash(left.back(), hash);
  return hash;
}

Error refuted(std::string_view what) {
  return {ErrorCode::mismatch, std::string(what) + " does not lead to the root"};
}

}  // namespace

Digest leaf_hash(std::string_view entry) {
  crypto::Sha256 hash;
  hash.update(std::string_view("\0", 1));
  hash.update(entry);
  return hash.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<char, 65> bytes{'\1'};
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 33);
  return crypto::sha256({bytes.data(), bytes.size()});
}

Digest empty_root() { return crypto::sha256(""); }

Result<Digest> root_of(uint64_t size, const NodeSource& nodes) {
  if (size == 0) return empty_root();
  return hash_of({0, size}, nodes);
}

Result<Hashes> prove_inclusion(uint64_t index, uint64_t size, const NodeSource& nodes) {
  FB_CHECK(index < size);
  Hashes proof;
  Range around{0, size};
  while (around.size() > 1) {
    const uint64_t middle = around.middle();
    const bool left = index < middle;
    const Range sibling = left ? Range{middle, around.end} : Range{around.first, middle};
    FB_ASSIGN(const Digest hash, hash_of(sibling, nodes));
    proof.push_back(hash);
    around = left ? Range{around.first, middle} : Range{middle, around.end};
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<Hashes> prove_consistency(uint64_t before, uint64_t size, const NodeSource& nodes) {
  FB_CHECK(before <= size);
  Hashes proof;
  if (before == 0 || before == size) return proof;
  Range around{0, size};
  while (around.end != before) {
    const uint64_t middle = around.middle();
    const bool left = before <= middle;
    const Range sibling = left ? Range{middle, around.end} : Range{around.first, middle};
    FB_ASSIGN(const Digest hash, hash_of(sibling, nodes));
    proof.push_back(hash);
    around = left ? Range{around.first, middle} : Range{middle, around.end};
  }
  if (around.first != 0) {  // else it is the old root itself, which the verifier has
    FB_ASSIGN(const Digest hash, hash_of(around, nodes));
    proof.push_back(hash);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Status verify_inclusion(uint64_t index, const Digest& leaf, const Tip& tip, const Hashes& proof) {
  if (index >= tip.size) {
    return Error{ErrorCode::mismatch, "entry " + std::to_string(index) + " is not among the " +
                                          std::to_string(tip.size) + " of the checkpoint"};
  }
  uint64_t place = index;
  uint64_t last = tip.size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return refuted("the inclusion proof");
    if (place % 2 == 1 || place == last) {
      hash = node_hash(sibling, hash);
      while (place % 2 == 0 && place != 0) {
        place /= 2;
        last /= 2;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    place /= 2;
    last /= 2;
  }
  if (last != 0 || hash != tip.root) return refuted("the inclusion proof");
  return {};
}

Status verify_consistency(const Tip& before, const Tip& after, const Hashes& proof) {
  if (after.size < before.size) {
    return Error{ErrorCode::rolled_back, "a log of " + std::to_string(after.size) +
                                             " entries after one of " +
                                             std::to_string(before.size)};
  }
  if (before.size == 0 || before.size == after.size) {
    const bool same = before.size == 0 || before.root == after.root;
    if (same && proof.empty()) return {};
    return refuted("the consistency proof");
  }
  uint64_t place = before.size - 1;
  uint64_t last = after.size - 1;
  for (; place % 2 == 1; place /= 2) last /= 2;
  auto next = proof.begin();
  Digest old_root = before.root;
  if (place != 0) {  // else the old tree is perfect, and its root stands where the walk begins
    if (next == proof.end()) return refuted("the consistency proof");
    old_root = *next++;
  }
  Digest new_root = old_root;
  for (; next != proof.end(); ++next) {
    if (last == 0) return refuted("the consistency proof");
    if (place % 2 == 1 || place == last) {
      old_root = node_hash(*next, old_root);
      new_root = node_hash(*next, new_root);
      while (place % 2 == 0 && place != 0) {
        place /= 2;
        last /= 2;
      }
    } else {
      new_root = node_hash(new_root, *next);
    }
    place /= 2;
    last /= 2;
  }
  if (last != 0 || old_root != before.root || new_root != after.root)
    return refuted("the consistency proof");
  return {};
}

}  // namespace fb::audit
