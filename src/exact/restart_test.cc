// A rollout whose server is killed and started again at random moments.
//
// What a restart may change is time: every clock of silence starts anew, and ages stand still until
// the first verdicts are in (ARCHITECTURE.md). What it may not change is what is decided. So the
// first tests kill the server as it decides a tick, with heartbeats as far apart as ticks and no
// background, and hold the decisions over thousands of devices against those without kills. In the
// last ones requests are lost with the server, and answers, and time, and machines die: there are
// invariants instead. Lines that lose things have network_test.cc.
#include <gtest/gtest.h>

#include <set>

#include "audit/entry.h"
#include "exact/rehearsal.h"

namespace fb::exact {
namespace {

using Dispatches = std::vector<std::string>;

// Horizons as young as silence allows, so that a rollout takes a quarter of an hour.
sim::Scenario quick(std::int64_t devices) {
  sim::Scenario scenario = sim::plain_scenario(devices, 3, rollout::Lane::fast);
  scenario.fleet.heartbeat = minutes(1);
  scenario.fleet.background_crash_per_hour = 0;
  scenario.fleet.background_silence_per_hour = 0;
  rollout::Parameters& p = scenario.parameters;
  p = rollout::with_budget(std::move(p), devices, 80);
  p.heartbeat = scenario.fleet.heartbeat;
  p.silence = seconds(144);
  p.holdback_bake = minutes(2);
  p.horizons[0].age = minutes(3);
  p.horizons[1].age = minutes(4);
  scenario.horizon = hours(3);
  return scenario;
}

sim::Scenario broken(sim::Scenario scenario, rollout::Channel channel) {
  scenario.fault = sim::Fault{1.0, channel, {}, {}, 1};
  return scenario;
}

// What the log tells, in order. Nobody is dispatched again who has not given the first permit back.
Dispatches dispatched(ServerProcess& server) {
  Dispatches out;
  std::set<std::string> hold_it;
  const Status read =
      server.store.scan_log(0, [&](std::uint64_t, const std::string& bytes) -> Status {
        FB_ASSIGN(const auto entry, audit::decode_entry(bytes));
        const std::string device = entry.data.value("device", "");
        if (entry.kind == "report" && entry.data.value("event", "") == "handed_back")
          hold_it.erase(device);
        if (entry.kind != "dispatch") return {};
        EXPECT_TRUE(hold_it.insert(device).second) << device << " was dispatched twice";
        out.push_back(device);
        return {};
      });
  EXPECT_TRUE(read.ok());
  return out;
}

struct Decided {
  std::string phase;
  std::int64_t limit = 0;
  friend bool operator==(const Decided&, const Decided&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Decided& d) {
    return out << d.phase << " " << d.limit;
  }
};

struct Story {
  std::vector<Decided> decisions;  // in order, each once; a freeze is none
  Dispatches dispatched;
  sim::Play play;
  int restarts = 0;

  // Who had the release by the time the limit stood at `limit`: sets, since a minute has no order.
  [[nodiscard]] std::set<std::string> first(std::int64_t limit) const {
    const auto count = std::min<std::ptrdiff_t>(limit, std::ssize(dispatched));
    return {dispatched.begin(), dispatched.begin() + count};
  }
};

void note(std::vector<Decided>& decisions, const rollout::State& state) {
  const Decided now{std::string(rollout::name(state.phase)), state.limit_dispatched()};
  if (state.held_by == rollout::HeldBy::freeze) return;
  if (decisions.empty() || decisions.back() != now) decisions.push_back(now);
}

using EachMinute = std::function<void(Rehearsal&)>;

Story told(Rehearsal& run, const EachMinute& each_minute = {}) {
  Story story;
  do {
    note(story.decisions, run.state());
    if (each_minute) each_minute(run);
  } while (run.step());
  note(story.decisions, run.state());
  run.server().store.mend();
  story.dispatched = dispatched(run.server());
  story.play = run.result();
  story.restarts = run.restarts();
  return story;
}

std::unique_ptr<Rehearsal> prepared(const sim::Scenario& scenario, std::uint64_t seed) {
  auto run = Rehearsal::prepare(scenario, sim::Chance(seed, 0), Depth::thin);
  EXPECT_TRUE(run.ok()) << run.error().detail;
  return run.ok() ? std::move(*run) : nullptr;
}

// Kills at about one tick in `rarely`: before the server decides it, or in its commit, before or
// after that was durable and anybody heard of it.
class Killer {
 public:
  Killer(std::uint64_t seed, std::int64_t rarely) : chance_(seed, 0), rarely_(rarely) {}

  void operator()(ServerProcess& server) {
    if (chance_.below(rarely_) != 0) return;
    switch (chance_.below(3)) {
      case 0: server.kill(); break;
      case 1: server.store.fail_commit(1, sim::DoorFault::not_applied); break;
      default: server.store.fail_commit(1, sim::DoorFault::applied); break;
    }
  }

 private:
  sim::Chance chance_;
  std::int64_t rarely_;
};

void expect_same_decisions(const sim::Scenario& scenario, std::uint64_t seed, int restarts) {
  const auto calm = prepared(scenario, 20240719);
  const auto struck = prepared(scenario, 20240719);
  ASSERT_TRUE(calm && struck);
  const Story undisturbed = told(*calm);
  struck->before_ticks(Killer(seed, 9));
  const Story killed = told(*struck);
  EXPECT_GE(killed.restarts, restarts) << "seed " << seed;
  EXPECT_EQ(killed.decisions, undisturbed.decisions) << "seed " << seed;
  EXPECT_EQ(killed.play.harmed, undisturbed.play.harmed) << "seed " << seed;
  EXPECT_EQ(killed.dispatched.size(), undisturbed.dispatched.size()) << "seed " << seed;
  for (const Decided& each : undisturbed.decisions)
    EXPECT_EQ(killed.first(each.limit), undisturbed.first(each.limit)) << "limit " << each.limit;
}

TEST(Restart, AGoodReleaseTo5000MachinesIsDecidedAsWithoutKills) {
  expect_same_decisions(quick(5000), 1, 2);
}

TEST(Restart, AReleaseThatSilences5000MachinesIsHaltedAsWithoutKills) {
  expect_same_decisions(broken(quick(5000), rollout::Channel::silence), 2, 1);
}

// Harm told while the clocks stand still is counted when they go on, and not before: a server that
// dies in between must find it again, once.
TEST(Restart, HarmToldDuringAFreezeOutlivesTheNextRestartAndIsCountedOnce) {
  const auto run = prepared(broken(quick(1000), rollout::Channel::explicit_failure), 1);
  ASSERT_TRUE(run);
  int tick = 0;
  run->before_ticks([&tick](ServerProcess& server) {
    ++tick;
    // The toe-dip has its permits; it has told of its crashes; nobody has compared them yet.
    if (tick == 2 || tick == 4 || tick == 5) server.kill();
  });
  const Story story = told(*run);
  EXPECT_EQ(story.restarts, 3);
  EXPECT_TRUE(story.play.halted);
  EXPECT_EQ(story.play.exposed, 10) << "the toe-dip, and nobody after it";
  const std::int64_t told_of = story.play.harmed;
  EXPECT_EQ(run->state().served().pacing[0].outcomes.bad, told_of) << story.play.sentence;
}

// Deaths of the server at any request that writes: requests and answers are lost, permits are asked
// for again, and it stays away for minutes: permits run out and are handed back.
class Lossy : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static sim::Scenario fleet() {
    sim::Scenario scenario = sim::plain_scenario(600, 2, rollout::Lane::fast);
    scenario.horizon = hours(10);
    return scenario;
  }

  Story lived(const sim::Scenario& scenario) {
    const auto run = prepared(scenario, GetParam());
    if (!run) return {};
    run->restart_after(minutes(3));
    return told(*run, [this](Rehearsal& at) { strike(at); });
  }

 private:
  void strike(Rehearsal& run) {
    EXPECT_LE(run.state().dispatched(), run.state().limit_dispatched());
    if (!run.server().running() || chance_.below(40) != 0) return;
    const auto which =
        chance_.below(2) == 0 ? sim::DoorFault::not_applied : sim::DoorFault::applied;
    run.server().store.fail_commit(1 + static_cast<std::uint64_t>(chance_.below(10)), which);
  }

  sim::Chance chance_{GetParam(), 1};
};
INSTANTIATE_TEST_SUITE_P(Seeds, Lossy, ::testing::Values(1, 2, 4));

TEST_P(Lossy, NoDeviceIsDispatchedTwiceAndAGoodReleaseReachesEverybody) {
  const Story story = lived(fleet());
  EXPECT_GE(story.restarts, 2);
  EXPECT_EQ(story.play.harmed, 0);
  EXPECT_FALSE(story.play.halted) << story.play.sentence;
  EXPECT_GT(story.play.t100_minute, 0) << story.play.sentence;
}

TEST_P(Lossy, ABadReleaseIsHaltedAtTheToeDip) {
  sim::Scenario scenario = broken(fleet(), rollout::Channel::silence);
  const Story story = lived(scenario);
  EXPECT_TRUE(story.play.halted) << story.play.sentence;
  EXPECT_LE(story.play.harmed, scenario.parameters.toe_dip);
}

// Killed at random moments and away for minutes, while machines die and crash by themselves. What
// waits to be compared when it comes back must meet all who were the control, or the bound falls.
// Of few runs the bound itself shows that rarely; that nobody is missing shows in each.
class Away : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static sim::Scenario fleet(double p) {
    sim::Scenario scenario = sim::plain_scenario(1000, 20, rollout::Lane::fast);
    scenario.horizon = hours(8);
    if (p > 0) scenario.fault = sim::Fault{p, rollout::Channel::silence, {}, {}, 1};
    return scenario;
  }

  Story lived(const sim::Scenario& scenario) {
    const auto run = prepared(scenario, GetParam());
    seen_ = 0;
    return run ? told(*run, [this](Rehearsal& at) { strike(at); }) : Story{};
  }

 private:
  void strike(Rehearsal& run) {
    if (!run.server().running()) return;
    const std::int64_t control = run.state().tally.control;
    if (run.restarts() != seen_) {
      EXPECT_GT(control, control_ * 9 / 10) << "the control is forgotten";
    }
    seen_ = run.restarts();
    if (chance_.below(40) != 0) return;
    control_ = control;
    run.restart_after(minutes(3) + Millis{chance_.below(minutes(7).ms)});
    run.server().kill();
  }

  sim::Chance chance_{GetParam(), 1};
  std::int64_t control_ = 0;
  int seen_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Away, ::testing::Values(1, 2, 3));

TEST_P(Away, AGoodReleaseIsNotHalted) {
  const Story story = lived(fleet(0));
  EXPECT_GE(story.restarts, 2);
  EXPECT_FALSE(story.play.halted) << story.play.sentence;
  EXPECT_EQ(story.play.harmed, 0);
}

TEST_P(Away, TheBoundDoesNotFallBelowTheTruth) {
  for (const double p : {.03, .1}) {
    const Story story = lived(fleet(p));
    EXPECT_GE(story.play.lowest_bound, p) << story.play.sentence;
  }
}

}  // namespace
}  // namespace fb::exact
