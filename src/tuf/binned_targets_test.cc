#include "tuf/binned_targets.h"

#include <gtest/gtest.h>

#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

// A thousand targets in 64 bins below top-level targets, served like everything else.
struct Binned {
  Binned() {
    bins.signers = {{signer.key().id()}, 1};
    for (int i = 0; i < 1000; ++i)
      targets["content/a.b/" + std::to_string(i) + ".bin"] = describe(std::to_string(i));
    auto& delegations = repository.targets["targets"].delegations;
    delegations = {};
    delegations.keys.emplace(signer.key().id(), signer.key());
    delegations.bins = bins;
    for (const char* role : {"core", "content", "flags", "rollouts"})
      repository.targets.erase(role);
    repository.snapshot.meta.clear();
    const Status published =
        publish_bins(bins, targets, {1, RepositorySimulator::expires()}, {&signer},
                     [&](const std::string& role, const std::string& file) -> Status {
                       repository.files[metadata_path(role, 1)] = file;
                       return {};
                     });
    FB_CHECK(published.ok());
    list_bins(bins, 1, repository.snapshot);
    repository.next_all();
  }

  TestSigner signer{"bins"};
  HashBins bins{{}, 6, "bin"};
  TargetMap targets;
  RepositorySimulator repository;
};

TEST(BinnedTargets, AreAllFoundThroughOneBinEach) {
  Binned world;
  SimulatedDevice device(world.repository);
  for (int i = 0; i < 1000; i += 37) {
    const std::string name = "content/a.b/" + std::to_string(i) + ".bin";
    const auto found = device.find(world.repository, name);
    EXPECT_TRUE(found_in(found, world.bins.name_for(name))) << name;
  }
  EXPECT_TRUE(absent(device.find(world.repository, "content/a.b/nothing.bin")));
}

TEST(BinnedTargets, TakeFourRequestsToRefreshColdAndOneMoreToFindATarget) {
  Binned world;
  SimulatedDevice device(world.repository);
  ASSERT_TRUE(device.refresh(world.repository).ok());
  EXPECT_EQ(device.requests, (std::vector<std::string>{"2.root.json", "timestamp.json",
                                                       "2.snapshot.json", "2.targets.json"}));
  ASSERT_TRUE(device.find(world.repository, "content/a.b/7.bin").ok());
  EXPECT_EQ(device.requests.back(), "1." + world.bins.name_for("content/a.b/7.bin") + ".json");
}

TEST(BinnedTargets, ChangeOneFileForOneMoreRelease) {
  Binned world;
  const std::string name = "content/a.b/new.bin";
  const std::string role = world.bins.name_for(name);
  const auto before = world.repository.files;
  TargetChanges changes;
  changes.add[name] = describe("new");
  const auto next =
      next_targets(before.at(metadata_path(role, 1)), changes, RepositorySimulator::expires());
  ASSERT_TRUE(next.ok());
  world.repository.files[metadata_path(role, 2)] = *sign_file(*next, {&world.signer});
  world.repository.snapshot.meta[role].version = 2;
  world.repository.next({kSnapshot, kTimestamp});
  std::vector<std::string> written;
  for (const auto& [path, bytes] : world.repository.files) {
    const auto old = before.find(path);
    if (old == before.end() || old->second != bytes) written.push_back(path);
  }
  EXPECT_EQ(written, (std::vector<std::string>{metadata_path(role, 2), "3.snapshot.json",
                                               "timestamp.json"}));
  SimulatedDevice device(world.repository);
  EXPECT_TRUE(found_in(device.find(world.repository, name), role));
}

TEST(BinnedTargets, SignedByAStrangerAreNotBelieved) {
  Binned world;
  const std::string name = "content/a.b/7.bin";
  const std::string path = metadata_path(world.bins.name_for(name), 1);
  const TestSigner stranger("stranger");
  const json::Value body = json::parse(world.repository.files[path])->at("signed");
  world.repository.files[path] = *sign_file(body, {&stranger});
  SimulatedDevice device(world.repository);
  EXPECT_EQ(refusal(device.find(world.repository, name)), "bad_signature");
}

// A bin may only speak of targets that fall into it: another bin's word is never asked for.
TEST(BinnedTargets, InTheWrongBinAreNotFound) {
  Binned world;
  const std::string name = "content/a.b/elsewhere.bin";
  const std::string wrong = world.bins.name_for(name) == "bin-00" ? "bin-01" : "bin-00";
  TargetChanges changes;
  changes.add[name] = describe("x");
  const auto next = next_targets(world.repository.files.at(metadata_path(wrong, 1)), changes,
                                 RepositorySimulator::expires());
  world.repository.files[metadata_path(wrong, 2)] = *sign_file(*next, {&world.signer});
  world.repository.snapshot.meta[wrong].version = 2;
  world.repository.next({kSnapshot, kTimestamp});
  SimulatedDevice device(world.repository);
  EXPECT_TRUE(absent(device.find(world.repository, name)));
}

}  // namespace
}  // namespace fb::tuf
