#include "rollout/play.h"

#include <gtest/gtest.h>

namespace fb::rollout {
namespace {

State started(const Parameters& parameters, const Start& start) {
  std::int64_t size = 0;
  for (const StratumSize& each : start.strata) size += each.eligible;
  auto drafted = draft(parameters, size);
  EXPECT_TRUE(drafted.ok()) << (drafted.ok() ? "" : drafted.error().detail);
  State state = std::move(drafted).value();
  for (const Event& event : {Event{GateVerdict{GateVerdict::Verdict::open, {}}},
                             Event{ApprovalsMet{"the test"}}, Event{start}}) {
    auto next = step(std::move(state), event, Instant{});
    EXPECT_TRUE(next.ok()) << (next.ok() ? "" : next.error().detail);
    state = std::move(next->next);
  }
  return state;
}

// Of a fault at once in the toe-dip: the evidence if it met so much of the control.
double evidence_against(std::int64_t toe_dip, std::int64_t control) {
  std::vector<StratumCounts> strata(1);
  ChannelCounts& silence = strata[0].channel[static_cast<std::size_t>(Channel::silence)];
  silence.at_risk[0] = silence.events[0] = toe_dip;
  silence.control = control;
  Evidence evidence(1);
  evidence.add(strata, 1.0);
  return evidence.global();
}

TEST(Play, WhoGoesSilentMeetsTheControlOfItsLot) {
  const struct {
    std::int64_t size, toe_dip, control;
  } cases[] = {
      {400, 10, 390},  // a heartbeat: all of it
      {400, 20, 76},   // twenty events are a fifth of their own in any fleet
      {499, 10, 489},
      {500, 10, 98},  // a fifth, in a large one
  };
  for (const auto& each : cases) {
    Parameters parameters = defaults(Profile::production, Lane::standard, each.size);
    parameters = with_budget(parameters, each.size, 20);
    parameters.toe_dip = each.toe_dip;
    Play play(started(parameters, {{{"linux", each.size}}}), Millis{});
    play.run();
    ASSERT_TRUE(play.state().halt);
    EXPECT_EQ(play.state().evidence.global(), evidence_against(each.toe_dip, each.control))
        << each.size << " devices, " << each.toe_dip << " of them at first";
  }
}

// The first two fall silent at minute 15, are missed at 28, and their lot ends at 32.
TEST(Play, NobodyFollowsAToeDipWhoseHarmWaitsForItsLot) {
  Parameters parameters = defaults(Profile::production, Lane::standard, 30);
  parameters.toe_dip = 10;
  Play play(started(parameters, {{{"linux", 30}}}), minutes(15));
  play.run();
  ASSERT_EQ(play.waves().size(), 3U);
  EXPECT_EQ(play.waves()[1].at, minutes(15));
  EXPECT_EQ(play.waves()[2].at, minutes(32));
}

// --- what is left out ---

void play_by_ticks(Play& play) {
  while (!play.over()) {
    play.tick();
    play.to_next_tick();
  }
}

// How many ticks run() needs.
int count_events(Play& play) {
  int ticks = 0;
  for (; !play.over(); ++ticks) {
    play.tick();
    play.to_next_event();
  }
  return ticks;
}

void expect_alike(const State& start, std::optional<Millis> onset, const std::string& what) {
  Play slow(start, onset);
  Play quick(start, onset);
  play_by_ticks(slow);
  quick.run();
  EXPECT_EQ(quick.waves(), slow.waves()) << what;
  EXPECT_EQ(quick.now(), slow.now()) << what;
  State as_quick = quick.state();
  as_quick.sequence = slow.state().sequence;  // counts the ticks
  EXPECT_EQ(as_quick, slow.state()) << what;
}

Parameters watched_for(Lane lane, std::int64_t size, Millis longest_fault) {
  return with_longest_fault(defaults(Profile::production, lane, size), longest_fault);
}

TEST(Play, LeavesOutNothingThatMatters) {
  const std::vector<std::optional<Millis>> onsets = {{},          Millis{}, seconds(90), minutes(5),
                                                     minutes(33), hours(3), hours(9),    hours(30)};
  for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
    for (const std::int64_t size : {3, 30, 499, 20'000}) {
      const State start = started(defaults(Profile::production, lane, size), {{{"linux", size}}});
      for (const auto& onset : onsets) {
        expect_alike(start, onset,
                     std::string(name(lane)) + ", " + std::to_string(size) + " devices, fault at " +
                         (onset ? in_words(*onset) : "no time"));
      }
    }
  }
}

// A holdback that bakes, a ring that waits a day, ticks that divide nothing, and ages that no tick
// meets.
TEST(Play, LeavesOutNothingOfRingsThatWait) {
  Parameters all = watched_for(Lane::standard, 9'000, days(2));
  all.tick = seconds(47);
  all.holdback = 100;
  all.horizons.back().age = days(2) + milliseconds(12'345);
  Parameters canary = with_budget(all, 600, 20);
  canary.holdback = 7;
  canary.holdback_bake = minutes(333);
  const State start =
      started(all, {{{"a", 200, 0}, {"b", 400, 0}, {"a", 7'000, 1}, {"b", 1'400, 1}},
                    {{"canary", canary, {}}, {"broad", with_budget(all, 8'400, 80), days(6)}}});
  for (const std::optional<Millis> onset : {std::optional<Millis>{}, {hours(7)}, {hours(40)}})
    expect_alike(start, onset, onset ? in_words(*onset) : "no fault");
}

TEST(Play, OfAMonthIsAFewHundredTicks) {
  Start start;
  for (int i = 0; i < 50; ++i) start.strata.push_back({"s" + std::to_string(i), 170'000});
  const State state = started(watched_for(Lane::standard, 8'500'000, days(30)), start);
  for (const std::optional<Millis> onset : {std::optional<Millis>{}, {days(29)}}) {
    Play play(state, onset);
    EXPECT_LT(count_events(play), 400);
    EXPECT_GT(play.now(), days(29));
  }
}

}  // namespace
}  // namespace fb::rollout
