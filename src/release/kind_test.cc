#include "release/kind.h"

#include <gtest/gtest.h>

namespace fb::release {
namespace {

TEST(Kinds, HaveOneWordEach) {
  EXPECT_EQ(kind_words().size(), 4U);
  for (const auto& [text, kind] : kind_words()) EXPECT_EQ(word(kind), text);
  EXPECT_EQ(class_words().size(), 4U);
  for (const auto& [text, cls] : class_words()) EXPECT_EQ(word(cls), text);
}

TEST(Kinds, AreSignedByTheirOwnRole) {
  EXPECT_EQ(owning_role(Kind::core), "core");
  EXPECT_EQ(owning_role(Kind::content), "content");
  EXPECT_EQ(owning_role(Kind::config), "content");
  EXPECT_EQ(owning_role(Kind::flags), "flags");
}

TEST(Versions, ArePlainText) {
  for (const std::string& good :
       {std::string("290"), std::string("7.11"), std::string("2024-07-19.1"), std::string("1_a+b"),
        std::string("v1"), std::string(64, '9')}) {
    const auto version = parse_version(good);
    ASSERT_TRUE(version.ok()) << version.error().detail;
    EXPECT_EQ(*version, good);
  }
  for (const std::string& bad :
       {std::string(), std::string(".1"), std::string("-1"), std::string("1..2"),
        std::string("1/2"), std::string("1 2"), std::string("1\n"), std::string("1\0", 2),
        std::string("\xc3\xa9"), std::string(65, '9')}) {
    const auto version = parse_version(bad);
    ASSERT_FALSE(version.ok()) << bad;
    EXPECT_EQ(version.error().code, ErrorCode::malformed);
  }
}

TEST(ArtifactNames, NeverLeaveTheirRelease) {
  for (const std::string& good : {std::string("channel.bin"), std::string("sensor"),
                                  std::string("a.b-c_d+e"), std::string(100, 'a')}) {
    EXPECT_TRUE(parse_artifact_name(good).ok()) << good;
  }
  for (const std::string& bad : {std::string(),
                                 std::string("."),
                                 std::string(".."),
                                 std::string("../x"),
                                 std::string("a/../b"),
                                 std::string("a/b"),
                                 std::string("/etc/passwd"),
                                 std::string("a\\b"),
                                 std::string("..\\x"),
                                 std::string("a..b"),
                                 std::string(".hidden"),
                                 std::string("-rf"),
                                 std::string("~root"),
                                 std::string("a%2fb"),
                                 std::string("C:x"),
                                 std::string("a b"),
                                 std::string("a\n"),
                                 std::string("a\0b", 3),
                                 std::string("\xe2\x80\xae"),
                                 std::string(101, 'a'),
                                 std::string("manifest.json")}) {
    const auto name = parse_artifact_name(bad);
    ASSERT_FALSE(name.ok()) << bad;
    EXPECT_EQ(name.error().code, ErrorCode::malformed);
  }
}

TEST(Version, NumbersCompareAsNumbersAndWhatEndsFirstComesFirst) {
  for (const auto& row : std::vector<std::vector<std::string>>{
           {"7.9", "7.10", "7.11-rc1", "7.11-rc2", "7.11", "7.11.1", "7.11a", "8"},
           {"99", "100", "290", "291", "1000"},
           {"2024-07-18.2", "2024-07-19.1", "2024-07-19.10"}}) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j) {
        EXPECT_EQ(version_before(row[i], row[j]), i < j) << row[i] << " " << row[j];
      }
    }
  }
  EXPECT_FALSE(version_before("7.01", "7.1"));
  EXPECT_FALSE(version_before("7.1", "7.01"));
}

}  // namespace
}  // namespace fb::release
