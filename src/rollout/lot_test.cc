#include "rollout/lot.h"

#include <gtest/gtest.h>

#include <deque>

namespace fb::rollout {
namespace {

using Closing = Lot::Closing;
constexpr Instant kStart{1'000'000};
constexpr Millis kHeartbeat = minutes(5);

// A lot, minute by minute. A fifth of the heartbeat is a minute, and so is the tick.
class LotTest : public testing::Test {
 protected:
  explicit LotTest(std::size_t strata = 4) : lot_(strata, kHeartbeat, kStart) {}

  // A minute with so many events of the control and of the treated; what was closed at its end.
  Closing minute(std::int64_t control, std::int64_t treated = 0) {
    lot_.of(0, Channel::silence).control_events += control;
    lot_.of(3, Channel::silence).events[0] += treated;
    std::vector<StratumCounts> counts(4);
    now_ = now_ + minutes(1);
    const Closing closing = lot_.close(counts, now_, devices_);
    said_ = counts[0].channel[1].control_events + counts[3].channel[1].events[0];
    return closing;
  }

  // The minutes of half an hour in which a lot was said, with one event in each.
  std::vector<int> closings() {
    std::vector<int> closed;
    for (int i = 1; i <= 30; ++i) {
      minute(1);
      if (said_ > 0) closed.push_back(i);
    }
    return closed;
  }

  Lot lot_;
  Instant now_ = kStart;
  std::int64_t devices_ = 1999;
  std::int64_t said_ = 0;
};

TEST_F(LotTest, IsAWholeHeartbeatWhereAFifthWouldCompareHandfuls) {
  EXPECT_EQ(closings(), (std::vector<int>{5, 10, 15, 20, 25, 30}));
  EXPECT_EQ(said_, 5);
}

TEST_F(LotTest, IsAFifthInALargeFleetOnceItsSizeIsKnown) {
  devices_ = 2000;
  const std::vector<int> closed = closings();
  EXPECT_EQ(closed.front(), 2);
  EXPECT_EQ(closed.size(), 29U);
  EXPECT_EQ(said_, 1);
}

TEST_F(LotTest, TheDevicesOfAFifthHaveNoSayInHowLongItsLotIs) {
  EXPECT_EQ(minute(1), Closing::merged);
  devices_ = 2000;
  EXPECT_EQ(minute(1), Closing::merged);
  EXPECT_EQ(minute(1), Closing::all);
  EXPECT_EQ(said_, 3);
}

// What sets in amid a heartbeat strikes those who beat later for longer.
TEST_F(LotTest, AFifthFullOfEventsIsALotOfItsOwn) {
  EXPECT_EQ(minute(3), Closing::merged);
  EXPECT_EQ(minute(4), Closing::merged);
  EXPECT_EQ(minute(15, 5), Closing::before);
  EXPECT_EQ(said_, 7);
  EXPECT_EQ(lot_.events(), 5) << "and waits for its own turn";
  EXPECT_EQ(minute(30), Closing::before);
  EXPECT_EQ(said_, 20);
  EXPECT_EQ(minute(1), Closing::before);
  EXPECT_EQ(said_, 30);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(minute(1), Closing::merged);
  EXPECT_EQ(minute(1), Closing::all);
  EXPECT_EQ(said_, 5);
}

TEST_F(LotTest, AFifthFullOfEventsWaitsForNothingWhenNothingWaits) {
  EXPECT_EQ(minute(20), Closing::all);
  EXPECT_EQ(minute(19), Closing::merged);
}

// Who had them must not decide how they are compared.
TEST_F(LotTest, EventsOfBothArmsFillAFifthAlike) {
  minute(1);
  EXPECT_EQ(minute(0, 20), Closing::before);
  minute(0);
  EXPECT_EQ(minute(20, 0), Closing::before);
}

TEST_F(LotTest, WithTicksOfAHeartbeatEachIsALot) {
  std::vector<StratumCounts> counts(4);
  lot_.of(0, Channel::silence).control_events = 1;
  EXPECT_EQ(lot_.close(counts, kStart + kHeartbeat, 10), Closing::all);
}

// What was judged at the end of each fifth, and how long it took until the last of it was said.
Millis longest_seen(Millis tick, std::int64_t devices) {
  Lot lot(1, kHeartbeat, kStart);
  Instant judged = kStart;
  std::deque<Instant> open;
  Millis longest;
  for (Instant now = kStart + tick; now < kStart + hours(5); now = now + tick) {
    if (5 * (now - judged).ms >= kHeartbeat.ms) {
      judged = now;
      ++lot.of(0, Channel::silence).control_events;
      open.push_back(now);
    }
    std::vector<StratumCounts> counts(1);
    lot.close(counts, now, devices);
    for (auto said = counts[0].channel[1].control_events; said > 0; --said) {
      if (now > kStart + kHeartbeat * 2) longest = std::max(longest, now - open.front());
      open.pop_front();
    }
  }
  return longest;
}

TEST_F(LotTest, LastsNoLongerThanItSays) {
  for (const Millis tick : {seconds(1), seconds(37), seconds(45), minutes(1), seconds(90),
                            seconds(150), seconds(200), kHeartbeat}) {
    for (const std::int64_t devices : {499, 500}) {
      const Millis says = Lot::longest(kHeartbeat, tick, devices, 1);
      EXPECT_EQ(longest_seen(tick, devices) + Lot::fifth(kHeartbeat, tick), says)
          << devices << " devices, tick " << in_words(tick);
    }
  }
  EXPECT_EQ(Lot::longest(kHeartbeat, minutes(1), 2000, 4), minutes(1));
  EXPECT_EQ(Lot::longest(kHeartbeat, minutes(1), 1999, 4), minutes(5));
}

TEST_F(LotTest, HarmDoesNotWaitForIt) {
  std::vector<StratumCounts> counts(4);
  counts[0].channel[0].bad_below[0] = 3;
  lot_.close(counts, kStart + minutes(1), 0);
  EXPECT_EQ(counts[0].channel[0].bad_below[0], 3);
  lot_.take(counts);
  EXPECT_EQ(counts[0].channel[0].bad_below[0], 3);
}

}  // namespace
}  // namespace fb::rollout
