// Traps that other systems fell into, as far as the server answers them.
#include <algorithm>

#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;
using statement::Purpose;

TEST(Traps, AHoldAlsoStopsDevicesOfTheRunningWave) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (LabDevice& device : lab.devices) lab.check_in(device);
  lab.pass(milliseconds(500));
  std::vector<LabDevice*> holders;
  for (LabDevice& device : lab.devices) {
    const auto reply = lab.check_in(device);
    if (reply->offers.at(0).ask) holders.push_back(&device);
  }
  ASSERT_EQ(holders.size(), 6U);
  EXPECT_EQ(lab.ask(*holders[0], rollout, release, Lab::nonce(1)), "granted");
  ASSERT_EQ(lab.order(ActKind::hold, "rita", release, rollout).status, 201);
  EXPECT_EQ(lab.ask(*holders[0], rollout, release, Lab::nonce(1)), "held") << "the reply was lost";
  EXPECT_EQ(lab.ask(*holders[0], rollout, release, Lab::nonce(2), Purpose::renew), "held");
  EXPECT_EQ(lab.ask(*holders[1], rollout, release, Lab::nonce(1)), "held");
  lab.beat(10);
  EXPECT_EQ(lab.dispatched(rollout), 1);
  ASSERT_EQ(lab.order(ActKind::go_on, "otto", release, rollout).status, 201);
  EXPECT_EQ(lab.ask(*holders[0], rollout, release, Lab::nonce(2), Purpose::renew), "granted");
  lab.beat(3);
  EXPECT_GT(lab.dispatched(rollout), 1);
}

TEST(Traps, AWaveIsNotCompleteWhenADeviceDiesSilently) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (LabDevice& device : lab.devices) device.fate = Fate::dies;
  lab.beat(60);
  const auto view = lab.rollout(rollout);
  EXPECT_TRUE(view["halted_at"].is_string()) << view;
  EXPECT_EQ(view["exposed"], 6) << "the toe-dip and nobody else";
  EXPECT_EQ(view["silent"], 6);
}

TEST(Traps, AHaltForSilenceEndsAsRevertedThoughTheDeadSayNothing) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (LabDevice& device : lab.devices) device.fate = Fate::dies;
  lab.beat(60);
  EXPECT_EQ(lab.state(rollout), "reverted");
}

TEST(Traps, ARevertIsNotDoneWhileAPermitGivenBeforeTheHaltMayStillBeUsed) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  lab.pass(milliseconds(500));
  EXPECT_EQ(lab.state(rollout), "reverting");
  for (LabDevice& device : lab.devices) {
    if (!device.permitted.contains(rollout)) continue;
    lab.tell(device, wire::EventKind::reverted_on_halt, release, rollout);
  }
  lab.beat(2);
  EXPECT_EQ(lab.state(rollout), "reverted");
}

TEST(Traps, ADeviceThatNeverReportsIsCountedAsSilentAndNotWaitedForForEver) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.devices[3].alive = false;  // before it was ever ready: in nobody's count
  lab.beat(2);
  lab.devices[50].staged.reset();  // asked for a place once and never came back to it
  for (int i = 0; i < 80 && lab.state(rollout) != "completed"; ++i) {
    if (i == 4) lab.devices[50].alive = lab.devices[50].permitted.contains(rollout);
    lab.beat();
  }
  EXPECT_EQ(lab.state(rollout), "completed") << lab.rollout(rollout);
  EXPECT_GE(lab.dispatched(rollout), 58);
}

TEST(Traps, OneTenantAloneIsServedToTheEnd) {
  Lab lab({.devices = 30, .tenants = 1, .budget = 20});
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(60);
  EXPECT_EQ(lab.state(rollout), "completed") << lab.rollout(rollout);
}

TEST(Traps, NoTenantHoldsMoreThanAThirdOfTheToeDip) {
  Lab lab;
  for (std::size_t i = 0; i < lab.devices.size(); ++i)
    EXPECT_EQ(lab.devices[i].tenant, lab.config.tenants[i % 3].id);
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  std::map<std::string, int> by_tenant;
  for (const LabDevice& device : lab.devices)
    by_tenant[device.tenant.text()] += device.permitted.contains(rollout) ? 1 : 0;
  for (const auto& [tenant, devices] : by_tenant) EXPECT_EQ(devices, 2) << tenant;
}

TEST(Traps, OrderFollowsTheSaltAndNotTheDateOfEnrolment) {
  Lab lab({.devices = 60, .tenants = 1, .budget = 20});
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  const auto first = lab.permitted(rollout);
  ASSERT_EQ(first.size(), 6U);
  const auto salt =
      lab.look([](World& world) { return world.rollouts->find(rollout_id(1))->record().salt; });
  EXPECT_EQ(lab.log("start").at(0).data.at("salt"), salt.hex()) << "anybody can check the lots";
  std::vector<std::pair<std::uint64_t, std::string>> lots;
  for (const LabDevice& device : lab.devices)
    lots.emplace_back(rollout::rank(device.id, salt) & ~(std::uint64_t{1} << 63U),
                      device.id.text());
  std::sort(lots.begin(), lots.end());
  std::set<std::string> expected;
  for (std::size_t i = 0; i < 6; ++i) expected.insert(lots[i].second);
  EXPECT_EQ(first, expected);
  std::set<std::string> oldest;
  for (std::size_t i = 0; i < 6; ++i) oldest.insert(lab.devices[i].id.text());
  EXPECT_NE(first, oldest);
}

TEST(Traps, MissingDataNeverPasses) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(2);  // the toe-dip has it
  const auto before = lab.dispatched(rollout);
  ASSERT_EQ(before, 6);
  for (int i = 0; i < 200; ++i) lab.pass(milliseconds(500));  // and then nobody can be heard
  const auto view = lab.rollout(rollout);
  EXPECT_EQ(view["limit"], 6) << view;
  EXPECT_NE(view["state"], "completed");
  EXPECT_NE(view["state"], "running");
}

TEST(Traps, ARolloutThatNobodyTookHasShownNothingAndIsNotComplete) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (LabDevice& device : lab.devices) device.ready = false;
  lab.beat(30);
  EXPECT_NE(lab.state(rollout), "completed");
  EXPECT_EQ(lab.dispatched(rollout), 0);
}

TEST(Traps, CrashesHaltAndTakeNobodyBeyondTheFirstWaves) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (LabDevice& device : lab.devices) device.fate = Fate::crashes;
  lab.beat(20);
  const auto view = lab.rollout(rollout);
  EXPECT_TRUE(view["halted_at"].is_string()) << view;
  EXPECT_EQ(view["exposed"], 6);
  EXPECT_EQ(lab.state(rollout), "reverted");
  ASSERT_FALSE(lab.notices.empty());
  EXPECT_EQ(lab.notices.back().event, "halted");
}

TEST(Traps, ADeviceThatRolledBackIsNotOfferedTheSameReleaseAgain) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat();
  LabDevice* crashed = nullptr;
  for (LabDevice& device : lab.devices) {
    const auto reply = lab.check_in(device);
    if (!reply->offers.at(0).ask) continue;
    if (crashed == nullptr) device.fate = Fate::crashes;
    if (crashed == nullptr) crashed = &device;
    lab.live(device);
  }
  ASSERT_NE(crashed, nullptr);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(lab.check_in(*crashed)->offers.empty()) << "it would take the same release again";
    lab.pass(seconds(1));
  }
  EXPECT_FALSE(lab.rollout(rollout)["halted_at"].is_string())
      << "one of six is not yet beyond doubt";
}

TEST(Traps, OneRolloutPerComponentAtATime) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  lab.start(release);
  lab.beat(2);
  const Digest next = lab.publish_channel("292");
  ASSERT_EQ(lab.order(ActKind::approve, "rita", next).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", next)), "conflict");
  lab.beat(40);
  ASSERT_EQ(lab.state(1), "completed");
  const auto started = lab.order(ActKind::start, "otto", next);
  ASSERT_EQ(started.status, 201) << started.body;
  EXPECT_EQ(lab.state(1), "superseded");
  EXPECT_EQ(lab.ask(lab.devices[0], 1, release, Lab::nonce(5)), "not-running");
}

TEST(Traps, AHandedBackDeviceThatDiesIsNotWaitedFor) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat();
  LabDevice* returned = nullptr;
  for (LabDevice& device : lab.devices) {
    const auto reply = lab.check_in(device);
    if (returned != nullptr || !reply->offers.at(0).ask) continue;
    ASSERT_EQ(lab.ask(device, rollout, release, Lab::nonce(1)), "granted");
    returned = &device;
  }
  ASSERT_NE(returned, nullptr);
  lab.tell(*returned, wire::EventKind::handed_back, release, rollout);
  ASSERT_TRUE(lab.check_in(*returned));
  EXPECT_EQ(lab.dispatched(rollout), 0);
  returned->alive = false;
  for (int i = 0; i < 80 && lab.state(rollout) != "completed"; ++i) lab.beat();
  EXPECT_EQ(lab.state(rollout), "completed") << lab.rollout(rollout);
  EXPECT_EQ(lab.dispatched(rollout), 59);
}

TEST(Traps, RingsOpenInTheirOrderInsideOneRolloutAndCriticalIsLast) {
  using statement::Ring;
  Lab lab({.devices = 40,
           .tenants = 2,
           .budget = 20,
           .rings = {Ring::critical, Ring::broad, Ring::canary, Ring::early}});
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  const auto having = [&](std::size_t which) {
    int count = 0;
    for (std::size_t i = which; i < lab.devices.size(); i += 4)
      count += lab.devices[i].permitted.contains(rollout) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(lab.rollout(rollout)["population"], "canary");
  for (int i = 0; i < 150 && lab.state(rollout) != "completed"; ++i) {
    lab.beat();
    if (having(1) + having(3) > 0) {
      EXPECT_EQ(having(2), 10) << "canary comes before broad";
    }
    if (having(0) > 0) {
      EXPECT_EQ(having(1) + having(3), 20) << "critical comes last";
    }
  }
  EXPECT_EQ(lab.state(rollout), "completed") << lab.rollout(rollout);
  EXPECT_EQ(lab.dispatched(rollout), 40);
}

TEST(Traps, OneMachineWithAnUnknownCoreStopsNobodyElse) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  lab.devices[7].core = crypto::sha256("a core that nobody signed");
  const int rollout = lab.start(release);
  EXPECT_EQ(lab.rollout(rollout)["eligible"], 59) << "it is not served itself";
}

TEST(Traps, AReleaseThatEverybodyHasIsNotStartedAgain) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (int i = 0; i < 80 && lab.state(rollout) != "completed"; ++i) lab.beat();
  ASSERT_EQ(lab.state(rollout), "completed");
  for (LabDevice& device : lab.devices) lab.check_in(device);
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", release)), "conflict");
}

TEST(Traps, TheTenthOfTenantsWithMostDevicesIsNotAllOfTheControl) {
  Lab lab({.devices = 60, .tenants = 10, .budget = 20});
  for (int i = 0; i < 60; ++i) lab.enrol(0);  // 66 of 120 are one customer's
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(60);
  const auto muted = lab.look([&](World& world) {
    std::map<std::string, int> by_tenant;
    for (const auto& [device, each] : world.rollouts->find(rollout_id(rollout))->exposed()) {
      if (each.facts.voice == rollout::Voice::muted)
        ++by_tenant[world.devices.at(device).record.tenant.text()];
    }
    return by_tenant;
  });
  EXPECT_EQ(muted.size(), 1U);
  EXPECT_EQ(muted.begin()->second, 60) << "six devices of it speak, as many as the others have";
}

TEST(EmergencyLane, NeedsAReasonAndAsksForAReview) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  for (const char* person : {"rita", "sven"})
    ASSERT_EQ(lab.order(ActKind::approve, person, release).status, 201);
  for (LabDevice& device : lab.devices) lab.check_in(device);
  auto start = lab.act(ActKind::start, "otto", release);
  start.lane = statement::Lane::emergency;
  start.reason.clear();
  EXPECT_EQ(Lab::rule_of(lab.order(lab.sign(start, "otto"))), "bad_usage");
  start.reason = "machines are under attack";
  start.nonce = Lab::nonce(991);
  const int rollout = Lab::rollout_of(lab.order(lab.sign(start, "otto")));
  const auto reviews = lab.log("review");
  ASSERT_EQ(reviews.size(), 1U);
  EXPECT_EQ(reviews[0].data.at("rollout"), rollout);
  EXPECT_EQ(reviews[0].data.at("reason"), "machines are under attack");
  lab.stage(release);
  lab.beat(4);
  EXPECT_LT(lab.dispatched(rollout), 60) << "at least two waves";
}

}  // namespace
}  // namespace fb::server
