// Harm that one tenant's devices alone report: they go back, everybody else waits, and a second
// tenant's event halts all. Over real sockets, with new processes in between.
#include <algorithm>

#include "http/client.h"
#include "http/server.h"
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;

const TenantId kFirst = *TenantId::parse("tenanta");

// Some hundred devices; whatever they and people say goes through a listener and a client.
struct Fleet : Lab {
  explicit Fleet(int tenants = 10, int size = 260)
      : Lab({.devices = size, .tenants = tenants, .budget = 40}) {
    listen();
    line = [this](const std::string& method, const std::string& path, const std::string& body,
                  const std::string& token) {
      port::HttpRequest request;
      request.method = method;
      request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
      request.headers = {{"authorization", "Bearer " + token}};
      request.body = body;
      const auto answer = client.send(request);
      EXPECT_TRUE(answer.ok()) << method << " " << path << ": " << answer.error().detail;
      port::ServerResponse response;
      response.status = answer.ok() ? answer->status : 0;
      response.body = answer.ok() ? answer->body : "";
      return response;
    };
    release = publish_channel("291");
    rollout = start(release);
  }
  ~Fleet() { server->stop(seconds(1)); }
  void listen() { server = std::move(http::Server::start({}, *router)).value(); }
  void new_process() {
    server->stop(seconds(1));
    restart();
    listen();
  }

  // Until a good part of everybody's devices have it.
  void spread() {
    for (int i = 0; i < 60 && dispatched(rollout) < 80; ++i) beat();
    EXPECT_GE(dispatched(rollout), 80);
    EXPECT_LT(dispatched(rollout), 240) << "somebody must be left to be held";
  }
  [[nodiscard]] bool has_it(const LabDevice& device) const {
    return device.permitted.contains(rollout);
  }
  // At most so many devices of the tenant that have it crash, and go back. How many did.
  int crash(int tenant, int most = 1000) {
    int count = 0;
    for (LabDevice& device : devices) {
      const bool theirs = device.tenant == config.tenants[static_cast<std::size_t>(tenant)].id;
      if (!theirs || !has_it(device) || count == most) continue;
      tell(device, wire::EventKind::crashed, release, rollout);
      tell(device, wire::EventKind::rolled_back, release, rollout);
      device.active.reset();
      ++count;
    }
    return count;
  }
  void halt_first_tenant() {
    spread();
    crashed = crash(0);
    ASSERT_GE(crashed, 6);
    beat(3);
    ASSERT_EQ(this->Lab::rollout(rollout)["held"], "tenant") << this->Lab::rollout(rollout);
  }
  // A device of the tenant with it, or without.
  LabDevice& one_of(int tenant, bool with_it) {
    return *std::find_if(devices.begin(), devices.end(), [&](const auto& each) {
      return each.tenant == config.tenants[static_cast<std::size_t>(tenant)].id &&
             has_it(each) == with_it;
    });
  }
  // Heartbeats until the log says "halted" so often; nothing happens after the tick that did it.
  void beat_until_halted(std::size_t times) {
    for (int i = 0; i < 20 && log("halted").size() < times; ++i) {
      for (LabDevice& device : devices) check_in(device);
      clock.advance(seconds(1));
      round();
    }
    EXPECT_EQ(log("halted").size(), times);
  }
  std::string incident() {
    return json::compact(get("/api/v1/incidents/" + std::to_string(rollout)));
  }
  std::vector<statement::Blocked> blocked() {
    return *statement::decode_blocked(*target("rollouts/blocked.json"));
  }
  json::Value shown(int number) { return this->Lab::rollout(number); }
  int resumed() {
    EXPECT_EQ(order(ActKind::resume, "rita", release, rollout).status, 201);
    const auto second = order(ActKind::resume, "otto", release, rollout);
    EXPECT_EQ(second.status, 201) << second.body;
    return rollout_of(second);
  }

  std::unique_ptr<http::Server> server;
  http::Client client;
  Digest release;
  int rollout = 0;
  int crashed = 0;
};

TEST(OneTenantsHarm, SendsItsDevicesBackAndNobodyElsesAndNobodyElseStarts) {
  Fleet lab;
  lab.halt_first_tenant();
  const auto exposed = lab.dispatched(lab.rollout);
  lab.beat(10);
  const auto view = lab.shown(lab.rollout);
  EXPECT_EQ(view["state"], "held");
  EXPECT_EQ(view["halted_tenant"], "tenanta");
  EXPECT_EQ(view["exposed"], exposed) << "nobody else starts";
  EXPECT_EQ(view["reverted"], lab.crashed) << "nobody else is sent back";
  const auto mark = statement::tenant_mark(lab.release, kFirst);
  const auto blocked = lab.blocked();
  ASSERT_EQ(blocked.size(), 1U);
  EXPECT_EQ(blocked[0].tenants, std::vector<Digest>{mark});
  const auto plan =
      statement::decode_plan(*lab.target("rollouts/" + std::to_string(lab.rollout) + ".json"));
  EXPECT_EQ(plan->state, statement::PlanState::running);
  EXPECT_EQ(plan->halted_tenants, std::vector<Digest>{mark});
  const auto ask = [&](int tenant, bool with_it) {
    return lab.ask(lab.one_of(tenant, with_it), lab.rollout, lab.release, Lab::nonce(77));
  };
  EXPECT_EQ(ask(0, true), "halted");
  EXPECT_EQ(ask(0, false), "halted");
  EXPECT_TRUE(lab.check_in(lab.one_of(0, false))->offers.empty());
  EXPECT_FALSE(lab.check_in(lab.one_of(1, false))->offers.empty());
  EXPECT_EQ(ask(1, true), "held");
  EXPECT_EQ(ask(1, false), "held");
}

TEST(OneTenantsHarm, IsLoggedPagedAndAnIncidentWithTheTenantsName) {
  Fleet lab;
  lab.halt_first_tenant();
  const auto halted = lab.log("halted");
  ASSERT_EQ(halted.size(), 1U);
  EXPECT_EQ(halted[0].data.at("tenant"), "tenanta");
  const auto told = [&](const std::string& event) {
    return std::count_if(lab.notices.begin(), lab.notices.end(),
                         [&](const Notice& each) { return each.event == event; });
  };
  EXPECT_EQ(told("tenant-halted"), 1);
  EXPECT_EQ(told("halted"), 0);
  EXPECT_NE(lab.incident().find("harm at tenant tenanta alone"), std::string::npos)
      << lab.incident();
  const std::string metrics = lab.send("GET", "/metrics").body;
  EXPECT_NE(metrics.find("firebreak_rollout_tenant_halted{"), std::string::npos);
}

// Plans and the block list need no credentials; denials go to other customers' machines.
TEST(OneTenantsHarm, IsToldToOtherCustomersWithoutItsName) {
  Fleet lab;
  lab.halt_first_tenant();
  const std::string plan = "rollouts/" + std::to_string(lab.rollout) + ".json";
  for (const std::string& path : {std::string(statement::kBlockedPath), plan}) {
    EXPECT_EQ(lab.target(path)->find("tenanta"), std::string::npos) << path;
  }
  const auto denied = lab.send_ask(
      lab.one_of(1, false),
      {rollout_id(lab.rollout), lab.release, Lab::nonce(78), statement::Purpose::start});
  EXPECT_NE(denied.body.find("one tenant alone"), std::string::npos) << denied.body;
  EXPECT_EQ(denied.body.find("tenanta"), std::string::npos) << denied.body;
}

TEST(OneTenantsHarm, IsDecidedAlikeByANewProcessAndContinuedByNobody) {
  Fleet lab;
  lab.halt_first_tenant();
  for (int i = 0; i < 3; ++i) {
    const auto before = lab.shown(lab.rollout);
    lab.new_process();
    auto after = lab.shown(lab.rollout);
    for (const char* key : {"state", "held", "halted_tenant", "exposed", "limit", "reverted"})
      EXPECT_EQ(after[key], before[key]) << key;
    EXPECT_EQ(lab.ask(lab.one_of(0, true), lab.rollout, lab.release, Lab::nonce(79)), "halted");
    const auto refused = lab.order(ActKind::go_on, "otto", lab.release, lab.rollout);
    EXPECT_EQ(Lab::rule_of(refused), "conflict");
    EXPECT_NE(Lab::detail_of(refused).find("tenant tenanta"), std::string::npos) << refused.body;
    lab.beat(4);
  }
  EXPECT_EQ(lab.shown(lab.rollout)["held"], "tenant");
  EXPECT_EQ(lab.get("/api/v1/incidents")["incidents"].size(), 1U);
}

TEST(OneTenantsHarm, FollowedByASecondTenantsHaltsAllAlsoInANewProcess) {
  for (const bool restarted : {false, true}) {
    Fleet lab;
    lab.halt_first_tenant();
    if (restarted) lab.new_process();
    ASSERT_EQ(lab.crash(1, 1), 1);
    lab.beat(2);
    const auto view = lab.shown(lab.rollout);
    EXPECT_TRUE(view["halted_at"].is_string()) << view;
    EXPECT_EQ(view["halted_tenant"], "tenanta") << "which stays on record";
    const auto blocked = lab.blocked();
    ASSERT_EQ(blocked.size(), 2U);
    EXPECT_EQ(blocked[0].tenants.size(), 1U);
    EXPECT_TRUE(blocked[1].tenants.empty()) << "for everybody";
    EXPECT_NE(lab.incident().find("a second tenant"), std::string::npos) << lab.incident();
  }
}

TEST(OneTenantsHarm, IsFoundInSilenceTooAndWhileAPersonHolds) {
  Fleet lab(10, 340);
  lab.spread();
  ASSERT_EQ(lab.order(ActKind::hold, "rita", lab.release, lab.rollout).status, 201);
  for (LabDevice& device : lab.devices) {
    if (device.tenant == kFirst && lab.has_it(device)) device.alive = false;
  }
  for (int i = 0; i < 30 && lab.log("halted").empty(); ++i) lab.beat();
  EXPECT_EQ(lab.shown(lab.rollout)["held"], "tenant") << lab.shown(lab.rollout);
}

TEST(OneTenantsHarm, AndThatOfAllHaveAnIncidentThoughAProcessEndedRightAfterEach) {
  Fleet lab;
  lab.spread();
  lab.crash(0);
  lab.beat_until_halted(1);
  lab.new_process();
  EXPECT_NE(lab.incident().find("harm at tenant tenanta alone"), std::string::npos)
      << lab.incident();
  lab.beat(2);
  lab.crash(1, 1);
  lab.beat_until_halted(2);
  lab.new_process();
  EXPECT_NE(lab.incident().find("a second tenant"), std::string::npos) << lab.incident();
  lab.new_process();
  EXPECT_EQ(lab.log("incident").size(), 2U) << "each is opened once";
}

// The harm before the restart is the first tenant's still, and what follows is more of the same.
TEST(OneTenantsHarm, IsStillOneTenantsWhenAProcessEndedBetweenItsEvents) {
  Fleet lab;
  lab.spread();
  ASSERT_EQ(lab.crash(0, 1), 1);
  lab.beat();
  lab.new_process();
  lab.crash(0);
  lab.beat(6);
  EXPECT_EQ(lab.shown(lab.rollout)["held"], "tenant") << lab.shown(lab.rollout);
}

TEST(OneTenantsHarm, OfAnotherBeforeTheRestartIsNotForgotten) {
  Fleet lab;
  lab.spread();
  ASSERT_EQ(lab.crash(1, 1), 1);
  lab.beat();
  lab.new_process();
  lab.crash(0);
  lab.beat(6);
  EXPECT_TRUE(lab.shown(lab.rollout)["halted_at"].is_string()) << lab.shown(lab.rollout);
}

TEST(OneTenantsHarm, HaltsAllInAFleetOfFewTenants) {
  Fleet lab(9);
  lab.spread();
  lab.crash(0);
  lab.beat(3);
  const auto view = lab.shown(lab.rollout);
  EXPECT_TRUE(view["halted_at"].is_string()) << view;
  EXPECT_TRUE(view["halted_tenant"].is_null()) << view;
}

TEST(OneTenantsHarm, KeepsThatTenantOutOfEveryRetryUntilThePublisherUnblocksIt) {
  Fleet lab;
  lab.halt_first_tenant();
  ASSERT_EQ(lab.halt(lab.rollout, lab.release).status, 201);
  const int retry = lab.resumed();
  const auto is_in = [&](int number, int tenant) {
    const DeviceId id = lab.one_of(tenant, true).id;
    return lab.look([&](World& world) {
      return world.rollouts->find(rollout_id(number))->eligible(*world.devices.find(id));
    });
  };
  EXPECT_FALSE(is_in(retry, 0));
  EXPECT_TRUE(is_in(retry, 1));
  const auto plan = *lab.target("rollouts/" + std::to_string(retry) + ".json");
  EXPECT_EQ(statement::decode_plan(plan)->halted_tenants.size(), 1U);
  const auto blocked = lab.blocked();
  ASSERT_EQ(blocked.size(), 1U) << "the resume lifted it for all others";
  EXPECT_EQ(blocked[0].tenants.size(), 1U);
  lab.new_process();
  EXPECT_EQ(lab.blocked().size(), 1U);

  const std::string list = statement::encode(statement::Revocations{
      {}, {}, {{lab.release, rollout_id(lab.rollout), lab.clock.wall(), "their own driver"}}});
  const std::string path(statement::kRevokedPath);
  lab.put_blob(list);
  const auto file = lab.metadata("targets", {{path, list}}, {"targets"});
  ASSERT_EQ(
      lab.send("POST", "/api/v1/metadata", json::compact({{"files", {{"targets", file}}}})).status,
      201);
  EXPECT_TRUE(lab.blocked().empty());
}

}  // namespace
}  // namespace fb::server
