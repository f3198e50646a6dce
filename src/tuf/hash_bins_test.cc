#include "tuf/hash_bins.h"

#include <gtest/gtest.h>

#include <set>

#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

HashBins bins(int bit_length) { return {{}, bit_length, "bin"}; }

// SHA-256 of nothing begins with e3b0c442, of "abc" with ba7816bf.
TEST(HashBins, NameTheBinOfATargetByTheFirstBitsOfItsHash) {
  struct Case {
    int bits;
    const char *target, *name;
  };
  for (const Case& each :
       {Case{1, "", "bin-1"}, Case{3, "", "bin-7"}, Case{4, "", "bin-e"}, Case{14, "", "bin-38ec"},
        Case{16, "", "bin-e3b0"}, Case{32, "", "bin-e3b0c442"}, Case{9, "abc", "bin-174"}}) {
    EXPECT_EQ(bins(each.bits).name_for(each.target), each.name) << each.bits;
    EXPECT_TRUE(bins(each.bits).contains(each.name));
  }
}

TEST(HashBins, ContainTheirOwnNamesAndNoOthers) {
  const HashBins ours = bins(5);  // 0 to 1f
  std::set<std::string> names;
  for (std::uint64_t bin = 0; bin < ours.count(); ++bin) names.insert(ours.name(bin));
  EXPECT_EQ(names.size(), 32U);
  EXPECT_EQ(*names.begin(), "bin-00");
  for (const std::string& name : names) EXPECT_TRUE(ours.contains(name)) << name;
  for (const char* name :
       {"bin-20", "bin-1F", "bin-1g", "bin-1", "bin-001", "bin1f", "bim-1f", "bin-", "", "bin--1"})
    EXPECT_FALSE(ours.contains(name)) << name;
}

TEST(HashBins, AreReadAsTheyWereWritten) {
  const HashBins ours{{{"k1", "k2"}, 2}, 14, "releases"};
  const auto again = decode_hash_bins(encode(ours), "here");
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(*again, ours);
}

TEST(HashBins, OfSizesThatNobodyCouldServeAreRefused) {
  for (const int bits : {0, -1, 33}) {
    json::Value value = encode(bins(1));
    value["bit_length"] = bits;
    EXPECT_FALSE(decode_hash_bins(value, "here").ok()) << bits;
  }
  json::Value unnamed = encode(bins(1));
  unnamed["name_prefix"] = "";
  EXPECT_FALSE(decode_hash_bins(unnamed, "here").ok());
}

TEST(HashBins, SendTheSearchToOneBinAndEndIt) {
  Delegations delegations;
  delegations.bins = bins(14);
  const auto covering = delegations.covering("abc");
  EXPECT_EQ(covering.roles, std::vector<std::string>{"bin-2e9e"});
  EXPECT_TRUE(covering.terminating);
  EXPECT_TRUE(delegations.covers("bin-2e9e", "abc"));
  EXPECT_FALSE(delegations.covers("bin-2e9f", "abc"));
  EXPECT_NE(delegations.find("bin-0000"), nullptr);
  EXPECT_EQ(delegations.find("bin-4000"), nullptr);
}

TEST(Content, IsComparedWithEveryHashWeCanCheck) {
  const std::string sha256 = crypto::sha256("abc").hex();
  const std::string sha512 = crypto::sha512_hex("abc");
  EXPECT_EQ(sha512.substr(0, 16), "ddaf35a193617aba");  // FIPS 180-4
  const std::string zeros(128, '0');
  EXPECT_TRUE(check_content("abc", 3, {{"sha512", sha512}}).ok());
  EXPECT_TRUE(check_content("abc", 3, {{"sha256", sha256}, {"sha512", sha512}}).ok());
  EXPECT_TRUE(check_content("abc", 3, {{"sha256", sha256}, {"md5", "x"}}).ok());
  EXPECT_EQ(check_content("abc", 3, {{"sha256", sha256}, {"sha512", zeros}}).error().code,
            ErrorCode::mismatch);
  EXPECT_EQ(check_content("abc", 3, {{"md5", "x"}}).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace fb::tuf
