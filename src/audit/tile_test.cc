#include "audit/tile.h"

#include <gtest/gtest.h>

#include "audit/log_sim_test.h"

namespace fb::audit {
namespace {

TEST(TilePaths, AreThoseOfTheSpecification) {
  struct Row {
    TileName name;
    const char* path;
  };
  const Row rows[] = {
      {{TileKind::hashes, {0, 0}, 256}, "tile/0/000"},
      {{TileKind::hashes, {0, 7}, 1}, "tile/0/007.p/1"},
      {{TileKind::hashes, {1, 1234067}, 256}, "tile/1/x001/x234/067"},
      {{TileKind::hashes, {5, 999}, 255}, "tile/5/999.p/255"},
      {{TileKind::hashes, {0, 1000}, 256}, "tile/0/x001/000"},
      {{TileKind::entries, {0, 5}, 256}, "tile/entries/005"},
      {{TileKind::entries, {0, 1005}, 17}, "tile/entries/x001/005.p/17"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(path_of(row.name), row.path);
    const auto parsed = parse_tile_path(row.path);
    ASSERT_TRUE(parsed.ok()) << row.path;
    EXPECT_EQ(parsed->kind, row.name.kind);
    EXPECT_EQ(parsed->id, row.name.id);
    EXPECT_EQ(parsed->width, row.name.width);
  }
}

TEST(TilePaths, RefuseWhateverNobodyPrints) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/001",
                           "tile/0/001/",
                           "tile/0/001.p",
                           "tile/0/001.p/",
                           "tile/0/001.p/0",
                           "tile/0/001.p/256",
                           "tile/0/001.p/257",
                           "tile/0/001.p/01",
                           "tile/0/001.p/1/2",
                           "tile/7/000",
                           "tile/63/000",
                           "tile/00/001",
                           "tile/-1/000",
                           "tile/entries/",
                           "tile/entry/000",
                           "tile/0/../000",
                           "tile/0/x001/x",
                           "tile/0/ 01",
                           "/tile/0/000",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
                           "checkpoint"})
    EXPECT_FALSE(parse_tile_path(path).ok()) << path;
}

TEST(Tiles, HaveTheWidthThatTheLogGivesThem) {
  EXPECT_EQ(width_of({0, 0}, 0), 0U);
  EXPECT_EQ(width_of({0, 0}, 255), 255U);
  EXPECT_EQ(width_of({0, 0}, 256), 256U);
  EXPECT_EQ(width_of({0, 1}, 256), 0U);
  EXPECT_EQ(width_of({0, 1}, 257), 1U);
  EXPECT_EQ(width_of({0, 2}, 257), 0U);
  EXPECT_EQ(width_of({1, 0}, 255), 0U);
  EXPECT_EQ(width_of({1, 0}, 70'000), 256U);
  EXPECT_EQ(width_of({1, 1}, 70'000), 17U);
  EXPECT_EQ(width_of({2, 0}, 70'000), 1U);
}

TEST(Tiles, SurviveTheRoundTripWithTheirNodes) {
  const LogSimulator log = log_of(37);
  Tile tile;
  for (const Digest& hash : log.hashes()) tile.push(hash);
  const auto again = Tile::decode(tile.bytes());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->hashes(), log.hashes());
  EXPECT_EQ(again->node(2, 4), log.perfect(16, 4));
  EXPECT_FALSE(again->has(2, 9)) << "only what is whole is a node";
  for (const std::size_t size : {0U, 1U, 31U, 33U, 257U * 32U})
    EXPECT_FALSE(Tile::decode(std::string(size, 'x')).ok()) << size;
}

TEST(Bundles, SurviveTheRoundTripAndRefuseTheRest) {
  const std::vector<std::string> entries{"", "one", std::string(65'535, 'x')};
  const std::string bytes = encode_bundle(entries);
  EXPECT_EQ(*decode_bundle(bytes, 3), entries);
  EXPECT_FALSE(decode_bundle(bytes, 2).ok());
  EXPECT_FALSE(decode_bundle(bytes, 4).ok());
  EXPECT_FALSE(decode_bundle(bytes + "x", 3).ok());
  EXPECT_FALSE(decode_bundle(bytes.substr(0, bytes.size() - 1), 3).ok());
  EXPECT_FALSE(decode_bundle(std::string("\0", 1), 1).ok());
}

TEST(Edge, GrowsAsTheTreeDoesAndHandsOutEachTileOnce) {
  const LogSimulator log = log_of(600);
  Edge edge;
  std::map<TileId, std::string> full;
  for (std::uint64_t i = 0; i < log.size(); ++i) {
    edge.append(log.hashes()[i], [&](const TileId& id, const Tile& tile) {
      EXPECT_TRUE(full.emplace(id, tile.bytes()).second);
    });
    if (i % 37 != 0 && i < 500) continue;
    EXPECT_EQ(edge.tip(), log.tip(i + 1)) << i;
  }
  ASSERT_EQ(full.size(), 2U);
  EXPECT_EQ(Tile::decode(full.at({0, 1}))->hashes().front(), log.hashes()[256]);
  EXPECT_EQ(edge.open_tiles().at(0).width(), 600U - 512U);
  EXPECT_EQ(edge.open_tiles().at(1).hashes().at(1), log.perfect(256, 256));
}

}  // namespace
}  // namespace fb::audit
