#include "rollout/exposure.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

constexpr auto kExplicit = static_cast<std::size_t>(Channel::explicit_failure);
constexpr auto kSilence = static_cast<std::size_t>(Channel::silence);

// Production times: heartbeat 5 min, silence 12 min, tick 1 min, first horizon 15 min.
class ExposureTest : public testing::Test {
 protected:
  ExposureTest() : exposure_(parameters(), 2, now_) {}

  static Parameters parameters() { return defaults(Profile::production, Lane::standard, 10'000); }

  void ready(std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t i = from; i < to; ++i) exposure_.add_ready(i, 0, now_);
  }

  TickCounts tick(std::int64_t times = 1) {
    TickCounts counts;
    for (std::int64_t i = 0; i < times; ++i) {
      now_ = now_ + minutes(1);
      counts = exposure_.tick(now_);
    }
    return counts;
  }

  // Everybody but `silent` speaks; then a minute passes.
  TickCounts tick_heard(std::uint32_t devices, std::uint32_t silent = UINT32_MAX) {
    for (std::uint32_t i = 0; i < devices; ++i) {
      if (i != silent) exposure_.heard(i, now_);
    }
    return tick();
  }

  Instant now_{1'000'000};
  Exposure exposure_;
};

TEST_F(ExposureTest, CountsAreThoseOfTheTicksStart) {
  ready(0, 100);
  tick();
  exposure_.dispatch(0, 0, now_);
  tick();
  exposure_.explicit_event(0);
  exposure_.explicit_event(50);
  const TickCounts counts = tick();
  const ChannelCounts& seen = counts.strata[0].channel[kExplicit];
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.bad_below[0], 1);
  EXPECT_EQ(seen.control, 99);
  EXPECT_EQ(seen.control_events, 1);
  EXPECT_EQ(tick().strata[0].channel[kExplicit].control, 98);
}

TEST_F(ExposureTest, APermitInTheMiddleOfATickErrsOnTheSafeSideOfBothTests) {
  ready(0, 100);
  tick();
  exposure_.dispatch(0, 0, now_ + seconds(10));
  exposure_.explicit_event(0);
  const ChannelCounts seen = tick().strata[0].channel[kExplicit];
  EXPECT_EQ(seen.at_risk[0], 1);  // the halt test sees it as treated
  EXPECT_EQ(seen.control, 99);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.at_risk_below[0], 0);  // the bound does not
  EXPECT_EQ(seen.control_for_bound, 100);
  EXPECT_EQ(seen.bad_below[0], 1);  // but harm always counts
}

TEST_F(ExposureTest, EventsCountOncePerDevice) {
  ready(0, 10);
  exposure_.dispatch(0, 0, now_);
  tick();
  exposure_.explicit_event(0);
  exposure_.explicit_event(0);
  EXPECT_EQ(tick().strata[0].channel[kExplicit].events[0], 1);
  exposure_.explicit_event(0);
  const TickCounts after = tick();
  EXPECT_EQ(after.strata[0].channel[kExplicit].events[0], 0);
  EXPECT_EQ(after.strata[0].channel[kExplicit].at_risk[0], 0);
  EXPECT_EQ(after.tally.harmed, 1);
}

TEST_F(ExposureTest, TheSilenceClockStartsAtThePermitNotAtTheFirstProgressReport) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 11; ++minute) {
    EXPECT_EQ(tick_heard(40, 0).strata[0].channel[kSilence].events[0], 0);
  }
  const ChannelCounts seen = tick_heard(40, 0).strata[0].channel[kSilence];
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.at_risk_below[0], 1);
  EXPECT_EQ(exposure_.take_silent(), std::vector<DeviceIndex>{0});
  EXPECT_TRUE(exposure_.is_silent(0));
}

TEST_F(ExposureTest, ADeviceThatNeverReportsCountsAsHarmed) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  TickCounts counts;
  for (int minute = 0; minute < 20; ++minute) counts = tick_heard(40, 0);
  EXPECT_EQ(counts.tally.failed_silent, 1);
  EXPECT_EQ(counts.tally.healthy, 0);
  EXPECT_EQ(counts.resolved[0], 1);  // failed ones are counted in n
}

TEST_F(ExposureTest, AControlDeviceThatFallsSilentIsAnEventOfTheControl) {
  ready(0, 40);
  std::int64_t events = 0;
  for (int minute = 0; minute < 20; ++minute) {
    events += tick_heard(40, 7).strata[0].channel[kSilence].control_events;
  }
  EXPECT_EQ(events, 1);
  EXPECT_TRUE(exposure_.had_control_event(7));
  EXPECT_FALSE(exposure_.is_control(7));
}

TEST_F(ExposureTest, ADeviceWhoseEventCameBeforeItsPermitIsOutsideAllCounts) {
  ready(0, 10);
  tick();
  exposure_.explicit_event(3);
  tick();
  exposure_.dispatch(3, 0, now_);
  exposure_.explicit_event(3);
  const TickCounts counts = tick(20);
  EXPECT_EQ(counts.tally.exposed, 0);
  EXPECT_EQ(counts.resolved[0], 0);
  EXPECT_EQ(counts.tally.harmed, 0);
  EXPECT_TRUE(exposure_.is_treated(3));
}

TEST_F(ExposureTest, APermitHandedBackUnusedWasNoExposure) {
  ready(0, 10);
  tick();
  exposure_.dispatch(0, 0, now_);
  tick();
  EXPECT_EQ(exposure_.hand_back(0, now_), HandBack::forgotten);
  const TickCounts counts = tick(20);
  EXPECT_EQ(counts.tally.exposed, 0);
  EXPECT_EQ(counts.resolved[0], 0);
  EXPECT_EQ(counts.strata[0].channel[kExplicit].at_risk[0], 0);
}

TEST_F(ExposureTest, APermitHandedBackAfterAnEventStaysCounted) {
  ready(0, 10);
  exposure_.dispatch(0, 0, now_);
  exposure_.explicit_event(0);
  EXPECT_EQ(exposure_.hand_back(0, now_), HandBack::stays_counted);
  EXPECT_EQ(tick(20).resolved[0], 1);
}

TEST_F(ExposureTest, ALeaverStaysInTheCountAndIsBadForHorizonsNotReached) {
  ready(0, 10);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 20; ++minute) tick_heard(10);  // past 15 min, not past an hour
  exposure_.leave(0);
  const TickCounts counts = tick();
  EXPECT_EQ(counts.strata[0].channel[kExplicit].bad_below[0], 0);
  EXPECT_EQ(counts.strata[0].channel[kExplicit].bad_below[1], 1);
  EXPECT_EQ(counts.tally.exposed, 1);
  EXPECT_EQ(counts.strata[0].channel[kExplicit].events[1], 0);  // no evidence against the release
}

TEST_F(ExposureTest, DevicesMoveThroughTheAgeBinsAndHorizons) {
  exposure_.dispatch(0, 1, now_);
  TickCounts young;
  for (int minute = 0; minute < 15; ++minute) young = tick_heard(1);
  EXPECT_EQ(young.resolved[0], 1);
  EXPECT_EQ(young.strata[1].channel[kExplicit].at_risk[0], 1);
  EXPECT_EQ(tick_heard(1).strata[1].channel[kExplicit].at_risk[1], 1);
  TickCounts old;
  for (int minute = 16; minute < 241; ++minute) old = tick_heard(1);
  EXPECT_EQ(old.resolved[2], 1);
  EXPECT_EQ(old.strata[1].channel[kExplicit].at_risk[16], 1);
  EXPECT_EQ(old.tally.healthy, 1);
}

TEST_F(ExposureTest, OnlyWholeIntervalsOfTheControlAreComparedWhenItsDevicesMoveOn) {
  // Survivors ask for permits; taking their last, cut-short interval for a whole one would flatter
  // the control.
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);  // one whole interval, and the start of the next
  tick(2);
  exposure_.dispatch(0, 0, now_);
  ChannelCounts first;
  for (int minute = 7; minute < 12; ++minute) first = tick_heard(1).strata[0].channel[kSilence];
  EXPECT_EQ(first.control, 1);
  ChannelCounts second;
  for (int minute = 12; minute < 17; ++minute) second = tick_heard(1).strata[0].channel[kSilence];
  EXPECT_EQ(second.control, 0);
  EXPECT_EQ(second.control_for_bound, 1);
}

TEST_F(ExposureTest, TheRequestThatBringsThePermitIsNoIntervalOfTheControl) {
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);
  exposure_.dispatch(0, 0, now_);
  ChannelCounts seen;
  for (int minute = 5; minute < 17; ++minute) seen = tick_heard(1).strata[0].channel[kSilence];
  EXPECT_EQ(seen.control_for_bound, 0);
  EXPECT_EQ(seen.at_risk[0], 1);
}

TEST_F(ExposureTest, MutedDevicesCountInTheBoundAndNotInTheComparison) {
  ready(0, 10);
  exposure_.add_ready(10, 0, now_, Voice::muted);
  exposure_.add_ready(11, 0, now_, Voice::muted);
  tick();
  exposure_.dispatch(10, 0, now_);
  tick();
  exposure_.explicit_event(10);
  exposure_.explicit_event(11);
  const ChannelCounts seen = tick().strata[0].channel[kExplicit];
  EXPECT_EQ(seen.control, 10);
  EXPECT_EQ(seen.control_events, 0);
  EXPECT_EQ(seen.at_risk[0], 0);
  EXPECT_EQ(seen.events[0], 0);
  EXPECT_EQ(seen.bad_below[0], 1);
}

TEST_F(ExposureTest, ADownServerFreezesAgesAndJudgesNobody) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  tick();
  now_ = now_ + hours(10);
  TickCounts counts = exposure_.tick(now_, Continuity::was_down);
  EXPECT_TRUE(counts.frozen);
  EXPECT_EQ(counts.resolved[0], 0);
  EXPECT_TRUE(exposure_.take_silent().empty());
  for (int minute = 0; minute < 3; ++minute) counts = tick_heard(40, 0);
  EXPECT_FALSE(exposure_.frozen());
  EXPECT_EQ(counts.resolved[0], 0);  // ages wait for the first verdicts of the new clocks
  std::int64_t silent = 0;
  for (int minute = 0; minute < 20; ++minute) {
    counts = tick_heard(40, 0);
    silent += counts.strata[0].channel[kSilence].events[0];
    if (counts.resolved[0] == 0) continue;
    EXPECT_EQ(silent, 1) << "it passed its horizon before its silence could show";
  }
  EXPECT_EQ(silent, 1);
}

TEST_F(ExposureTest, HalfOfTheControlUnheardIsAnOutageNotAnEvent) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  TickCounts counts;
  for (int minute = 0; minute < 12; ++minute) counts = tick();  // nobody speaks
  EXPECT_TRUE(counts.frozen);
  EXPECT_TRUE(exposure_.frozen());
  EXPECT_TRUE(exposure_.take_silent().empty());
  EXPECT_TRUE(tick(60).frozen);
  exposure_.end_outage(now_);
  EXPECT_FALSE(exposure_.frozen());
}

TEST_F(ExposureTest, EventsOfAnOutageCountWhenItIsOver) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  tick();
  exposure_.tick(now_ + minutes(5), Continuity::was_down);
  now_ = now_ + minutes(5);
  exposure_.explicit_event(0);
  EXPECT_EQ(tick().strata[0].channel[kExplicit].events[0], 0);
  tick_heard(40);
  EXPECT_EQ(tick_heard(40).strata[0].channel[kExplicit].events[0], 1);
}

TEST_F(ExposureTest, RestoredFromFactsItGivesTheSameCounts) {
  ready(0, 60);
  for (std::uint32_t i = 0; i < 20; ++i) {
    exposure_.dispatch(i, 0, now_);
    tick_heard(60, 2);
  }
  exposure_.explicit_event(1);
  exposure_.explicit_event(30);
  const TickCounts before = tick_heard(60, 2);
  std::vector<DeviceFacts> facts;
  for (std::uint32_t i = 60; i-- > 0;) facts.push_back(exposure_.facts(i));
  Exposure restored = Exposure::restore(parameters(), 2, facts, before.active, now_);
  EXPECT_EQ(restored.tally(), exposure_.tally());
  for (std::uint32_t i = 0; i < 60; ++i) EXPECT_EQ(restored.facts(i), exposure_.facts(i));
  restored.end_outage(now_);
  const TickCounts here = exposure_.tick(now_);
  const TickCounts there = restored.tick(now_);
  EXPECT_EQ(here.resolved, there.resolved);
  EXPECT_EQ(here.strata[0].channel[kExplicit], there.strata[0].channel[kExplicit]);
}

// A restart of two heartbeats: more can befall the machine in that time than one of the control.
TEST(ExposureOfRestarts, ALongRestartCountsAsTheIntervalsItMayHaveBeenInTheHaltTestOnly) {
  struct Row {
    Millis reboot;
    std::int64_t intervals;
  };
  for (const Row& row :
       {Row{{}, 1}, Row{minutes(5), 1}, Row{minutes(10), 2}, Row{minutes(11), 3}}) {
    const Parameters p = with_times(defaults(Profile::production, Lane::standard, 10'000),
                                    {minutes(5), minutes(12), row.reboot});
    Instant now{1'000'000};
    Exposure exposure(p, 1, now);
    exposure.add_ready(0, 0, now);
    exposure.dispatch(0, 0, now);
    std::int64_t judged = 0;
    std::int64_t judged_for_bound = 0;
    for (int minute = 0; minute < 40; ++minute) {
      now = now + minutes(1);
      const ChannelCounts seen = exposure.tick(now).strata[0].channel[kSilence];
      for (const std::int64_t count : seen.at_risk) judged += count;
      judged_for_bound += seen.at_risk_below[0];
    }
    EXPECT_EQ(judged, row.intervals) << in_words(row.reboot);
    EXPECT_EQ(judged_for_bound, 1) << in_words(row.reboot);
  }
}

}  // namespace
}  // namespace fb::rollout
