#include "tuf/names.h"

#include <gtest/gtest.h>

namespace fb::tuf {
namespace {

TEST(Names, RoleNamesBecomeOnePathSegment) {
  EXPECT_EQ(encode_role_file_name("core"), "core");
  EXPECT_EQ(encode_role_file_name("../up"), "..%2Fup");
  EXPECT_EQ(encode_role_file_name("/abs"), "%2Fabs");
  EXPECT_EQ(encode_role_file_name("?#%"), "%3F%23%25");
  EXPECT_EQ(encode_role_file_name("a\\b\n"), "a%5Cb%0A");
  EXPECT_EQ(encode_role_file_name("\xc3\xbc"), "%C3%BC");
  EXPECT_EQ(metadata_path("../x", 3), "3...%2Fx.json");
  EXPECT_EQ(metadata_path("timestamp", {}), "timestamp.json");
}

TEST(RoleFileNames, AreReadBackAndNothingElseIs) {
  for (const char* role : {"core", "../up", "?#%", "\xc3\xbc", "a b", "."}) {
    const auto again = decode_role_file_name(encode_role_file_name(role));
    ASSERT_TRUE(again.ok()) << role;
    EXPECT_EQ(*again, role);
  }
  for (const char* name : {"a/b", "%", "%4", "%zz", "%2f", "%41", "a b"})
    EXPECT_FALSE(decode_role_file_name(name).ok()) << name;
}

TEST(Names, PatternsNeverCrossASlash) {
  struct Row {
    const char* pattern;
    const char* path;
    bool matches;
  };
  const Row rows[] = {
      {"core/*/*", "core/sensor.main/7.bin", true},
      {"core/*/*", "core/7.bin", false},
      {"core/*/*", "core/a/b/c", false},
      {"*", "a/b", false},
      {"*", "", true},
      {"foo-?.tgz", "foo-1.tgz", true},
      {"foo-?.tgz", "foo-.tgz", false},
      {"foo-?.tgz", "foo-/.tgz", false},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-b-b-d", false},
      {"ab*bc", "abc", false},
      {"*.md", "README.MD", false},
      {"[ab]", "a", false},
      {"[ab]", "[ab]", true},
      {"a?", "a\xff", true},
      {"core/*/*", "core/../x", true},
      {"**", "ab", true},
  };
  for (const Row& row : rows)
    EXPECT_EQ(matches_pattern(row.pattern, row.path), row.matches) << row.pattern << row.path;
}

TEST(Names, APatternOfStarsEndsSoon) {
  const std::string stars = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(matches_pattern(stars, std::string(5000, 'a')));
}

TEST(Names, TargetNamesThatClimbAreRefused) {
  for (const char* good : {"a", "path/to/a/file.txt", "with blank", "..a", "a..b"}) {
    EXPECT_TRUE(check_target_name(good).ok()) << good;
  }
  const std::string names[] = {"",
                               "/etc/passwd",
                               "../x",
                               "a/../b",
                               "a//b",
                               "a/",
                               ".",
                               "a/.",
                               "a\\..\\b",
                               "a\nb",
                               std::string("a\0b", 3),
                               std::string(1025, 'a')};
  for (const auto& bad : names) {
    ASSERT_FALSE(check_target_name(bad).ok()) << bad;
    EXPECT_EQ(check_target_name(bad).error().code, ErrorCode::malformed);
  }
}

TEST(Names, HashedNamesKeepTheDirectory) {
  EXPECT_EQ(hashed_name("a/b/file.bin", "ff"), "a/b/ff.file.bin");
  EXPECT_EQ(hashed_name("file", "ff"), "ff.file");
}

TEST(Names, TargetPathsOfOursAreTwoOrThreePlainSegments) {
  for (const char* good :
       {"core/sensor.main/7.11.0.bin", "trust/people.json", "rollouts/11.json"}) {
    const auto path = TargetPath::parse(good);
    ASSERT_TRUE(path.ok()) << good;
    EXPECT_EQ(path->text(), good);
  }
  const std::string paths[] = {"one",    "a/b/c/d",    "../a/b", "a/../b",
                               "a//b",   "/a/b",       "a/b/",   "a/b c",
                               "a/b%2f", "a/\xc3\xbc", "a/.",    "a/" + std::string(129, 'x')};
  for (const auto& bad : paths)
    EXPECT_EQ(TargetPath::parse(bad).error().code, ErrorCode::malformed) << bad;
  EXPECT_TRUE(TargetPath::parse("a/" + std::string(128, 'x')).ok());
}

TEST(Names, ReleasePathsAreBuiltFromTheirParts) {
  const auto component = *ComponentId::parse("sensor.channel");
  const auto path = TargetPath::release("content", component, "291", "channel.bin");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->text(), "content/sensor.channel/291.channel.bin");
  EXPECT_EQ(path->segments(),
            (std::vector<std::string>{"content", "sensor.channel", "291.channel.bin"}));
  EXPECT_EQ(path->hashed(Digest{}),
            "content/sensor.channel/" + std::string(64, '0') + ".291.channel.bin");
  EXPECT_FALSE(TargetPath::release("content", component, "", "x").ok());
  EXPECT_FALSE(TargetPath::release("content", component, "1", "").ok());
  EXPECT_FALSE(TargetPath::release("content", component, "1", "a/b").ok());
  EXPECT_FALSE(TargetPath::release("../content", component, "1", "b").ok());
}

}  // namespace
}  // namespace fb::tuf
