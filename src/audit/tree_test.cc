#include "audit/tree.h"

#include <gtest/gtest.h>

#include "audit/log_sim_test.h"
#include "base/bytes.h"

namespace fb::audit {
namespace {

Digest digest(const char* hex) { return *Digest::from_hex(hex); }

// The eight leaves, and what the reference implementation of Certificate Transparency makes of them
// (RFC 6962; merkletree tests of google/certificate-transparency).
const std::vector<std::string>& vector_leaves() {
  static const std::vector<std::string> kLeaves = [] {
    std::vector<std::string> out;
    for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                            "606162636465666768696a6b6c6d6e6f"})
      out.push_back(*from_hex(hex));
    return out;
  }();
  return kLeaves;
}

constexpr std::array kVectorRoots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

LogSimulator vector_log(std::size_t count) {
  LogSimulator log;
  for (std::size_t i = 0; i < count; ++i) log.append_bytes(vector_leaves()[i]);
  return log;
}

TEST(Tree, HasTheRootsOfTheReferenceVectors) {
  EXPECT_EQ(empty_root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t size = 1; size <= 8; ++size)
    EXPECT_EQ(vector_log(size).tip().root.hex(), kVectorRoots[size - 1]) << size;
}

TEST(Tree, MakesTheInclusionProofsOfTheReferenceVectors) {
  struct Row {
    std::uint64_t index, size;
    std::vector<const char*> path;
  };
  const Row rows[] = {
      {0, 1, {}},
      {0,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {5,
       8,
       {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
      {1,
       5,
       {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
  };
  for (const Row& row : rows) {
    Hashes expected;
    for (const char* hex : row.path) expected.push_back(digest(hex));
    EXPECT_EQ(vector_log(row.size).inclusion(row.index), expected) << row.index << "/" << row.size;
  }
}

TEST(Tree, MakesTheConsistencyProofsOfTheReferenceVectors) {
  struct Row {
    std::uint64_t before, size;
    std::vector<const char*> proof;
  };
  const Row rows[] = {
      {1, 1, {}},
      {1,
       8,
       {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
      {6,
       8,
       {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
      {2,
       5,
       {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
  };
  for (const Row& row : rows) {
    Hashes expected;
    for (const char* hex : row.proof) expected.push_back(digest(hex));
    EXPECT_EQ(vector_log(row.size).consistency(row.before), expected)
        << row.before << "/" << row.size;
  }
}

constexpr std::uint64_t kSmall = 40;

TEST(Tree, EveryEntryOfEverySmallLogIsProvedAndAtNoOtherPlace) {
  for (std::uint64_t size = 1; size <= kSmall; ++size) {
    const LogSimulator log = log_of(size);
    const Tip tip = log.tip();
    for (std::uint64_t index = 0; index < size; ++index) {
      const Hashes proof = log.inclusion(index);
      const Digest leaf = leaf_hash(log.entries[index]);
      for (std::uint64_t other = 0; other <= size; ++other) {
        EXPECT_EQ(verify_inclusion(other, leaf, tip, proof).ok(), other == index)
            << index << "/" << size;
      }
    }
  }
}

TEST(Tree, EveryTwoSizesOfASmallLogAreProvedConsistent) {
  for (std::uint64_t size = 0; size <= kSmall; ++size) {
    const LogSimulator log = log_of(size);
    for (std::uint64_t before = 0; before <= size; ++before) {
      const Hashes proof = log.consistency(before);
      EXPECT_TRUE(verify_consistency(log.tip(before), log.tip(), proof).ok())
          << before << "/" << size;
      if (before == size) continue;
      EXPECT_EQ(verify_consistency(log.tip(), log.tip(before), proof).error().code,
                ErrorCode::rolled_back);
    }
  }
}

// Each hash of a proof flipped, left out, doubled; the proof of another tree.
std::vector<Hashes> damaged(const Hashes& proof) {
  std::vector<Hashes> out;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    out.push_back(proof);
    out.back()[i].bytes[7] ^= 1;
    out.push_back(proof);
    out.back().erase(out.back().begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(proof);
    out.back().insert(out.back().begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
  }
  out.push_back(proof);
  out.back().push_back(empty_root());
  return out;
}

TEST(Tree, RefusesEveryDamagedProof) {
  for (const std::uint64_t size : {2U, 3U, 7U, 8U, 13U, 33U}) {
    const LogSimulator log = log_of(size);
    for (std::uint64_t at = 0; at < size; ++at) {
      for (const Hashes& proof : damaged(log.inclusion(at)))
        EXPECT_FALSE(verify_inclusion(at, leaf_hash(log.entries[at]), log.tip(), proof).ok())
            << at << "/" << size;
      for (const Hashes& proof : damaged(log.consistency(at)))
        EXPECT_FALSE(verify_consistency(log.tip(at), log.tip(), proof).ok()) << at << "/" << size;
    }
  }
}

// The server shows one device another history: same beginning, one entry exchanged.
TEST(Tree, TwoHistoriesAreNotConsistentHoweverTheyAreProved) {
  const LogSimulator honest = log_of(21);
  for (const std::uint64_t changed : {0U, 5U, 11U}) {
    LogSimulator other;
    for (std::uint64_t i = 0; i < 30; ++i)
      other.append(i == changed ? "forged" : "report", {{"number", i}});
    for (std::uint64_t before = changed + 1; before <= honest.size(); ++before) {
      EXPECT_FALSE(
          verify_consistency(honest.tip(before), other.tip(), other.consistency(before)).ok())
          << changed << " " << before;
    }
    EXPECT_TRUE(
        verify_consistency(honest.tip(changed), other.tip(), other.consistency(changed)).ok());
  }
}

TEST(Tree, ALeafIsNoNode) {
  const LogSimulator log = log_of(2);
  std::string both(65, '\0');
  const std::string inner = "\1" + std::string(64, 'x');
  EXPECT_NE(leaf_hash(inner.substr(1)), node_hash(log.hashes()[0], log.hashes()[1]));
  EXPECT_FALSE(verify_inclusion(0, log.tip().root, log.tip(), {}).ok());
}

}  // namespace
}  // namespace fb::audit
