#include "base/bytes.h"

#include <gtest/gtest.h>

namespace fb {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Hex, SurvivesTheRoundTrip) {
  EXPECT_EQ(to_hex(std::string("\x00\x0f\xa5\xff", 4)), "000fa5ff");
  EXPECT_EQ(*from_hex(to_hex(all_bytes())), all_bytes());
  EXPECT_EQ(*from_hex(""), "");
}

TEST(Hex, RefusesWhatWeDoNotPrint) {
  for (const char* text : {"0", "0g", "A0", "0x00", " 00", "00 ", "00\n0"}) {
    const auto bytes = from_hex(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::malformed);
  }
}

TEST(Base64, AgreesWithTheExamplesOfRfc4648) {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"},
                                                      {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(*from_base64(text), bytes);
  }
}

TEST(Base64, SurvivesTheRoundTripAtEveryLength) {
  for (std::size_t length = 0; length <= 256; ++length) {
    const std::string bytes = all_bytes().substr(0, length);
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, RefusesEverySecondTextForTheSameBytes) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", "Zm 9v", "Zm9v\r\n", "Zg==Zg==",
                           "====", "=", "Z===", "Zm9v====", "-_8=", "Zm9\xc3", "Z=g="}) {
    EXPECT_FALSE(from_base64(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fb
