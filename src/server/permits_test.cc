// Permits: the one exchange that exposes a device, raced, lost and repeated.
#include <algorithm>
#include <thread>

#include "audit/proved.h"
#include "base/limits.h"
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;
using statement::Purpose;

struct Running : Lab {
  Running() : Running(LabOptions()) {}
  explicit Running(const LabOptions& options) : Lab(options) {
    release = publish_channel("291");
    rollout = start(release);
    for (LabDevice& device : devices) check_in(device);
    pass(milliseconds(500));  // places are given at the next tick
    for (LabDevice& device : devices) {
      const auto reply = check_in(device);
      if (reply && !reply->offers.empty() && reply->offers.front().ask) holders.push_back(&device);
    }
  }
  std::string ask_for(const LabDevice& device, int number, Purpose purpose = Purpose::start) {
    return ask(device, rollout, release, nonce(number), purpose);
  }
  Digest release;
  int rollout = 0;
  std::vector<LabDevice*> holders;  // of a place
};

void expect_counted_once(Lab& lab, int rollout) {
  const auto list = lab.dispatched_by_log(rollout);
  const std::set<std::string> distinct(list.begin(), list.end());
  EXPECT_EQ(list.size(), distinct.size()) << "a device was dispatched twice";
  EXPECT_EQ(static_cast<std::int64_t>(list.size()), lab.dispatched(rollout));
}

TEST(Permits, OnlyDevicesThatHoldAPlaceAreGrantedOne) {
  Running lab;
  ASSERT_EQ(lab.holders.size(), 6U);
  for (const LabDevice& device : lab.devices) {
    const bool holds = std::any_of(lab.holders.begin(), lab.holders.end(),
                                   [&](const auto* each) { return each == &device; });
    EXPECT_EQ(lab.ask_for(device, 1), holds ? "granted" : "no-place");
  }
  expect_counted_once(lab, lab.rollout);
}

// Heartbeats are a second apart here.
TEST(Heartbeats, NewsMakesNobodyBeatMoreOftenThanTheOthers) {
  Lab lab;
  LabDevice& device = lab.devices[0];
  EXPECT_EQ(lab.check_in(device)->next, seconds(1));
  lab.pass(milliseconds(300));
  EXPECT_EQ(lab.check_in(device)->next, milliseconds(700));
  lab.pass(milliseconds(590));
  EXPECT_EQ(lab.check_in(device)->next, milliseconds(110));
  lab.pass(milliseconds(10));  // nine tenths: this is the next one
  EXPECT_EQ(lab.check_in(device)->next, seconds(1));
}

// Its replies are lost: it sends the same report again and again, and is as alive as the others.
TEST(Heartbeats, AReportThatIsSentAgainIsOne) {
  Running lab;
  LabDevice& device = *lab.holders.at(0);
  ASSERT_EQ(lab.ask_for(device, 1), "granted");
  lab.tell(device, wire::EventKind::activated, lab.release, lab.rollout);
  wire::CheckIn report = lab.report_of(device);
  report.events = device.outbox;
  report.sequence = device.sequence + 1;
  for (int beat = 0; beat < 9; ++beat) {
    lab.pass(seconds(1));
    EXPECT_EQ(lab.send_check_in(device, report).status, 200);
    for (LabDevice& other : lab.devices) {
      if (&other != &device) lab.check_in(other);
    }
  }
  const auto tally = lab.look(
      [&](World& world) { return world.rollouts->find(rollout_id(lab.rollout))->state().tally; });
  EXPECT_EQ(tally.exposed, 1);
  EXPECT_EQ(tally.failed_silent, 0);
}

TEST(Heartbeats, APermitToStartBeginsOne) {
  Running lab;
  LabDevice& device = *lab.holders.at(0);
  lab.pass(milliseconds(600));
  ASSERT_EQ(lab.ask_for(device, 1), "granted");
  lab.pass(milliseconds(200));
  EXPECT_EQ(lab.check_in(device)->next, milliseconds(800));
  ASSERT_EQ(lab.ask_for(device, 2, Purpose::renew), "granted");
  EXPECT_EQ(lab.check_in(device)->next, milliseconds(800)) << "a renewal does not";
}

// In the exposure the dispatch is the heartbeat: told to count from the second ask, the device
// would come 1.6 heartbeats after it.
TEST(Heartbeats, APermitThatIsAskedForAgainBeginsNone) {
  Running lab;
  LabDevice& device = *lab.holders.at(0);
  ASSERT_EQ(lab.ask_for(device, 1), "granted");
  lab.pass(milliseconds(600));
  ASSERT_EQ(lab.ask_for(device, 1), "granted") << "the reply was lost";
  EXPECT_EQ(lab.check_in(device)->next, milliseconds(400));
}

TEST(Permits, EveryPermitOfARaceIsOrderedBeforeTheHalt) {
  for (int round = 0; round < 5; ++round) {
    Running lab({.devices = 60, .tenants = 3, .budget = 60});
    ASSERT_GE(lab.holders.size(), 10U);
    const auto halt = lab.sign(lab.act(ActKind::halt, "rita", lab.release, lab.rollout), "rita");
    std::atomic<int> asked{0};
    std::atomic<int> granted{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int again = 0; again < 3; ++again) {
          for (std::size_t i = t % 4; i < lab.holders.size(); i += 4) {
            granted += lab.ask_for(*lab.holders[i], static_cast<int>(i)) == "granted" ? 1 : 0;
            ++asked;
          }
        }
      });
    }
    while (asked < 5 + round) std::this_thread::yield();
    EXPECT_EQ(lab.order(halt).status, 201);
    const auto after = lab.ask_for(*lab.holders.front(), 0);
    EXPECT_EQ(after, "halted");
    for (auto& thread : threads) thread.join();

    expect_counted_once(lab, lab.rollout);
    EXPECT_GE(granted, lab.dispatched(lab.rollout)) << "somebody was counted who was never told";
    std::uint64_t halted_at = 0;
    for (const auto& entry : lab.log("halted")) halted_at = entry.index;
    ASSERT_GT(halted_at, 0U);
    for (const auto& entry : lab.log("dispatch")) EXPECT_LT(entry.index, halted_at);
  }
}

TEST(Permits, APermitIsForItsAskerAndLastsOneFreshnessInterval) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  const auto response =
      lab.send_ask(device, {rollout_id(lab.rollout), lab.release, Lab::nonce(7), Purpose::start});
  const auto reply = wire::decode_permit_reply(response.body);
  ASSERT_TRUE(reply.ok() && reply->permit) << response.body;
  const auto& key = lab.signer("rollouts").key();
  const auto payload =
      statement::open(*reply->permit, statement::kPermitType, {{{key.id(), key}}, {key.id()}, 1});
  ASSERT_TRUE(payload.ok());
  const auto permit = statement::decode_permit(*payload);
  ASSERT_TRUE(permit.ok());
  EXPECT_EQ(permit->device, device.id);
  EXPECT_EQ(permit->manifest, lab.release);
  EXPECT_EQ(permit->nonce, Lab::nonce(7));
  EXPECT_EQ(permit->valid, lab.config.freshness_interval());
  EXPECT_LE(permit->valid, limits::kFreshness);
  // The proof: the log's key signed a checkpoint that the release's own entry leads to.
  const auto checkpoint = audit::open_checkpoint(permit->log.checkpoint, lab.log_trust());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().detail;
  const auto entry = audit::open_proved(
      {permit->log.index, permit->log.entry, permit->log.inclusion}, checkpoint->tip);
  ASSERT_TRUE(entry.ok()) << entry.error().detail;
  EXPECT_EQ(entry->kind, "release");
  EXPECT_EQ(entry->data.at("release"), lab.release.text());
}

TEST(Permits, ALostReplyIsAskedForAgainAndCountedOnce) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  EXPECT_EQ(lab.ask_for(device, 1), "granted");
  EXPECT_EQ(lab.ask_for(device, 1), "granted") << "the same nonce";
  EXPECT_EQ(lab.ask_for(device, 2), "granted") << "another nonce: it lost its state in a power cut";
  EXPECT_EQ(lab.dispatched(lab.rollout), 1);
  expect_counted_once(lab, lab.rollout);
}

TEST(Permits, ARenewalComesAfterAStart) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  EXPECT_EQ(lab.ask_for(device, 1, Purpose::renew), "not-started");
  EXPECT_EQ(lab.dispatched(lab.rollout), 0);
  EXPECT_EQ(lab.ask_for(device, 1), "granted");
  EXPECT_EQ(lab.ask_for(device, 2, Purpose::renew), "granted");
  EXPECT_EQ(lab.dispatched(lab.rollout), 1);
  ASSERT_EQ(lab.halt(lab.rollout, lab.release).status, 201);
  EXPECT_EQ(lab.ask_for(device, 3, Purpose::renew), "halted");
}

TEST(Permits, AfterAHaltNothingIsGrantedEverAgainNotEvenAfterARestart) {
  Running lab;
  EXPECT_EQ(lab.ask_for(*lab.holders.front(), 1), "granted");
  ASSERT_EQ(lab.halt(lab.rollout, lab.release).status, 201);
  for (int life = 0; life < 2; ++life) {
    for (const LabDevice& device : lab.devices) {
      for (const Purpose purpose : {Purpose::start, Purpose::renew}) {
        EXPECT_EQ(lab.ask_for(device, 1, purpose), "halted");
        EXPECT_EQ(lab.ask_for(device, 99, purpose), "halted");
      }
    }
    EXPECT_EQ(lab.order(ActKind::go_on, "otto", lab.release, lab.rollout).status, 409);
    lab.pass(minutes(5));
    for (LabDevice& device : lab.devices) EXPECT_TRUE(lab.check_in(device)->offers.empty());
    lab.restart();
  }
  EXPECT_EQ(lab.dispatched(lab.rollout), 1);
}

TEST(Permits, ADispatchThatWasDurableBeforeTheServerDiedIsCountedOnceWhenAskedAgain) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  lab.store.memory.fail_commit(1, sim::DoorFault::applied);
  EXPECT_EQ(lab.ask_for(device, 1), "error io_failed");
  EXPECT_FALSE(lab.decider->ready().ok());
  lab.restart();
  EXPECT_EQ(lab.fatal, 1) << "nobody knows what is on the disk: the process must end";
  lab.pass(milliseconds(200));
  lab.pass(milliseconds(200));
  EXPECT_EQ(lab.dispatched(lab.rollout), 1);
  EXPECT_EQ(lab.ask_for(device, 1), "held") << "nobody starts before the fleet was heard again";
  for (LabDevice& each : lab.devices) lab.check_in(each);
  lab.pass(milliseconds(200));
  lab.pass(milliseconds(200));
  EXPECT_EQ(lab.ask_for(device, 1), "granted");
  EXPECT_EQ(lab.dispatched(lab.rollout), 1);
  expect_counted_once(lab, lab.rollout);
}

TEST(Permits, ADispatchThatWasNotDurableNeverHappened) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  lab.store.memory.fail_commit(1, sim::DoorFault::not_applied);
  EXPECT_EQ(lab.ask_for(device, 1), "error io_failed");
  EXPECT_EQ(lab.ask_for(device, 1), "error io_failed")
      << "nothing is decided on a world that nobody knows";
  lab.restart();
  EXPECT_EQ(lab.dispatched(lab.rollout), 0);
  expect_counted_once(lab, lab.rollout);
}

TEST(Permits, AFullDiskGrantsNothingThatItCannotRemember) {
  Running lab;
  const LabDevice& device = *lab.holders.front();
  lab.store.full = true;
  EXPECT_EQ(lab.ask_for(device, 1), "error no_space");
  EXPECT_EQ(lab.ask_for(device, 1), "error no_space")
      << "a dispatch in memory alone must not pass for one";
  EXPECT_EQ(lab.send("GET", "/readyz").status, 503);
  EXPECT_EQ(lab.send("GET", "/healthz").status, 200);
  EXPECT_EQ(lab.fatal, 0);
  lab.store.full = false;
  lab.beat(3);
  EXPECT_EQ(lab.send("GET", "/readyz").status, 200);
  EXPECT_EQ(lab.dispatched(lab.rollout),
            static_cast<std::int64_t>(lab.permitted(lab.rollout).size()));
  EXPECT_GT(lab.dispatched(lab.rollout), 0);
  expect_counted_once(lab, lab.rollout);
}

TEST(Permits, ADeviceOffTheListIsNotEligibleAndAStrangerIsNobody) {
  Running lab;
  const LabDevice& late = lab.enrol(0);
  EXPECT_EQ(lab.ask_for(late, 1), "not-eligible");
  EXPECT_EQ(lab.ask(late, 77, lab.release, Lab::nonce(1)), "unknown-rollout");
  EXPECT_EQ(lab.ask(late, lab.rollout, lab.engine, Lab::nonce(1)), "wrong-release");
  LabDevice stranger;
  stranger.secret = "guessed";
  EXPECT_EQ(lab.ask_for(stranger, 1), "error unauthenticated");
}

}  // namespace
}  // namespace fb::server
