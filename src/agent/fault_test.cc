// Fail the n-th change of the disk for n = 1, 2, ... until an update runs through untouched, each
// in two flavours; then cut the power, start again and look at every byte that matters.
#include "agent/device_world_test.h"

namespace fb::agent {
namespace {

// What must be true of any disk that an agent may meet.
std::string damage(const World& world) {
  for (const ComponentId& id : {kEngine, kChannel}) {
    const auto linked = linked_release(const_cast<World&>(world).files, id);
    if (!linked) return id.text() + " has no slot";
    const auto manifest = read_manifest(const_cast<World&>(world).files, id, *linked);
    if (!manifest.ok()) return manifest.error().detail;
    for (const auto& artifact : manifest->artifacts) {
      const auto everything = world.files.everything();
      const auto found = everything.find(layout::slot(id, *linked) + "/" + artifact.name);
      if (found == everything.end()) return id.text() + ": " + artifact.name + " is missing";
      if (crypto::sha256(found->second) != artifact.digest)
        return id.text() + ": " + artifact.name + " is half there";
    }
  }
  return world.supervisor.running("sensor") ? "" : "the workload does not run";
}

enum class Stop : std::uint8_t { when_done, soon_after_the_fault };

struct Scenario {
  const char* name;
  const char* ends;  // the phase that it reaches undisturbed
  std::function<void(World&, Stop)> act;
};

void run_with_faults(const Scenario& scenario, sim::DoorFault fault) {
  for (std::uint64_t nth = 1; nth < 500; ++nth) {
    SCOPED_TRACE(std::string(scenario.name) + ", change " + std::to_string(nth));
    World world;
    world.provision();
    world.run_for(seconds(11));
    const Digest release = world.publish_channel("291");
    world.start_rollout(7, release, "291");
    world.files.fail_change(nth, fault);
    scenario.act(world, Stop::soon_after_the_fault);
    const bool untouched = world.files.fault_pending();
    ASSERT_TRUE(world.power_cut().ok());
    ASSERT_EQ(damage(world), "");
    scenario.act(world, Stop::when_done);
    world.run_for(minutes(1));
    ASSERT_EQ(damage(world), "");
    ASSERT_EQ(world.phase(), scenario.ends) << world.agent->last_trouble();
    if (untouched) return;
  }
  FAIL() << "never ran through untouched";
}

bool over(const World& world, Stop stop) {
  return stop == Stop::soon_after_the_fault && !world.files.fault_pending();
}

void update(World& world, Stop stop) {
  for (int i = 0; i < 40 && world.phase() != "healthy" && !over(world, stop); ++i)
    world.run_for(seconds(5));
}
void crash(World& world, Stop stop) {
  for (int i = 0; i < 10 && world.phase() != "probation" && !over(world, stop); ++i)
    world.run_for(seconds(2));
  for (int i = 0; i < 3 && world.phase() == "probation" && !over(world, stop); ++i) {
    if (world.supervisor.running("sensor")) world.crash();
    world.run_for(seconds(2));
  }
}

TEST(AgentFaults, AnUpdateSurvivesTheFailureOfAnyChangeOfTheDisk) {
  for (const auto fault : {sim::DoorFault::not_applied, sim::DoorFault::applied}) {
    run_with_faults({"update", "healthy", update}, fault);
  }
}

TEST(AgentFaults, GoingBackSurvivesTheFailureOfAnyChangeOfTheDisk) {
  for (const auto fault : {sim::DoorFault::not_applied, sim::DoorFault::applied}) {
    run_with_faults({"crash", "rolled-back", crash}, fault);
  }
}

// Nothing new fits; removing and renaming work.
class FullDisk final : public port::Files {
 public:
  explicit FullDisk(port::Files& files) : files_(files) {}
  bool full = false;

  Result<std::string> read(const std::string& path, std::size_t max_bytes) override {
    return files_.read(path, max_bytes);
  }
  Status read_pieces(const std::string& path,
                     const std::function<Status(std::string_view)>& piece) override {
    return files_.read_pieces(path, piece);
  }
  Result<std::uint64_t> size(const std::string& path) override { return files_.size(path); }
  Status write_atomic(const std::string& path, std::string_view bytes) override {
    if (full) return no_room(path);
    return files_.write_atomic(path, bytes);
  }
  Result<std::unique_ptr<port::FileWriter>> append_to(const std::string& path) override {
    if (full) return no_room(path);
    return files_.append_to(path);
  }
  Status make_executable(const std::string& path) override { return files_.make_executable(path); }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Status point(const std::string& path, const std::string& target) override {
    if (full) return no_room(path);
    return files_.point(path, target);
  }
  Result<std::string> pointed(const std::string& path) override { return files_.pointed(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return files_.list(path);
  }
  [[nodiscard]] std::string absolute(const std::string& path) const override {
    return files_.absolute(path);
  }

 private:
  static Error no_room(const std::string& path) {
    return {ErrorCode::no_space, path + ": No space left on device"};
  }
  port::Files& files_;
};

Status start_on(FullDisk& disk, World& world) {
  const Doors with = world.doors();
  world.agent.reset();
  world.supervisor.commands.clear();
  auto started =
      Agent::start(world.config, world.pinned(),
                   {disk, with.clock, with.entropy, with.prompt_http, with.bulk_http, with.sandbox,
                    with.supervisor, with.prompt, with.bulk, with.log, with.agent_pid});
  if (!started.ok()) return started.error();
  world.agent = std::move(*started);
  return {};
}

TEST(AgentFaults, AReleaseThatFillsTheDiskAndCrashesIsStillTakenBack) {
  World world;
  world.provision();
  FullDisk disk(world.files);
  ASSERT_TRUE(start_on(disk, world).ok());
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  ASSERT_TRUE(world.run_until("probation"));
  disk.full = true;
  for (int i = 0; i < 2; ++i) {
    world.crash();
    world.run_for(seconds(2));
  }
  EXPECT_EQ(world.phase(), "rolled-back");
  EXPECT_NE(linked_release(world.files, kChannel), release);
  EXPECT_EQ(damage(world), "");
  const int starts = world.supervisor.starts;
  world.run_for(minutes(1));
  EXPECT_EQ(world.supervisor.starts, starts) << "going back is over, though it is written nowhere";
  ASSERT_TRUE(start_on(disk, world).ok());
  world.run_for(seconds(10));
  EXPECT_EQ(world.active(), "290") << "also after a restart on the full disk";
  EXPECT_EQ(damage(world), "");
  disk.full = false;
  world.run_for(minutes(5));
  EXPECT_TRUE(world.server.told(wire::EventKind::rolled_back));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.on_disk(release));
}

TEST(AgentFaults, AMachineWithAFullDiskStartsItsWorkloads) {
  World world;
  world.provision();
  FullDisk disk(world.files);
  disk.full = true;
  world.clock.reboot();
  ASSERT_TRUE(start_on(disk, world).ok());
  world.run_for(minutes(1));
  EXPECT_EQ(damage(world), "");
}

}  // namespace
}  // namespace fb::agent
