#include "rollout/latecomers.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

Parameters fast() { return defaults(Profile::production, Lane::fast, 10'000); }

// Fast: devices are old from one hour, bin 4.
std::vector<StratumCounts> tick(std::int64_t young_events, std::int64_t old_events) {
  std::vector<StratumCounts> counts(1);
  ChannelCounts& silence = counts[0].channel[1];
  silence.at_risk[3] = 20;
  silence.events[3] = young_events;
  silence.at_risk[4] = 400;
  silence.events[4] = old_events;
  silence.at_risk[kAgeBins - 1] = 600;
  return counts;
}

TEST(Latecomers, AreHeldAgainstDevicesThatHavePassedTheLastHorizon) {
  Latecomers late{.evidence = Evidence(1)};
  late.add(tick(0, 5), fast());
  EXPECT_EQ(late.bad, 0);
  EXPECT_DOUBLE_EQ(late.expected, 20 * 5.0 / 1'000);
  EXPECT_LT(late.evidence.global(), 1);
  for (int i = 0; i < 3; ++i) late.add(tick(3, 0), fast());
  EXPECT_EQ(late.bad, 9);
  EXPECT_GT(late.evidence.global(), 1'000);
}

TEST(Latecomers, AreComparedWithNobodyWhereNobodyIsOld) {
  Latecomers late{.evidence = Evidence(1)};
  auto counts = tick(3, 0);
  counts[0].channel[1].at_risk[4] = counts[0].channel[1].at_risk[kAgeBins - 1] = 0;
  late.add(counts, fast());
  EXPECT_EQ(late.bad, 0);
  EXPECT_DOUBLE_EQ(late.evidence.global(), 1);
}

TEST(Latecomers, BeyondTheLastBinAgesAreOne) {
  Parameters core = defaults(Profile::production, Lane::standard, 10'000);
  core.horizons.back().age = hours(8);
  Latecomers late{.evidence = Evidence(1)};
  auto counts = tick(0, 4);
  late.add(counts, core);
  EXPECT_DOUBLE_EQ(late.expected, 0) << "its events are of bin 4, which is young here";
  EXPECT_EQ(late.bad, 4);
}

}  // namespace
}  // namespace fb::rollout
