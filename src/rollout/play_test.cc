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

}  // namespace
}  // namespace fb::rollout
