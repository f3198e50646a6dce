#include "channel_codec.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine.h"
#include "event_source.h"
#include "test_channels.h"

namespace sensor {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::string verdict_on(const Bytes& bytes) {
  const auto parsed = parse_channel(bytes);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "accepted" : refusal->reason;
}

// Runs whatever was accepted and can be run, so that a promise that the parser broke shows as a
// crash or a report.
bool accept_and_scan(const Bytes& bytes) {
  auto parsed = parse_channel(bytes);
  auto* channel = std::get_if<Channel>(&parsed);
  if (channel == nullptr) return false;
  EXPECT_LE(channel->rules.size(), kMaxRules);
  for (const Rule& rule : channel->rules) {
    EXPECT_FALSE(rule.tests.empty());
    EXPECT_LT(rule.tests.back().field, channel->types.at(rule.type).fields.size());
  }
  EXPECT_EQ(encode_channel(*channel), bytes);
  if (refusal_of(*channel)) return true;
  Engine engine(std::move(*channel));
  SyntheticEvents events(1);
  for (int i = 0; i < 20; ++i) engine.scan(events.next());
  return true;
}

TEST(ChannelCodec, GivesBackWhatWasEncoded) {
  for (const int number : {290, 291, 292}) {
    const auto bytes = encode_channel(channel_of(shipped_rules(number)));
    auto parsed = parse_channel(bytes);
    ASSERT_TRUE(std::holds_alternative<Channel>(parsed));
    EXPECT_EQ(std::get<Channel>(parsed).version, static_cast<std::uint32_t>(number));
    EXPECT_EQ(encode_channel(std::get<Channel>(parsed)), bytes);
  }
}

TEST(ChannelCodec, RefusesEveryTruncation) {
  const auto whole = encode_channel(channel_of(shipped_rules(292)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(verdict_on({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
              "accepted")
        << size;
  }
}

TEST(ChannelCodec, RefusesEveryTruncationWithARightChecksum) {
  const auto whole = encode_channel(channel_of(shipped_rules(292)));
  for (std::size_t size = 4; size < whole.size(); ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    seal(cut);
    EXPECT_NE(verdict_on(cut), "accepted") << size;
  }
}

TEST(ChannelCodec, RefusesEveryFlippedBit) {
  auto bytes = encode_channel(channel_of(shipped_rules(292)));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    EXPECT_NE(verdict_on(bytes), "accepted") << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
}

TEST(ChannelCodec, SurvivesEveryFlippedBitUnderARightChecksum) {
  const auto whole = encode_channel(channel_of(shipped_rules(292)));
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < (whole.size() - 4) * 8; ++bit) {
    auto bytes = whole;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    seal(bytes);
    accepted += accept_and_scan(bytes) ? 1U : 0U;
  }
  EXPECT_GT(accepted, 0U);  // a changed letter in a matcher is a different rule, not damage
}

TEST(ChannelCodec, SurvivesRandomChangesUnderARightChecksum) {
  constexpr unsigned kSeed = 20240719;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const auto whole = encode_channel(channel_of(shipped_rules(291)));
  for (int round = 0; round < 5000; ++round) {
    auto bytes = whole;
    for (unsigned change = random() % 4 + 1; change > 0; --change) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    if (random() % 4 == 0) bytes.resize(4 + random() % bytes.size());
    seal(bytes);
    accept_and_scan(bytes);
  }
}

// One type "t" of one string, then rules as given.
Bytes file_with(const Bytes& rules) {
  Bytes bytes{'S', 'N', 'S', 'R', 'C', 'H', 1, 0, 7, 0, 0, 0, 1, 1, 0, 't', 1, 1};
  bytes.insert(bytes.end(), rules.begin(), rules.end());
  bytes.resize(bytes.size() + 4);
  seal(bytes);
  return bytes;
}

TEST(ChannelCodec, SaysWhyItRefuses) {
  const struct {
    Bytes rules;
    const char* reason;
  } cases[] = {
      {{1, 0, 1, 0, 'r', 0, 1, 1, 0, 'x'}, "accepted"},
      {{0, 0}, "accepted"},
      {{0, 0, 0}, "bytes after the last rule"},
      {{1, 0, 1, 0, 'r', 0, 0}, "rule r tests nothing and would match every event"},
      {{1, 0, 1, 0, 'r', 1, 0}, "rule r is over a type that is not declared"},
      {{1, 0, 1, 0, 'R', 0, 0}, "a name has other characters than a-z, 0-9 and '_', or none"},
      {{1, 0, 1, 0, 'r', 0, 6}, "unknown kind of matcher"},
      {{1, 0, 1, 0, 'r', 0, 4, 1, 0, '*'}, "a pattern that cannot be understood"},
      {{1, 0, 1, 0, 'r', 0, 1, 1, 1, 'x'}, "a text of 257 bytes where 256 may stand"},
      {{1, 0, 1, 0, 'r', 0, 1, 2, 0, 'x'}, "the file ends in the middle of a value"},
      {{1, 0, 1, 0, 'r', 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       "rule r tests field 1 as another type"},
      {{1, 0, 1, 0, 'r', 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
       "a range that ends before it begins"},
      {{1, 16}, "too many rules"},
  };
  for (const auto& c : cases) EXPECT_EQ(verdict_on(file_with(c.rules)), c.reason);
}

TEST(ChannelCodec, RefusesFilesThatAreTooLargeOrOfAnotherFormat) {
  EXPECT_EQ(verdict_on(Bytes(kMaxChannelBytes + 1)), "larger than 1048576 bytes");
  EXPECT_EQ(verdict_on(Bytes(100)), "not a channel file");
  auto bytes = file_with({0, 0});
  bytes[6] = 2;
  seal(bytes);
  EXPECT_EQ(verdict_on(bytes), "a format that this build does not know");
}

}  // namespace
}  // namespace sensor
