#include "base/digest.h"

#include <gtest/gtest.h>

namespace fb {
namespace {

const std::string kHex = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

TEST(Digests, ReadWhatTheyPrint) {
  const auto digest = Digest::from_hex(kHex);
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->hex(), kHex);
  EXPECT_EQ(digest->text(), "sha256:" + kHex);
  EXPECT_EQ(digest->brief(), "001122334455");
  EXPECT_EQ(*Digest::parse(digest->text()), *digest);
}

TEST(Digests, RefuseEverythingElse) {
  for (const std::string& text :
       {std::string(), kHex, "sha256:" + kHex.substr(1), "sha256:" + kHex + "0",
        "sha256:" + std::string(64, 'A'), "SHA256:" + kHex, "sha512:" + kHex, "sha256: " + kHex,
        "sha256:" + std::string(64, 'g')}) {
    const auto digest = Digest::parse(text);
    ASSERT_FALSE(digest.ok()) << text;
    EXPECT_EQ(digest.error().code, ErrorCode::malformed);
  }
  EXPECT_FALSE(Digest::from_hex("sha256:" + kHex).ok());
}

TEST(Digests, CompareByTheirBytes) {
  EXPECT_EQ(Digest{}, *Digest::from_hex(std::string(64, '0')));
  EXPECT_LT(*Digest::from_hex(std::string(64, '1')), *Digest::from_hex(std::string(64, '2')));
}

}  // namespace
}  // namespace fb
