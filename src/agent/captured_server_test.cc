// The server is captured: every online key is stolen, and it says whatever its captor likes. How
// many devices can it reach, by when? What trust/limits.json says, and not one more.
//
// A fleet of real agents, each with a disk and an id of its own, hears the captor: rollouts without
// end, every ring, the emergency lane, an invitation with every answer, a permit for every
// question.
#include <deque>

#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

constexpr int kDevices = 40;
constexpr std::int64_t kAll = 1'000'000;

// The standard profile's times, with shares that show in a fleet as small as this.
const std::vector<statement::SpeedStep> kSteps{
    {hours(0), 50'000}, {minutes(15), 200'000}, {hours(1), 500'000}, {hours(2), kAll}};

struct Machine {
  Machine(World& world, int number)
      : server(world.repository, clock), entropy(static_cast<std::uint64_t>(number)) {
    const Digest id = crypto::sha256("machine " + std::to_string(number));
    server.device = *DeviceId::parse(id.hex().substr(0, 32));
    server.targets = world.server.targets;
    server.next = minutes(1);
    for (const auto& [component, version] :
         {std::pair{kEngine, "7.11"}, std::pair{kChannel, "290"}}) {
      const auto put =
          agent::provision(world.config, world.repository.newest("root"),
                           {component, version, "http://server/tuf"}, {files, clock, server});
      FB_CHECK(put.ok());
    }
    start(world);
  }
  void start(World& world) {
    agent.reset();
    supervisor.commands.clear();
    const port::Background here = [](const std::function<port::Completion()>& job) {
      if (auto done = job()) done();
    };
    auto started = Agent::start(
        world.config, world.pinned(),
        {files, clock, entropy, server, server, sandbox, supervisor, here, here, log, 1});
    FB_CHECK(started.ok());
    agent = std::move(*started);
  }
  // Awake for so long.
  void live(Millis span) {
    const Uptime end = clock.uptime() + span;
    while (clock.uptime() < end) {
      const Millis next = agent->tick();
      clock.advance(std::clamp(std::min(next, end - clock.uptime()), milliseconds(1), minutes(1)));
    }
  }
  // Runs it, or has run it.
  [[nodiscard]] bool exposed_to(const Digest& release) const {
    const auto& state = agent->state(kChannel);
    return (state.active && state.active->release == release) ||
           (state.lkg && state.lkg->release == release);
  }
  [[nodiscard]] std::int64_t cohort(const Digest& release) const {
    return statement::cohort(release, server.device);
  }

  sim::ManualClock clock{tuf::kTestNow};
  FakeServer server;
  sim::MemoryFiles files;
  sim::SeededEntropy entropy;
  FakeSandbox sandbox;
  FakeSupervisor supervisor;
  SilentLog log;
  std::unique_ptr<Agent> agent;
};

class CapturedServer : public ::testing::Test {
 protected:
  CapturedServer() {
    statement::SpeedLimits limits;
    limits.rules = {{release::Kind::content, release::Class::feature, kSteps},
                    {release::Kind::content, release::Class::emergency, {{{0}, kAll}}}};
    world.put_target("targets", std::string(statement::kLimitsPath), encode(limits));
    world.publish_engine("7.11");
    world.publish_channel("290");
    for (int i = 0; i < kDevices; ++i) machines.emplace_back(world, i);
    live(minutes(2));
  }

  void live(Millis span) {
    for (Machine& machine : machines) machine.live(span);
  }
  // The captor starts rollouts of these releases, in whatever words its keys can sign.
  void start(const std::vector<std::pair<Digest, std::string>>& releases) {
    std::vector<wire::Offer> offers;
    for (const auto& [release, version] : releases) {
      rollout = rollout.next();
      offers.push_back({rollout, kChannel, release, true});
      statement::Plan plan = world.plan(static_cast<int>(rollout.number()), release, version);
      plan.cls = release::Class::emergency;
      plan.lane = statement::Lane::emergency;
      plan.rings = {statement::Ring::internal, statement::Ring::canary, statement::Ring::early,
                    statement::Ring::broad, statement::Ring::critical};
      plan.started = plan.started - days(30);
      world.publish_plan(plan);
    }
    for (Machine& machine : machines) {
      machine.server.targets = world.server.targets;
      machine.server.offers = offers;
    }
  }
  [[nodiscard]] int exposed(const Digest& release) const {
    return static_cast<int>(std::count_if(machines.begin(), machines.end(),
                                          [&](const Machine& m) { return m.exposed_to(release); }));
  }
  // As many as the publisher's limit lets have it after `awake`.
  [[nodiscard]] int limit(const Digest& release, Millis awake) const {
    std::int64_t share = 0;
    for (const auto& step : kSteps) {
      if (awake >= step.after) share = step.per_million;
    }
    return static_cast<int>(std::count_if(machines.begin(), machines.end(), [&](const Machine& m) {
      return m.cohort(release) < share;
    }));
  }

  World world;
  std::deque<Machine> machines;
  RolloutId rollout = rollout_id(11);
};

TEST_F(CapturedServer, ReachesExactlyWhatTheSpeedLimitAllowsInAwakeTime) {
  const Digest release = world.publish_channel("291");
  start({{release, "291"}});
  for (int minute = 1; minute <= 130; ++minute) {
    live(minutes(1));
    ASSERT_LE(exposed(release), limit(release, minutes(minute))) << "after " << minute << " min";
    const bool end_of_step = minute == 14 || minute == 59 || minute == 119 || minute == 130;
    if (end_of_step) {
      EXPECT_EQ(exposed(release), limit(release, minutes(minute - 3))) << minute << " min";
      std::printf("  after %3d min awake: %3d of %d exposed\n", minute, exposed(release), kDevices);
    }
  }
  EXPECT_EQ(exposed(release), kDevices) << "a captor with time enough reaches all that is signed";
}

TEST_F(CapturedServer, GainsNothingByManyRolloutsOfManyReleases) {
  std::vector<std::pair<Digest, std::string>> releases;
  for (const char* version : {"291", "292", "293", "294"})
    releases.emplace_back(world.publish_channel(version), version);
  for (int minute = 1; minute <= 24; minute += 8) {
    start(releases);  // anew, under other ids
    std::rotate(releases.begin(), releases.begin() + 1, releases.end());
    live(minutes(8));
    for (const auto& [release, version] : releases)
      ASSERT_LE(exposed(release), limit(release, minutes(minute + 7))) << version;
  }
}

// The clock of the wall is anybody's: the captor signs later and later dates, machines sleep.
TEST_F(CapturedServer, CannotHastenAwakeTimeByDatesNorBySleepNorByReboots) {
  const Digest release = world.publish_channel("291");
  start({{release, "291"}});
  for (Machine& machine : machines) {
    machine.server.bend_permit = [](statement::Permit& permit) {
      permit.issued = permit.issued + hours(12);
    };
    machine.live(minutes(5));
    machine.clock.set_wall(machine.clock.wall() + days(2));  // slept, or was told another date
    machine.live(minutes(3));
    machine.clock.reboot(days(1));
    machine.start(world);
    machine.live(minutes(4));
  }
  EXPECT_LE(exposed(release), limit(release, minutes(12)));
  EXPECT_LT(exposed(release), kDevices / 4);
}

TEST_F(CapturedServer, CannotSignOtherLimits) {
  statement::SpeedLimits none;
  none.rules = {{release::Kind::content, release::Class::feature, {{{0}, kAll}}}};
  const std::string path(statement::kLimitsPath);
  world.put_target("rollouts", path, encode(none));  // not its path
  const Digest release = world.publish_channel("291");
  start({{release, "291"}});
  live(minutes(5));
  EXPECT_EQ(exposed(release), limit(release, minutes(2)));

  // And in the name of top-level targets, with every key that it has.
  world.put_target("targets", path, encode(none));
  auto& signers = world.repository.signers;
  signers["targets"] = {signers["rollouts"].front(), signers["snapshot"].front(),
                        signers["timestamp"].front()};
  world.release_all();
  start({{release, "291"}});
  live(minutes(8));
  EXPECT_EQ(exposed(release), limit(release, minutes(2)));
}

}  // namespace
}  // namespace fb::agent
