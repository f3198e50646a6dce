#include "statement/revocation.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"
#include "crypto/sha256.h"

namespace fb::statement {
namespace {

const ComponentId kChannel = *ComponentId::parse("sensor.channel");
const RolloutId kRollout = *RolloutId::parse(7);
constexpr Instant kThen{1'721'362'140'000};

Digest release(int number) { return crypto::sha256("release " + std::to_string(number)); }

Revocations sample() {
  return {{{release(291), kThen, "reads beyond its input"}},
          {{kChannel, "290", kThen, "289 can be made to run code"}},
          {{release(288), kRollout, kThen, "the halt was a power cut"}}};
}

TEST(Revocations, SurviveTheRoundTrip) {
  const auto again = decode_revocations(encode(sample()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(sample()));
}

TEST(Revocations, MistakesAreNamed) {
  struct Row {
    std::function<void(json::Value&)> make;
    const char* problem;
  };
  for (const Row& row : std::vector<Row>{
           {[](auto& v) { v["format"] = "firebreak.blocked/1"; }, "firebreak.revoked/1"},
           {[](auto& v) { v["revoked"][0]["digest"] = "sha256:12"; }, "digest"},
           {[](auto& v) { v["floors"].push_back(v["floors"][0]); }, "stands twice"},
           {[](auto& v) { v["floors"][0]["version"] = "../1"; }, "is not a version"},
           {[](auto& v) { v["unblocked"][0]["rollout"] = 20; }, "rollout"},
           {[](auto& v) { v["revoked"][0]["comment"] = ""; }, "comment"},
           {[](auto& v) { v.erase("unblocked"); }, "unblocked"}}) {
    json::Value value = *json::parse(encode(sample()));
    row.make(value);
    const auto read = decode_revocations(json::compact(value));
    ASSERT_FALSE(read.ok()) << row.problem;
    EXPECT_NE(read.error().detail.find(row.problem), std::string::npos) << read.error().detail;
  }
}

TEST(Revocations, AListThatShrinksTakesNothingBack) {
  Revocations seen;
  EXPECT_TRUE(absorb(seen, sample()));
  EXPECT_FALSE(absorb(seen, {}));
  EXPECT_NE(seen.find_revoked(release(291)), nullptr);
  EXPECT_NE(seen.find_floor(kChannel, "289"), nullptr);
  EXPECT_TRUE(seen.lifts(release(288), kRollout));
}

TEST(Revocations, TheNewestFloorOfAComponentCounts) {
  Revocations seen = sample();
  EXPECT_TRUE(absorb(seen, {{}, {{kChannel, "280", kThen, "too high"}}, {}}));
  ASSERT_EQ(seen.floors.size(), 1U);
  EXPECT_EQ(seen.find_floor(kChannel, "289"), nullptr);
  EXPECT_NE(seen.find_floor(kChannel, "279"), nullptr);
  EXPECT_EQ(seen.find_floor(*ComponentId::parse("sensor.engine"), "1"), nullptr);
}

// Somebody who may sign the block list fills it up, and would push out what stood there before.
TEST(Blocked, AFloodOfBlocksForgetsNoneAndTheirFileCanStillBeRead) {
  std::vector<Blocked> seen{{release(291), kRollout, kThen, "7 of 10 harmed"}};
  std::vector<Blocked> flood;
  for (int i = 0; i < 10'000; ++i)
    flood.push_back({release(1000 + i),
                     kRollout,
                     kThen,
                     std::string(159, i % 2 == 0 ? '"' : '\n') + "\xe2\x80\x94",
                     {release(i)}});
  EXPECT_TRUE(absorb(seen, flood));
  EXPECT_EQ(seen.size(), limits::kSeenBlocks);
  EXPECT_EQ(seen.front().manifest, release(291));
  const auto again = decode_blocked(encode(seen));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(again->size(), limits::kSeenBlocks);
}

}  // namespace
}  // namespace fb::statement
