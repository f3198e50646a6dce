// Exposure and step together, with a fleet of made-up devices around them: what the pieces promise
// as a whole.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "rollout/exposure.h"
#include "rollout/step.h"

namespace fb::rollout {
namespace {

// How a device with the release fails, and how any device fails by itself.
struct Nature {
  double crash = 0;    // of treated devices, `delay` after their permit
  double silence = 0;  // likewise
  Millis delay = {};
  double background_crash = 0;  // per device and hour, both arms
  double background_silence = 0;
  double frail = 0;  // share of devices whose background is fifty times as high
  int words = 0;     // that a device says between heartbeats after its permit, 20 s apart
  // In this time no word of so many devices arrives.
  Millis deaf_from = {}, deaf_to = {};
  double deaf_share = 1;
};

class Fleet {
 public:
  Fleet(const Parameters& parameters, std::uint32_t size, const Nature& nature, std::uint64_t seed)
      : nature_(nature),
        random_(seed),
        devices_(size),
        order_(size),
        exposure_(parameters, 1, now_) {
    std::iota(order_.begin(), order_.end(), 0U);
    std::shuffle(order_.begin(), order_.end(), random_);
    const std::int64_t beat = parameters.heartbeat.ms;
    for (Device& device : devices_) {
      device.next_beat = {now_.ms +
                          static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(beat))};
      device.frailty = chance(nature_.frail) ? 50 : 1;
      device.cut_off = nature_.deaf_to.ms > 0 && chance(nature_.deaf_share);
    }
    state_ = draft(parameters, size).value();
    apply(GateVerdict{GateVerdict::Verdict::open, {}});
    apply(ApprovalsMet{"two people"});
    apply(Start{{{"all", size}}});
    for (std::uint32_t i = 0; i < size; ++i) exposure_.add_ready(i, 0, now_);
  }

  // Runs until the rollout rests, or for `longest`.
  const State& run(Millis longest) {
    const Instant end = now_ + longest;
    while (now_ < end && state_.phase != Phase::halted && state_.phase != Phase::completed) tick();
    return state_;
  }

  void tick() {
    const Parameters& p = state_.parameters;
    now_ = now_ + p.tick;
    for (std::uint32_t i = 0; i < devices_.size(); ++i) live_on(i);
    const TickCounts counts = exposure_.tick(now_);
    apply(Tick{counts, remaining(), {}});
    EXPECT_TRUE(std::isfinite(state_.evidence.global()));
    if (counts.frozen) frozen_ = frozen_ + p.tick;
    lowest_ = std::min(lowest_, state_.bound(state_.served().last_decision.binding));
    offer_places();
  }

  // The server dies and comes back: state from its stored form, exposure from the facts.
  void restart(Millis down) {
    std::vector<DeviceFacts> facts;
    for (std::uint32_t i = 0; i < devices_.size(); ++i) facts.push_back(exposure_.facts(i));
    const auto reread = decode_state(json::parse(json::compact(encode(state_))).value());
    ASSERT_TRUE(reread.ok()) << reread.error().detail;
    ASSERT_TRUE(*reread == state_);
    state_ = *reread;
    now_ = now_ + down;
    exposure_ = Exposure::restore(state_.parameters, 1, facts, active_, now_);
    apply(Tick{exposure_.tick(now_, Continuity::was_down), state_.served().remaining, {}});
  }

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] Millis elapsed() const { return now_ - Instant{}; }
  [[nodiscard]] const Exposure& exposure() const { return exposure_; }
  [[nodiscard]] double lowest_bound() const { return lowest_; }
  [[nodiscard]] Millis frozen() const { return frozen_; }

 private:
  struct Device {
    Instant next_beat;
    bool alive = true;
    bool crashed = false;
    bool offered = false;
    bool cut_off = false;
    double frailty = 1;
    int words_left = 0;
    Instant next_word;
    Instant crashes_at{INT64_MAX};
    Instant dies_at{INT64_MAX};
  };

  bool chance(double p) {
    return p > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < p;
  }

  void live_on(std::uint32_t i) {
    Device& device = devices_[i];
    if (!device.alive) return;
    const double hours = static_cast<double>(state_.parameters.tick.ms) / 3.6e6 * device.frailty;
    if (chance(nature_.background_silence * hours) || device.dies_at <= now_) device.alive = false;
    if (!device.alive) return lose_place(device);
    if (chance(nature_.background_crash * hours) || device.crashes_at <= now_)
      device.crashed = true;
    for (; device.words_left > 0 && device.next_word <= now_; --device.words_left) {
      exposure_.heard(i, device.next_word);
      device.next_word = device.next_word + seconds(20);
    }
    for (; device.next_beat <= now_;
         device.next_beat = device.next_beat + state_.parameters.heartbeat) {
      if (device.cut_off && deaf(device.next_beat)) continue;
      exposure_.heard(i, device.next_beat);
      if (device.crashed) exposure_.explicit_event(i, device.next_beat);
      take_place(i, device.next_beat);
    }
  }

  [[nodiscard]] bool deaf(Instant at) const {
    return at >= Instant{} + nature_.deaf_from && at < Instant{} + nature_.deaf_to;
  }

  [[nodiscard]] std::int64_t remaining() const {
    std::int64_t count = 0;
    for (std::uint32_t i = 0; i < devices_.size(); ++i) {
      count += exposure_.is_treated(i) || exposure_.unheard(i, now_) ? 0 : 1;
    }
    return count;
  }

  // Places go to the next devices of the order that live; those with an event of their own come
  // last. A device takes its place when it next speaks.
  void offer_places() {
    for (; offered_ < state_.open_places() && next_ < order_.size(); ++next_) {
      const std::uint32_t i = order_[next_];
      if (!devices_[i].alive) continue;
      if (exposure_.had_control_event(i) && next_ < devices_.size()) {
        order_.push_back(i);
        continue;
      }
      devices_[i].offered = true;
      ++offered_;
    }
  }

  void lose_place(Device& device) {
    if (device.offered) --offered_;
    device.offered = false;
  }

  void take_place(std::uint32_t i, Instant at) {
    Device& device = devices_[i];
    if (!device.offered || state_.open_places() == 0) return;
    device.offered = false;
    --offered_;
    apply(Dispatched{0, exposure_.had_control_event(i) ? Counted::outside : Counted::inside});
    exposure_.dispatch(i, 0, at);
    check_promise();
    device.words_left = nature_.words;
    device.next_word = at + seconds(20);
    if (chance(nature_.crash)) device.crashes_at = at + nature_.delay;
    if (chance(nature_.silence)) device.dies_at = at + nature_.delay;
  }

  // Property (9): the hard budget holds at the moment of every dispatch.
  void check_promise() {
    for (std::size_t k = 0; k < state_.served().pacing.size(); ++k) {
      const auto budget =
          static_cast<double>(state_.parameters.hard_factor * state_.parameters.horizons[k].budget);
      EXPECT_LE((state_.bound(k) - state_.parameters.delta.fraction()) *
                    static_cast<double>(state_.dispatched()),
                budget + 1e-6);
    }
  }

  void apply(const Event& event) {
    auto next = step(state_, event, now_);
    ASSERT_TRUE(next.ok()) << next.error().detail;
    state_ = std::move(next->next);
    if (const auto* ticked = std::get_if<Tick>(&event)) active_ = ticked->counts.active;
  }

  Nature nature_;
  std::mt19937_64 random_;
  Instant now_;
  std::vector<Device> devices_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
  std::int64_t offered_ = 0;
  State state_;
  Millis active_;
  Exposure exposure_;
  double lowest_ = 1;
  Millis frozen_;
};

Parameters demo() { return with_budget(defaults(Profile::lab, Lane::standard, 60), 60, 30); }

TEST(Simulation, AGoodReleaseReachesTheWholeDemoFleetInsideAMinute) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fleet fleet(demo(), 60, {}, seed);
    const State& end = fleet.run(minutes(2));
    ASSERT_EQ(end.phase, Phase::completed) << "seed " << seed << ": " << sentence(end);
    EXPECT_EQ(end.dispatched(), 60);
    EXPECT_LE(fleet.elapsed(), seconds(60));
  }
}

TEST(Simulation, AReleaseThatCrashesEverywhereIsHaltedAfterTheToeDip) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fleet fleet(demo(), 60, {.crash = 1}, seed);
    const State& end = fleet.run(minutes(2));
    ASSERT_EQ(end.phase, Phase::halted) << "seed " << seed << ": " << sentence(end);
    EXPECT_LE(end.dispatched(), 10);
    EXPECT_LE(fleet.elapsed(), seconds(5));
  }
}

TEST(Simulation, AReleaseThatSilencesEverythingIsHaltedAfterTheToeDip) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Fleet fleet(demo(), 60, {.silence = 1}, seed);
    const State& end = fleet.run(minutes(2));
    ASSERT_EQ(end.phase, Phase::halted) << "seed " << seed << ": " << sentence(end);
    EXPECT_LE(end.dispatched(), 10);
    EXPECT_LE(fleet.elapsed(), seconds(10));
  }
}

TEST(Simulation, AReleaseThatSilencesHalfOfItsDevicesIsStopped) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Fleet fleet(demo(), 60, {.silence = .5}, seed);
    const State& end = fleet.run(minutes(2));
    EXPECT_EQ(end.phase, Phase::halted) << "seed " << seed << ": " << sentence(end);
    EXPECT_LE(end.tally.harmed, 30);  // the budget
  }
}

TEST(Simulation, GoodReleasesToTenThousandNoisyDevicesAreNotHalted) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Fleet fleet(defaults(Profile::production, Lane::fast, 10'000), 10'000,
                {.background_crash = .0005, .background_silence = .02}, seed);
    const State& end = fleet.run(hours(6));
    EXPECT_EQ(end.phase, Phase::completed) << "seed " << seed << ": " << sentence(end);
  }
}

TEST(Simulation, FrailMachinesThatCrashAndFallSilentDoNotHaltAGoodRelease) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Fleet fleet(defaults(Profile::production, Lane::fast, 4'000), 4'000,
                {.background_crash = .005, .background_silence = .01, .frail = .1}, seed);
    EXPECT_NE(fleet.run(hours(6)).phase, Phase::halted)
        << "seed " << seed << ": " << sentence(fleet.state());
  }
}

TEST(Simulation, ASilentFaultInTenThousandDevicesHarmsTheToeDipOnly) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Fleet fleet(defaults(Profile::production, Lane::standard, 10'000), 10'000,
                {.silence = 1, .background_crash = .0005, .background_silence = .02}, seed);
    const State& end = fleet.run(hours(2));
    ASSERT_EQ(end.phase, Phase::halted) << sentence(end);
    EXPECT_LE(end.dispatched(), 10);
    EXPECT_LE(fleet.elapsed(), minutes(20));
  }
}

// Agents speak most just after their permit. Were each word a heartbeat, the devices with the
// release would be judged many times while the others are judged once: the bound would fall below
// the truth.
TEST(Simulation, DevicesThatSpeakMuchDoNotSpoilTheBound) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Fleet fleet(defaults(Profile::production, Lane::fast, 4'000), 4'000,
                {.silence = .05, .delay = minutes(2), .background_silence = .05, .words = 12},
                seed);
    const State& end = fleet.run(hours(6));
    EXPECT_NE(end.phase, Phase::completed) << "seed " << seed << ": " << sentence(end);
    EXPECT_GE(fleet.lowest_bound(), .05) << "seed " << seed;
  }
}

TEST(Simulation, AGoodReleaseToDevicesThatSpeakMuchIsNotHalted) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Fleet fleet(defaults(Profile::production, Lane::fast, 4'000), 4'000,
                {.background_crash = .01, .background_silence = .2, .words = 12}, seed);
    EXPECT_NE(fleet.run(hours(6)).phase, Phase::halted)
        << "seed " << seed << ": " << sentence(fleet.state());
  }
}

Nature usual() { return {.background_crash = .0005, .background_silence = .02}; }

// Nobody is heard for half an hour: the clocks stand, and go on where they stood.
TEST(Simulation, AnOutageHaltsNoGoodReleaseAndEndsByItself) {
  for (const Millis from : {minutes(10), minutes(40), minutes(70)}) {
    Nature nature = usual();
    nature.deaf_from = from;
    nature.deaf_to = from + minutes(30);
    Fleet fleet(defaults(Profile::production, Lane::fast, 10'000), 10'000, nature, 1);
    const State& end = fleet.run(hours(8));
    EXPECT_EQ(end.phase, Phase::completed) << in_words(from) << ": " << sentence(end);
    EXPECT_GE(fleet.frozen(), minutes(15)) << in_words(from);
    EXPECT_LE(fleet.frozen(), minutes(35)) << in_words(from);
  }
}

TEST(Simulation, AnOutageHidesNoFault) {
  for (const Millis from : {minutes(2), minutes(8), minutes(14)}) {
    Nature nature = usual();
    nature.silence = 1;
    nature.deaf_from = from;
    nature.deaf_to = from + minutes(30);
    Fleet fleet(defaults(Profile::production, Lane::fast, 10'000), 10'000, nature, 1);
    const State& end = fleet.run(hours(3));
    EXPECT_EQ(end.phase, Phase::halted) << in_words(from) << ": " << sentence(end);
    EXPECT_LE(end.dispatched(), 10) << in_words(from);
  }
}

// Too few for an outage: they are silent, in both arms alike.
TEST(Simulation, ABrokenNetworkOfFourDevicesInTenAccusesNobody) {
  for (const Millis from : {minutes(10), minutes(40), minutes(70)}) {
    Nature nature = usual();
    nature.deaf_from = from;
    nature.deaf_to = from + minutes(30);
    nature.deaf_share = .4;
    Fleet fleet(defaults(Profile::production, Lane::fast, 10'000), 10'000, nature, 1);
    const State& end = fleet.run(hours(8));
    EXPECT_NE(end.phase, Phase::halted) << in_words(from) << ": " << sentence(end);
    EXPECT_EQ(fleet.frozen().ms, 0) << in_words(from);
  }
}

TEST(Simulation, ARestartInTheMiddleLosesNothingAndAccusesNobody) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Fleet fleet(demo(), 60, {}, seed);
    for (int i = 0; i < 50 + static_cast<int>(seed) * 5; ++i) fleet.tick();
    const std::int64_t before = fleet.state().dispatched();
    fleet.restart(seconds(30));
    EXPECT_EQ(fleet.state().held_by, HeldBy::freeze);
    EXPECT_EQ(fleet.state().dispatched(), before);
    const State& end = fleet.run(minutes(3));
    EXPECT_EQ(end.phase, Phase::completed) << "seed " << seed << ": " << sentence(end);
    EXPECT_EQ(end.tally.harmed, 0);
  }
}

TEST(Simulation, ASilentFaultIsStillFoundAfterARestart) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Fleet fleet(demo(), 60, {.silence = 1}, seed);
    for (int i = 0; i < 20; ++i) fleet.tick();
    fleet.restart(seconds(30));
    const State& end = fleet.run(minutes(2));
    ASSERT_EQ(end.phase, Phase::halted) << "seed " << seed << ": " << sentence(end);
    EXPECT_LE(end.dispatched(), 10);
  }
}

}  // namespace
}  // namespace fb::rollout
