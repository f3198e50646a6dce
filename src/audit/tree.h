// The event log as a Merkle tree: hashes of RFC 6962 section 2.1 (the same in RFC 9162), proofs,
// and their verification.
//
// Leaves are the exact bytes of entries. Proofs are made from hashes of perfect subtrees, which
// whoever stores a log keeps in tiles (audit/tile.h); O(log n) of them for one proof. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace fb::audit {

Digest leaf_hash(std::string_view entry);
Digest node_hash(const Digest& left, const Digest& right);
Digest empty_root();

// How far a log goes: how many entries, and the root over them.
struct Tip {
  std::uint64_t size = 0;
  Digest root = empty_root();
  friend bool operator==(const Tip&, const Tip&) = default;
};

// A perfect subtree: the 2^level leaves from index * 2^level on.
struct Node {
  unsigned level = 0;
  std::uint64_t index = 0;
};
// Answers every node whose leaves are all in the log. Errors: those of where they are kept.
using NodeSource = std::function<Result<Digest>(const Node&)>;

using Hashes = std::vector<Digest>;

// Errors of the three: those of `nodes`.
Result<Digest> root_of(std::uint64_t size, const NodeSource& nodes);
// That entry `index` is in the tree of the first `size` (RFC 9162, 2.1.3.1). Precondition (CHECK):
// index < size.
Result<Hashes> prove_inclusion(std::uint64_t index, std::uint64_t size, const NodeSource& nodes);
// That the tree of `size` entries continues that of `before` (2.1.4.1); empty when `before` is 0 or
// `size`. Precondition (CHECK): before <= size.
Result<Hashes> prove_consistency(std::uint64_t before, std::uint64_t size, const NodeSource& nodes);

// 2.1.3.2. Errors: mismatch.
Status verify_inclusion(std::uint64_t index, const Digest& leaf, const Tip& tip,
                        const Hashes& proof);
// 2.1.4.2, and the two ends: everything continues the empty log, equal sizes have equal roots.
// Errors: rolled_back (`after` is shorter), mismatch.
Status verify_consistency(const Tip& before, const Tip& after, const Hashes& proof);

}  // namespace fb::audit
