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
      for (std::size_t c = 0; c < kChannels; ++c) gather(c, counts.strata[0].channel[c]);
    }
    return counts;
  }

  void gather(std::size_t channel, const ChannelCounts& counts) {
    ChannelCounts& sum = so_far_[channel];
    for (std::size_t b = 0; b < kAgeBins; ++b) {
      sum.at_risk[b] += counts.at_risk[b];
      sum.events[b] += counts.events[b];
    }
    for (std::size_t k = 0; k < kMaxHorizons; ++k) {
      sum.at_risk_below[k] += counts.at_risk_below[k];
      sum.bad_below[k] += counts.bad_below[k];
    }
    sum.control += counts.control;
    sum.control_for_bound += counts.control_for_bound;
    sum.control_events += counts.control_events;
  }

  // All that was counted in stratum 0 since the last call; first the open lot is waited for.
  ChannelCounts counted(std::size_t channel) {
    tick(5);
    const ChannelCounts sum = so_far_[channel];
    so_far_ = {};
    return sum;
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
  std::array<ChannelCounts, kChannels> so_far_{};
};

TEST_F(ExposureTest, AHeartbeatPutsItsDeviceAtRiskAndTellsWhatHappenedSinceTheLastOne) {
  ready(0, 100);
  exposure_.dispatch(0, 0, now_);
  const ChannelCounts idle = counted(kExplicit);
  EXPECT_EQ(idle.at_risk[0] + idle.control, 0) << "nobody could tell anything yet";
  for (std::uint32_t i = 0; i < 100; ++i) exposure_.heard(i, now_);
  exposure_.explicit_event(0, now_);
  exposure_.explicit_event(50, now_);
  const ChannelCounts seen = counted(kExplicit);
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.at_risk_below[0], 1);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.bad_below[0], 1);
  EXPECT_EQ(seen.control, 99);
  EXPECT_EQ(seen.control_for_bound, 99);
  EXPECT_EQ(seen.control_events, 1);
  for (std::uint32_t i = 0; i < 100; ++i) exposure_.heard(i, now_);
  const ChannelCounts next = counted(kExplicit);
  EXPECT_EQ(next.at_risk[0], 0);
  EXPECT_EQ(next.control, 98);
}

// Told at once, by a word of its own: the others of its wave have not been able to tell yet.
TEST_F(ExposureTest, AnEventToldAtOnceIsHarmAtOnceAndIsComparedWhenItsIntervalEnds) {
  ready(0, 100);
  exposure_.dispatch(0, 0, now_);
  tick();
  exposure_.heard(0, now_);
  exposure_.explicit_event(0, now_);
  exposure_.explicit_event(50, now_);
  const TickCounts told = tick();
  EXPECT_EQ(told.strata[0].channel[kExplicit].bad_below[0], 1);
  EXPECT_EQ(told.awaited, 1) << "the control's is nobody's harm";
  EXPECT_TRUE(exposure_.facts(0).awaited);
  tick(3);
  EXPECT_EQ(so_far_[kExplicit].events[0] + so_far_[kExplicit].control_events, 0);
  EXPECT_TRUE(exposure_.take_compared().empty());
  const ChannelCounts seen = counted(kExplicit);
  EXPECT_EQ(seen.bad_below[0], 1) << "harm counts once";
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.control, 1);
  EXPECT_EQ(seen.control_events, 1);
  EXPECT_EQ(exposure_.take_compared(), (std::vector<DeviceIndex>{0, 50}));
  EXPECT_FALSE(exposure_.facts(0).awaited);
  EXPECT_EQ(tick().awaited, 0);
}

// In step with its age, a wave's third beats used to meet the few devices that were still in the
// first bin: five times the control's rate, in a good release.
TEST_F(ExposureTest, TheLastBeatsOfAWaveInABinMeetNoMoreEventsThanDevices) {
  constexpr std::uint32_t kMany = 1010;  // lots of a fifth of a heartbeat
  ready(0, kMany);
  for (std::uint32_t i = 0; i < 5; ++i) {
    exposure_.dispatch(i, 0, now_);
    tick();
  }
  for (int minute = 5; minute < 20; ++minute) {
    exposure_.heard(static_cast<std::uint32_t>(minute % 5), now_);
    for (std::uint32_t i = 5; i < kMany; ++i) exposure_.heard(i, now_);
    const ChannelCounts seen = tick().strata[0].channel[kExplicit];
    std::int64_t at_risk = 0;
    for (const std::int64_t count : seen.at_risk) at_risk += count;
    EXPECT_EQ(at_risk, 1) << "minute " << minute;
  }
}

TEST_F(ExposureTest, WordsBetweenHeartbeatsEndNoInterval) {
  ready(0, 20);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 11; ++minute) {
    if (minute == 1 || minute == 4 || minute == 5 || minute == 6 || minute == 10)
      exposure_.heard(0, now_);
    tick();
  }
  EXPECT_EQ(counted(kExplicit).at_risk[0], 2);
}

// Our agents say at once that they have the release, that it runs, that it is healthy.
TEST_F(ExposureTest, ADeviceWithMuchToSayIsAtRiskOfSilenceAsOftenAsTheOthers) {
  ready(0, 20);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 25; ++minute) {
    exposure_.heard(0, now_);
    if (minute % 5 == 0) exposure_.heard(1, now_);
    tick();
  }
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.at_risk[0] + seen.at_risk[1], 4) << "the permit and three heartbeats";
  EXPECT_EQ(seen.control, 4 + 18) << "and the others were judged once";
}

// Its last words came a minute before the next heartbeat was due: it dies as those do that said
// nothing in between, and is missed as early.
TEST_F(ExposureTest, WordsInBetweenPutOffNoVerdict) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 12; ++minute) {
    if (minute < 5) exposure_.heard(0, now_);
    tick_heard(40, 0);
  }
  EXPECT_TRUE(exposure_.is_silent(0));
}

// Each test takes its safe side: a treated device may have failed in all of a long silence, for the
// halt test; for the bound the control may.
TEST_F(ExposureTest, AMissedHeartbeatCountsAsTheIntervalsItMayHaveBeen) {
  ready(0, 20);
  exposure_.dispatch(0, 0, now_);
  tick(10);
  exposure_.heard(0, now_);
  exposure_.heard(1, now_);
  const ChannelCounts seen = counted(kExplicit);
  EXPECT_EQ(seen.at_risk[0], 2);
  EXPECT_EQ(seen.at_risk_below[0], 1);
  EXPECT_EQ(seen.control, 1);
  EXPECT_EQ(seen.control_for_bound, 2);
}

// What waited is a lot when a fifth full of events ends, and its devices are compared then.
TEST_F(ExposureTest, AShockLetsWhatWaitedBeComparedBeforeIt) {
  ready(0, 60);
  tick(5);
  const auto crash = [&](std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t i = from; i < to; ++i) {
      exposure_.heard(i, now_);
      exposure_.explicit_event(i, now_);
    }
    tick();
    return exposure_.take_compared();
  };
  EXPECT_TRUE(crash(50, 51).empty());
  EXPECT_EQ(crash(10, 35), std::vector<DeviceIndex>{50});
  EXPECT_FALSE(exposure_.facts(50).awaited);
  EXPECT_TRUE(exposure_.facts(10).awaited);
  EXPECT_EQ(crash(0, 0).size(), 25U);
}

TEST_F(ExposureTest, EventsCountOncePerDevice) {
  ready(0, 10);
  exposure_.dispatch(0, 0, now_);
  tick(5);
  exposure_.heard(0, now_);
  exposure_.explicit_event(0, now_);
  exposure_.explicit_event(0, now_);
  EXPECT_EQ(counted(kExplicit).events[0], 1);
  exposure_.explicit_event(0, now_);
  const ChannelCounts after = counted(kExplicit);
  EXPECT_EQ(after.events[0], 0);
  EXPECT_EQ(after.at_risk[0], 0);
  EXPECT_EQ(exposure_.tally().harmed, 1);
}

TEST_F(ExposureTest, TheSilenceClockStartsAtThePermitNotAtTheFirstProgressReport) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 0; minute < 11; ++minute) tick_heard(40, 0);
  EXPECT_EQ(so_far_[kSilence].bad_below[0], 0);
  EXPECT_EQ(tick_heard(40, 0).strata[0].channel[kSilence].bad_below[0], 1)
      << "no lot is waited for";
  const ChannelCounts seen = counted(kSilence);
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
  exposure_.explicit_event(3, now_);
  tick();
  exposure_.dispatch(3, 0, now_);
  exposure_.explicit_event(3, now_);
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
  exposure_.explicit_event(0, now_);
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
  std::vector<std::int64_t> at_risk(kAgeBins);
  TickCounts seen;
  for (int minute = 0; minute < 255; ++minute) {
    seen = tick_heard(1);
    if (minute == 14) {
      EXPECT_EQ(seen.resolved[0], 1);
    }
    for (std::size_t b = 0; b < kAgeBins; ++b)
      at_risk[b] += seen.strata[1].channel[kExplicit].at_risk[b];
  }
  EXPECT_EQ(seen.resolved[2], 1);
  EXPECT_EQ(seen.tally.healthy, 1);
  // It speaks once a minute: every fifth word is a heartbeat, the others come in between
  // one that counted.
  std::vector<std::int64_t> expected(kAgeBins, 3);
  expected[0] = 2;
  EXPECT_EQ(at_risk, expected);
}

TEST_F(ExposureTest, OnlyWholeIntervalsOfTheControlAreComparedWhenItsDevicesMoveOn) {
  // Survivors ask for permits; taking their last, cut-short interval for a whole one would flatter
  // the control.
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);  // one whole interval, and the start of the next
  tick(2);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 7; minute < 20; ++minute) tick_heard(1);
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.control, 1);
  EXPECT_EQ(seen.control_for_bound, 2);
}

TEST_F(ExposureTest, TheRequestThatBringsThePermitIsNoIntervalOfTheControl) {
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);
  exposure_.dispatch(0, 0, now_);
  for (int minute = 5; minute < 12; ++minute) tick_heard(1);
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.control_for_bound, 1) << "the first, whole one";
  for (int minute = 17; minute < 20; ++minute) tick_heard(1);
  EXPECT_EQ(counted(kSilence).control_for_bound, 0);
}

// --- who leaves the control and comes back ---

// One device keeps to its beats; another has news every minute: its customer policy closes, and
// opens.
TEST_F(ExposureTest, WhoComesAndGoesIsNoMoreControlThanTheOthers) {
  for (const std::size_t channel : {kExplicit, kSilence}) {
    Exposure flapping(parameters(), 2, now_);
    std::array<std::int64_t, 2> control{};
    std::array<std::int64_t, 2> control_for_bound{};
    ready(0, 1);
    flapping.add_ready(0, 0, now_);
    for (int minute = 0; minute < 60; ++minute) {
      now_ = now_ + minutes(1);
      if (minute % 5 == 4) exposure_.heard(0, now_);
      flapping.heard(0, now_);
      minute % 2 == 0 ? flapping.leave_ready(0) : flapping.add_ready(0, 0, now_);
      for (std::size_t i = 0; i < 2; ++i) {
        const TickCounts counts = (i == 0 ? exposure_ : flapping).tick(now_);
        control.at(i) += counts.strata[0].channel.at(channel).control;
        control_for_bound.at(i) += counts.strata[0].channel.at(channel).control_for_bound;
      }
    }
    EXPECT_GT(control[0], 8);
    EXPECT_LE(control[1], 1) << "none of its intervals was whole but the first, before it left";
    EXPECT_GE(control_for_bound[1], control_for_bound[0]);
  }
}

TEST_F(ExposureTest, AShortAbsenceInterruptsOneInterval) {
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);
  tick(1);
  exposure_.heard(0, now_);
  exposure_.leave_ready(0);
  tick(1);
  exposure_.add_ready(0, 0, now_);
  for (int beat = 0; beat < 4; ++beat) {
    tick(beat == 0 ? 3 : 5);
    exposure_.heard(0, now_);
  }
  const ChannelCounts told = counted(kExplicit);
  EXPECT_EQ(told.control, 4) << "minutes 0 to 5, 10 to 15, 15 to 20, 20 to 25";
  EXPECT_EQ(told.control_for_bound, 6);
}

TEST_F(ExposureTest, WhoLeavesWasAtRiskAllTheSameForTheBound) {
  ready(0, 1);
  tick(5);
  exposure_.heard(0, now_);
  exposure_.leave_ready(0);
  tick(15);
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.control, 0) << "it was not seen for as long as the others";
  EXPECT_EQ(seen.control_for_bound, 2);
  EXPECT_EQ(seen.control_events, 0) << "whoever is out owes no heartbeat";
}

TEST_F(ExposureTest, WhoComesBackAndFallsSilentIsAnEventOfTheControl) {
  ready(0, 1);
  tick(2);
  exposure_.leave_ready(0);
  tick(1);
  exposure_.add_ready(0, 0, now_);
  tick(13);
  EXPECT_TRUE(exposure_.is_silent(0));
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.control_events, 1);
  EXPECT_EQ(seen.control, 0);
  EXPECT_GE(seen.control_for_bound, 1);
}

TEST_F(ExposureTest, APermitHandedBackLeavesNoWholeIntervalOfTheControl) {
  ready(0, 1);
  tick(2);
  exposure_.dispatch(0, 0, now_);
  tick(1);
  exposure_.hand_back(0, now_);
  exposure_.add_ready(0, 0, now_);
  for (int beat = 0; beat < 2; ++beat) {
    tick(5);
    exposure_.heard(0, now_);
  }
  tick(5);
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.control, 1) << "the one that began at minute 8";
}

TEST_F(ExposureTest, MutedDevicesCountInTheBoundAndNotInTheComparison) {
  ready(0, 10);
  exposure_.add_ready(10, 0, now_, Voice::muted);
  exposure_.add_ready(11, 0, now_, Voice::muted);
  exposure_.dispatch(10, 0, now_);
  tick(5);
  for (std::uint32_t i = 0; i < 12; ++i) exposure_.heard(i, now_);
  exposure_.explicit_event(10, now_);
  exposure_.explicit_event(11, now_);
  const ChannelCounts seen = counted(kExplicit);
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
  exposure_.explicit_event(0, now_);
  EXPECT_EQ(tick().strata[0].channel[kExplicit].events[0], 0);
  tick_heard(40);
  const ChannelCounts seen = tick_heard(40).strata[0].channel[kExplicit];
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.control, 39) << "the outage was one interval for everybody";
}

TEST_F(ExposureTest, RestoredFromFactsItGivesTheSameCounts) {
  ready(0, 60);
  for (std::uint32_t i = 0; i < 20; ++i) {
    exposure_.dispatch(i, 0, now_);
    tick_heard(60, 2);
  }
  exposure_.explicit_event(1, now_);
  exposure_.explicit_event(30, now_);
  const TickCounts before = tick_heard(60, 2);
  std::vector<DeviceFacts> facts;
  for (std::uint32_t i = 60; i-- > 0;) facts.push_back(exposure_.facts(i));
  Exposure restored = Exposure::restore(parameters(), 2, facts, before.active, now_);
  EXPECT_EQ(restored.tally(), exposure_.tally());
  for (std::uint32_t i = 0; i < 60; ++i) EXPECT_EQ(restored.facts(i), exposure_.facts(i));
  restored.end_outage(now_);
  EXPECT_EQ(exposure_.tick(now_).resolved, restored.tick(now_).resolved);
}

// Silences of the open lot are harm already, and compared with everybody after the restart.
TEST_F(ExposureTest, WhatTheOpenLotHeldAtARestartIsComparedAfterIt) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  TickCounts last;
  for (int minute = 0; minute < 12; ++minute) last = tick_heard(40, 0);
  EXPECT_EQ(last.strata[0].channel[kSilence].bad_below[0], 1);
  EXPECT_EQ(last.awaited, 1);
  EXPECT_TRUE(exposure_.facts(0).awaited);
  std::vector<DeviceFacts> facts;
  for (std::uint32_t i = 0; i < 40; ++i) facts.push_back(exposure_.facts(i));
  exposure_ = Exposure::restore(parameters(), 2, facts, last.active, now_);
  exposure_.end_outage(now_);
  so_far_ = {};
  const ChannelCounts seen = counted(kSilence);
  EXPECT_EQ(seen.bad_below[0], 0);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.control, 39);
  EXPECT_FALSE(exposure_.facts(0).awaited);
}

TEST_F(ExposureTest, AnAwaitedEventOutlivesARestartAndIsNotHarmTwice) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  tick();
  exposure_.explicit_event(0, now_);
  exposure_.explicit_event(30, now_);
  const TickCounts before = tick();
  EXPECT_EQ(before.strata[0].channel[kExplicit].bad_below[0], 1);
  std::vector<DeviceFacts> facts;
  for (std::uint32_t i = 0; i < 40; ++i) facts.push_back(exposure_.facts(i));
  exposure_ = Exposure::restore(parameters(), 2, facts, before.active, now_);
  exposure_.end_outage(now_);
  so_far_ = {};
  const ChannelCounts seen = counted(kExplicit);
  EXPECT_EQ(seen.events[0], 1);
  EXPECT_EQ(seen.bad_below[0], 0);
  EXPECT_EQ(seen.at_risk[0], 1);
  EXPECT_EQ(seen.control_events, 1);
  EXPECT_EQ(seen.control, 39);
}

// After a restart the shell hears a device before it learns from the same word that it is ready.
TEST_F(ExposureTest, AfterARestartDevicesThatCheckInEndTheFreeze) {
  ready(0, 40);
  exposure_.dispatch(0, 0, now_);
  const Millis active = tick().active;
  exposure_ = Exposure::restore(parameters(), 2, {exposure_.facts(0)}, active, now_);
  EXPECT_TRUE(exposure_.tick(now_, Continuity::was_down).frozen);
  now_ = now_ + seconds(30);
  for (std::uint32_t i = 0; i < 40; ++i) {
    exposure_.heard(i, now_);
    if (i > 0) exposure_.add_ready(i, 0, now_);
  }
  tick();
  EXPECT_FALSE(exposure_.frozen());
  EXPECT_FALSE(tick().frozen);
}

}  // namespace
}  // namespace fb::rollout
