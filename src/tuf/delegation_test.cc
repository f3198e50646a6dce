// Delegated roles as a device meets them: which are fetched, in which order, and whose word counts.
#include <gtest/gtest.h>

#include "tuf/refresh.h"
#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

using Paths = std::vector<std::string>;

TEST(Delegation, ARoleThatTheSnapshotDoesNotListIsNotEvenFetched) {
  RepositorySimulator repository;
  repository.delegate("targets", "extra", {"extra/*"});
  repository.put({"extra"});
  repository.next({kTargets});
  repository.targets.erase("extra");  // so that the snapshot does not learn of it
  repository.next({kSnapshot, kTimestamp});
  SimulatedDevice device(repository);
  device.wanted = {"extra", "core", "nobody"};
  ASSERT_TRUE(device.refresh(repository).ok());
  EXPECT_EQ(device.requests.back(), "1.core.json");
  EXPECT_EQ(refusal(device.find(repository, "extra/x")), "not_found");
  EXPECT_EQ(device.requests, (Paths{"2.root.json", "timestamp.json"}));
}

TEST(Delegation, ARoleNobodyDelegatesCannotBeWanted) {
  const RepositorySimulator repository;
  auto run = *Refresh::begin({repository.newest(kRoot), {}, {}, at(kTestNow)});
  for (const std::string_view role : kTopLevelRoles) {
    ASSERT_TRUE((role == kRoot ? run.not_found() : run.feed(repository.newest(role))).ok());
  }
  EXPECT_TRUE(run.complete());
  EXPECT_EQ(refusal(run.want("core", "content")), "conflict");
  EXPECT_EQ(refusal(run.want("targets", kTargets)), "not_found");
  EXPECT_EQ(refusal(run.want("nobody", kTargets)), "not_found");
  EXPECT_FALSE(run.next().has_value());
}

TEST(Delegation, RoleNamesAreQuotedInRequests) {
  for (const char* role : {"?", "#", "/up", "../up", ".."}) {
    RepositorySimulator repository;
    repository.delegate("targets", role, {"odd"});
    repository.put({role});
    repository.next_all();
    SimulatedDevice device(repository);
    EXPECT_TRUE(absent(device.find(repository, "odd"))) << role;
    EXPECT_EQ(device.requests.back(), "1." + encode_role_file_name(role) + ".json");
    EXPECT_EQ(device.requests.back().find('/'), std::string::npos);
  }
}

TEST(Delegation, TargetNamesThatClimbAreNotLookedUp) {
  RepositorySimulator repository;
  repository.targets["targets"].targets["../../etc/passwd"] = describe("evil");
  repository.next_all();
  SimulatedDevice device(repository);
  EXPECT_EQ(refusal(device.find(repository, "../../etc/passwd")), "malformed");
}

struct Edge {
  const char* delegator;
  const char* role;
  std::vector<std::string> paths{"*"};
  bool terminating = false;
};
struct Graph {
  const char* name;
  std::vector<Edge> edges;
  Paths visited;
};

TEST(Delegation, IsWalkedInPreOrder) {
  const Graph graphs[] = {
      {"one", {{"targets", "A"}}, {"A"}},
      {"siblings", {{"targets", "A"}, {"targets", "B"}}, {"A", "B"}},
      {"depth first",
       {{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"C", "D"}},
       {"A", "C", "D", "B"}},
      {"terminating ends the siblings",
       {{"targets", "A"}, {"targets", "B"}, {"A", "C", {"*"}, true}, {"A", "D"}},
       {"A", "C"}},
      {"its children go on",
       {{"targets", "A"}, {"targets", "B"}, {"A", "C", {"*"}, true}, {"C", "D"}},
       {"A", "C", "D"}},
      {"terminating elsewhere does not",
       {{"targets", "A", {"*.py"}, true}, {"targets", "B"}},
       {"B"}},
      {"a cycle", {{"targets", "A"}, {"A", "B"}, {"B", "A"}, {"targets", "C"}}, {"A", "B", "C"}},
      {"two ways to one",
       {{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C"}},
       {"A", "C", "B"}},
      {"a child outside", {{"targets", "A"}, {"targets", "B"}, {"A", "C", {"*.py"}}}, {"A", "B"}},
  };
  for (const Graph& graph : graphs) {
    RepositorySimulator repository;
    repository.targets["targets"].delegations = {};
    for (const Edge& edge : graph.edges) {
      repository.delegate(edge.delegator, edge.role, edge.paths).terminating = edge.terminating;
    }
    for (const Edge& edge : graph.edges) repository.put({edge.role});
    repository.next_all();
    SimulatedDevice device(repository);
    EXPECT_TRUE(absent(device.find(repository, "missing"))) << graph.name;
    Paths expected;
    for (const auto& role : graph.visited) expected.push_back("1." + role + ".json");
    EXPECT_EQ(Paths(device.requests.begin() + 4, device.requests.end()), expected) << graph.name;
  }
}

TEST(Delegation, AFailureInTheWalkIsSaidAndNotSkipped) {
  RepositorySimulator repository;
  repository.targets["core"].targets["core/a.b/1.x"] = describe("x");
  repository.next({"core", kTargets, kSnapshot, kTimestamp});
  repository.files.erase("2.core.json");
  SimulatedDevice device(repository);
  EXPECT_EQ(refusal(device.find(repository, "core/a.b/1.x")), "not_found");
}

}  // namespace
}  // namespace fb::tuf
