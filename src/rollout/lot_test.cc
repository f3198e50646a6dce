#include "rollout/lot.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

constexpr Instant kStart{1'000'000};

// One event in each minute for half an hour; the minutes in which a lot was closed.
std::vector<int> closings(std::size_t strata, std::int64_t devices) {
  Lot lot(strata, minutes(5), kStart);
  std::vector<int> closed;
  std::int64_t events = 0;
  for (int minute = 1; minute <= 30; ++minute) {
    std::vector<StratumCounts> counts(strata);
    ++lot.of(strata - 1, Channel::silence).control_events;
    if (lot.close(counts, kStart + minutes(minute), devices) == Lot::Closing::closed)
      closed.push_back(minute);
    events += counts[strata - 1].channel[1].control_events;
  }
  EXPECT_EQ(events, 30);
  return closed;
}

TEST(Lot, IsAWholeHeartbeatWhereAFifthWouldCompareHandfuls) {
  EXPECT_EQ(closings(4, 1999), (std::vector<int>{5, 10, 15, 20, 25, 30}));
}

TEST(Lot, IsAFifthOfAHeartbeatInALargeFleetAfterTheFirst) {
  const std::vector<int> closed = closings(4, 2000);
  EXPECT_EQ(closed.front(), 5);
  EXPECT_EQ(closed.size(), 26U);
}

// What sets in amid a heartbeat strikes those who beat later for longer; in many devices that
// shows.
TEST(Lot, IsAFifthInALargeFleetHoweverManyStrataItHas) {
  EXPECT_EQ(closings(200, 24'999).size(), 6U);
  EXPECT_EQ(closings(200, 25'000).size(), 26U);
}

// The devices of this lot have no say in how long it is.
TEST(Lot, IsAsLongAsWasFixedWhenTheLastOneClosed) {
  Lot lot(1, minutes(5), kStart);
  std::vector<StratumCounts> counts(1);
  EXPECT_EQ(lot.close(counts, kStart + minutes(5), 500), Lot::Closing::closed);
  EXPECT_EQ(lot.close(counts, kStart + minutes(6), 499), Lot::Closing::closed);
  EXPECT_EQ(lot.close(counts, kStart + minutes(7), 500), Lot::Closing::not_yet);
}

TEST(Lot, HarmDoesNotWaitForIt) {
  Lot lot(1, minutes(5), kStart);
  std::vector<StratumCounts> counts(1);
  counts[0].channel[0].bad_below[0] = 3;
  lot.close(counts, kStart + minutes(1), 0);
  EXPECT_EQ(counts[0].channel[0].bad_below[0], 3);
  lot.close(counts, kStart + minutes(5), 0);
  EXPECT_EQ(counts[0].channel[0].bad_below[0], 3);
}

}  // namespace
}  // namespace fb::rollout
