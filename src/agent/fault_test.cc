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

void run_with_faults(const Scenario& scenario, sim::Fault fault) {
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
  for (const auto fault : {sim::Fault::not_applied, sim::Fault::applied}) {
    run_with_faults({"update", "healthy", update}, fault);
  }
}

TEST(AgentFaults, GoingBackSurvivesTheFailureOfAnyChangeOfTheDisk) {
  for (const auto fault : {sim::Fault::not_applied, sim::Fault::applied}) {
    run_with_faults({"crash", "rolled-back", crash}, fault);
  }
}

}  // namespace
}  // namespace fb::agent
