// A new process on what the old one left: equal to one that never stopped, whatever broke in
// between.
#include <algorithm>

#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::ActKind;

// What must not differ before and after a restart.
json::Value facts(Lab& lab, int rollout) {
  return lab.look([rollout](World& world) {
    const RolloutRun* run = world.rollouts->find(rollout_id(rollout));
    json::Value exposed = json::Value::object();
    for (const auto& [device, each] : run->exposed()) {
      exposed[world.devices.at(device).record.id.text()] = {
          each.nonce,  each.activated, each.healthy,     each.harmed,
          each.silent, each.reverted,  each.handed_back, each.dispatched.ms};
    }
    json::Value state = rollout::encode(run->state());
    return json::Value{{"exposed", exposed},
                       {"dispatched", run->state().dispatched()},
                       {"strata", state["strata"]},
                       {"evidence", state["evidence"]},
                       {"populations", state["populations"]},
                       {"halted", run->halted()},
                       {"salt", run->record().salt.hex()},
                       {"attempts", run->record().attempts},
                       {"blocked", world.rollouts->blocked(run->record().release)},
                       {"acts", world.releases->find(run->record().release)->acts.size()},
                       {"devices", world.devices.size()},
                       {"tip", world.repository->current()->timestamp}};
  });
}

TEST(Restart, AtAnyPointOfARolloutChangesNothingThatCounts) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (std::size_t i = 0; i < lab.devices.size(); i += 7) lab.devices[i].fate = Fate::dies;
  for (int beat = 0; beat < 40; ++beat) {
    lab.beat();
    if (beat % 3 != 0) continue;
    const auto before = facts(lab, rollout);
    lab.restart();
    EXPECT_EQ(facts(lab, rollout), before) << "restart after heartbeat " << beat;
    const auto list = lab.dispatched_by_log(rollout);
    EXPECT_EQ(std::set<std::string>(list.begin(), list.end()).size(), list.size());
  }
  EXPECT_EQ(lab.fatal, 0);
}

// Else the freeze would end before anybody has spoken, and what waits for its comparison would meet
// the few who have.
TEST(Restart, KnowsWhoWasTheControl) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  for (int beat = 0; beat < 3; ++beat) lab.beat();
  LabDevice& closed = lab.devices[7];  // its owner closes the window
  closed.ready = false;
  lab.beat();
  const auto seen = [&] {
    return lab.look([&](World& world) {
      const rollout::State& state = world.rollouts->find(rollout_id(rollout))->state();
      return std::pair(state.tally.control, state.held_by);
    });
  };
  const auto before = seen();
  ASSERT_GT(before.first, 40);
  EXPECT_FALSE(before.second);
  lab.restart();
  for (int tick = 0; tick < 5; ++tick) lab.pass(milliseconds(100));
  EXPECT_EQ(seen(), std::pair(before.first, std::optional(rollout::HeldBy::freeze)));
  for (int beat = 0; beat < 2; ++beat) lab.beat();
  EXPECT_FALSE(seen().second) << "all have spoken";
}

TEST(Restart, WithAClockThatIsYearsOffIsRefusedBeforeAnybodyHearsTheTime) {
  struct Case {
    Millis off;
    ClockWord word;
    bool starts;
  };
  for (const Case& each :
       {Case{days(-365), ClockWord::unknown, false}, Case{days(-365), ClockWord::vouched, false},
        Case{days(4 * 365), ClockWord::unknown, false}, Case{minutes(-2), ClockWord::unknown, true},
        Case{days(20), ClockWord::unknown, true}}) {
    Lab lab;
    lab.close();
    lab.clock.advance(each.off);
    lab.clock_word = each.word;
    const Status opened = lab.try_open();
    EXPECT_EQ(opened.ok(), each.starts) << each.off.ms;
    if (opened.ok()) continue;
    EXPECT_EQ(opened.error().code, ErrorCode::clock_doubtful);
    EXPECT_NE(opened.error().detail.find(to_rfc3339(lab.clock.wall())), std::string::npos);
  }
}

TEST(Restart, WithAClockFarAheadIsPossibleWhenSomebodyVouchesForIt) {
  Lab lab;
  lab.close();
  lab.clock.advance(days(40));  // the sample metadata lives 30 days and more
  EXPECT_FALSE(check_clock(lab.store, lab.clock.wall(), ClockWord::unknown).ok());
  EXPECT_TRUE(check_clock(lab.store, lab.clock.wall(), ClockWord::vouched).ok());
}

TEST(Restart, OfAHaltedRolloutKeepsItsPlanAndItsBlock) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  const auto before = facts(lab, rollout);
  lab.restart();
  EXPECT_EQ(facts(lab, rollout), before);
  const auto blocked = statement::decode_blocked(*lab.target("rollouts/blocked.json"));
  ASSERT_EQ(blocked->size(), 1U);
  EXPECT_EQ(blocked->front().manifest, release);
  EXPECT_EQ(
      statement::decode_plan(*lab.target("rollouts/" + std::to_string(rollout) + ".json"))->state,
      statement::PlanState::halted);
  EXPECT_EQ(lab.get("/api/v1/incidents")["incidents"].size(), 1U);
}

// Ticks are shorter than heartbeats here: harm counts for the bound at the first tick after the
// freeze, and is compared only when its interval has ended. A server that dies in between, again
// and again, must not count it a second time.
TEST(Restart, AgainAndAgainCountsHarmThatWasToldInAFreezeOnce) {
  for (const int every : {1, 2, 3}) {
    Lab lab;
    const Digest release = lab.publish_channel("291");
    const int rollout = lab.start(release);
    for (LabDevice& device : lab.devices) device.fate = Fate::crashes;
    lab.beat(2);
    lab.restart();
    for (int i = 0; i < 24; ++i) {
      for (LabDevice& device : lab.devices) lab.check_in(device);
      lab.pass(milliseconds(300));
      if (i % every == 0 && i < 12) lab.restart();
    }
    const auto harmed =
        std::count_if(lab.devices.begin(), lab.devices.end(),
                      [&](const auto& each) { return each.permitted.contains(rollout); });
    const std::int64_t bad = lab.look([&](World& world) {
      return world.rollouts->find(rollout_id(rollout))->state().served().pacing[0].outcomes.bad;
    });
    EXPECT_GT(harmed, 0);
    EXPECT_EQ(bad, harmed) << "a restart at every " << every << " ticks";
  }
}

TEST(Restart, WritesAgainWhatACrashLeftUnpublished) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  lab.files.fail_change(
      3, sim::DoorFault::not_applied);  // after the targets: while metadata is written out
  EXPECT_EQ(Lab::rule_of(lab.halt(rollout, release)), "io_failed");
  lab.restart();
  EXPECT_EQ(lab.fatal, 1);
  EXPECT_EQ(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->size(), 1U);
  EXPECT_EQ(lab.look([](World& world) { return world.repository->unpublished(); }), false);
}

TEST(Restart, RefusesALogThatSomebodyEdited) {
  Lab lab({.devices = 3, .tenants = 1, .budget = 3});
  lab.close();
  sim::MemoryStore edited;
  port::Batch batch;
  for (const auto& [where, value] : lab.store.memory.records())
    batch.writes.push_back({where.first, where.second, value});
  FB_CHECK(lab.store
               .scan_log(0,
                         [&](std::uint64_t index, const std::string& bytes) -> Status {
                           std::string entry = bytes;
                           if (index == 2) entry.replace(entry.find("enrolled"), 8, "Enrolled");
                           batch.log.push_back({index, entry});
                           return {};
                         })
               .ok());
  ASSERT_TRUE(edited.commit(batch).ok());
  const Doors doors{edited, lab.files, lab.blobs, lab.clock, lab.entropy};
  const auto world = World::open(lab.config, doors, lab.signers, lab.clock.wall());
  ASSERT_FALSE(world.ok());
  EXPECT_NE(world.error().detail.find("log"), std::string::npos) << world.error().detail;
}

TEST(Sequence, ARepeatedNumberGetsTheStoredReplyByteForByteAndChangesNothing) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  LabDevice& device = lab.devices[0];
  wire::CheckIn report = lab.report_of(device);
  lab.tell(device, wire::EventKind::staged, release, 0);
  report.events = device.outbox;
  report.sequence = 1;
  const auto first = lab.send_check_in(device, report);
  ASSERT_EQ(first.status, 200) << first.body;
  lab.pass(minutes(1));
  const auto reports = lab.log("report").size();
  const auto records = lab.store.memory.records();
  EXPECT_EQ(lab.send_check_in(device, report).body, first.body);
  EXPECT_EQ(lab.log("report").size(), reports);
  EXPECT_EQ(lab.store.memory.records(), records);
  lab.restart();
  EXPECT_EQ(lab.send_check_in(device, report).body, first.body);
  EXPECT_EQ(lab.log("report").size(), reports);
}

TEST(Sequence, AGapIsAConflictThatNamesTheNumberExpected) {
  Lab lab({.devices = 3, .tenants = 1, .budget = 3});
  LabDevice& device = lab.devices[0];
  wire::CheckIn report = lab.report_of(device);
  lab.tell(device, wire::EventKind::staged, lab.engine, 0);
  report.events = device.outbox;
  for (const std::uint64_t wrong : {2U, 5U}) {
    report.sequence = wrong;
    const auto response = lab.send_check_in(device, report);
    EXPECT_EQ(Lab::rule_of(response), "conflict");
    EXPECT_NE(Lab::detail_of(response).find("where 1 comes next"), std::string::npos)
        << response.body;
  }
  EXPECT_TRUE(lab.log("report").empty());
}

TEST(Sequence, ARepetitionInTheSameBatchGetsItsOwnReplyAndNotTheOneBefore) {
  Lab lab({.devices = 3, .tenants = 1, .budget = 3});
  LabDevice& device = lab.devices[0];
  lab.tell(device, wire::EventKind::staged, lab.engine, 0);
  const auto old_reply = [&] {
    wire::CheckIn report = lab.report_of(device);
    report.events = device.outbox;
    report.sequence = 1;
    return lab.send_check_in(device, report).body;
  }();
  lab.pass(minutes(1));
  wire::CheckIn report = lab.report_of(device);
  report.events = device.outbox;
  report.sequence = 2;
  const auto token = crypto::sha256(device.secret);
  const auto replies = lab.look([&](World& world) {
    Transaction tx(world.log->tip().size);
    const auto first = world.check_in(token, report, tx, lab.clock.wall());
    const auto second = world.check_in(token, report, tx, lab.clock.wall());
    return std::pair(*first, *second);
  });
  EXPECT_EQ(replies.first, replies.second);
  EXPECT_NE(replies.first, old_reply);
}

// --- faults: fail the n-th commit until the whole story runs untouched ---

// What the server said yes to.
struct Promised {
  std::set<std::string> dispatched, reported;
  bool started = false, halted = false;
};

// One story; goes on after whatever refusal, and starts a new process after a fatal one.
Promised tell_story(Lab& lab, const Digest& release) {
  Promised said;
  const auto survive = [&] {
    lab.settle();
    const Status ready = lab.decider->ready();
    if (!ready.ok() && ready.error().code == ErrorCode::io_failed) lab.restart();
    lab.settle();
  };
  for (int attempt = 0; attempt < 3; ++attempt) {
    const int status = lab.order(ActKind::approve, "rita", release).status;
    survive();
    if (status == 201 || status == 409) break;
    EXPECT_TRUE(status == 500 || status == 503 || status == 507) << status;
  }
  int rollout = 0;
  for (int attempt = 0; attempt < 3 && rollout == 0; ++attempt) {
    for (LabDevice& device : lab.devices) lab.check_in(device);
    const auto response = lab.order(ActKind::start, "otto", release);
    survive();
    if (response.status == 201) said.started = true;
    rollout = lab.look([](World& world) { return world.rollouts->all().empty() ? 0 : 1; });
    EXPECT_TRUE(rollout == 1 || !said.started) << "a start that was acknowledged is gone";
  }
  lab.stage(release);
  for (int beat = 0; beat < 4; ++beat) {
    for (LabDevice& device : lab.devices) {
      const auto sequence = device.sequence;
      const auto reply = lab.check_in(device);
      survive();
      if (device.sequence > sequence) said.reported.insert(device.id.text());
      if (!reply || reply->offers.empty() || !reply->offers.front().ask ||
          device.permitted.contains(rollout))
        continue;
      const std::string answer = lab.ask(device, rollout, release, Lab::nonce(1));
      survive();
      if (answer != "granted") continue;
      said.dispatched.insert(device.id.text());
      device.permitted.insert(rollout);
      lab.become(device, release, rollout);
    }
    lab.clock.advance(seconds(1));
    lab.settle();
    survive();
  }
  for (int attempt = 0; attempt < 3 && !said.halted; ++attempt) {
    said.halted = lab.halt(rollout, release).status == 201;
    survive();
  }
  return said;
}

void expect_kept(Lab& lab, const Promised& said, const std::string& where) {
  SCOPED_TRACE(where);
  lab.restart();
  const auto list = lab.dispatched_by_log(1);
  const std::set<std::string> logged(list.begin(), list.end());
  EXPECT_EQ(list.size(), logged.size());
  EXPECT_EQ(lab.dispatched(1), static_cast<std::int64_t>(logged.size()));
  const auto exposed = facts(lab, 1)["exposed"];
  EXPECT_EQ(exposed.size(), logged.size()) << "half applied";
  for (const auto& device : said.dispatched)
    EXPECT_TRUE(logged.contains(device)) << "a dispatch that was acknowledged is gone";
  std::set<std::string> reported;
  for (const auto& entry : lab.log("report"))
    reported.insert(entry.data.at("device").get<std::string>());
  for (const auto& device : said.reported)
    EXPECT_TRUE(reported.contains(device)) << "a report that was acknowledged is gone";
  // Each event once: as many as the device has told, whatever was repeated.
  std::map<std::string, int> activated;
  for (const auto& entry : lab.log("report")) {
    if (entry.data.at("event") == "activated")
      ++activated[entry.data.at("device").get<std::string>()];
  }
  for (const auto& [device, times] : activated) EXPECT_EQ(times, 1) << device;
  EXPECT_TRUE(said.halted) << "the story goes on after one fault";
  EXPECT_EQ(lab.rollout(1)["halted_at"].is_string(), said.halted);
}

class Faults : public testing::TestWithParam<sim::DoorFault> {};

TEST_P(Faults, LoseNothingThatWasAcknowledgedAndApplyNothingByHalves) {
  for (std::uint64_t nth = 1; nth < 400; nth += nth < 12 ? 1 : 7) {
    Lab lab({.devices = 9, .tenants = 3, .budget = 6});
    const Digest release = lab.publish_channel("291");
    lab.store.memory.fail_commit(nth, GetParam());
    const Promised said = tell_story(lab, release);
    const bool untouched = lab.store.memory.fault_pending();
    lab.store.memory.mend();
    expect_kept(lab, said, "commit " + std::to_string(nth) + " failed");
    if (untouched) return;
  }
  FAIL() << "the story never ran through";
}

TEST_P(Faults, OfTheRepositorysDiskAreSurvivedToo) {
  for (std::uint64_t nth = 1; nth < 60; ++nth) {
    Lab lab({.devices = 9, .tenants = 3, .budget = 6});
    const Digest release = lab.publish_channel("291");
    lab.files.fail_change(nth, GetParam());
    const Promised said = tell_story(lab, release);
    const bool untouched = lab.files.fault_pending();
    lab.files.mend();
    expect_kept(lab, said, "file change " + std::to_string(nth) + " failed");
    if (untouched) return;
  }
  FAIL() << "the story never ran through";
}

INSTANTIATE_TEST_SUITE_P(Store, Faults,
                         testing::Values(sim::DoorFault::not_applied, sim::DoorFault::applied,
                                         sim::DoorFault::no_space),
                         [](const auto& fault) {
                           return fault.param == sim::DoorFault::not_applied ? "NotApplied"
                                  : fault.param == sim::DoorFault::applied   ? "Applied"
                                                                             : "NoSpace";
                         });

TEST(FullDisk, RefusesInWordsAndGoesOnWhenThereIsSpaceAgain) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(2);
  const auto before = lab.log().size();
  lab.store.full = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(lab.halt(rollout, release).status, 507);
    lab.clock.advance(seconds(1));
  }
  EXPECT_EQ(lab.log().size(), before);
  lab.store.full = false;
  EXPECT_EQ(lab.halt(rollout, release).status, 201);
  EXPECT_EQ(lab.fatal, 0);
  EXPECT_EQ(lab.send("GET", "/readyz").status, 200);
}

// --- time passes ---

TEST(Renewal, KeepsDevicesServedForAYearOfQuiet) {
  Lab lab({.devices = 3, .tenants = 1, .budget = 3});
  const auto metadata = [&] {
    return lab.look(
        [](World& world) { return world.repository->trusted().targets("rollouts")->body.expires; });
  };
  for (int day = 0; day < 20; ++day) {
    lab.pass(days(1));
    EXPECT_GT(metadata(), lab.clock.wall()) << "day " << day;
  }
  EXPECT_EQ(lab.fatal, 0);
}

TEST(Renewal, AServerThatWasOffForTwoWeeksStartsAndSignsAnew) {
  Lab lab({.devices = 3, .tenants = 1, .budget = 3});
  lab.close();
  lab.clock.advance(days(15));
  for (int start = 0; start < 2; ++start) {
    const Status opened = lab.try_open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    lab.settle();
    const auto expiry = lab.look([](World& world) {
      const auto& trusted = world.repository->trusted();
      return std::min({trusted.timestamp()->body.expires, trusted.snapshot()->body.expires,
                       trusted.targets("rollouts")->body.expires});
    });
    EXPECT_GT(expiry, lab.clock.wall());
    lab.close();
    lab.clock.advance(days(15));
  }
  lab.open();
}

TEST(Renewal, AHaltIsPublishedThoughTheContentKeysLetTheirMetadataExpire) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  lab.pass(days(40));
  EXPECT_EQ(lab.halt(rollout, release).status, 201);
  EXPECT_EQ(lab.fatal, 0);
  EXPECT_EQ(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->size(), 1U);
  lab.restart();
  EXPECT_EQ(lab.send("GET", "/readyz").status, 200);
}

TEST(Traps, ADeviceThatHadItsEventBeforeARestartIsNotAFreshOneAfterIt) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(2);
  std::size_t frail = 0;
  while (lab.devices[frail].permitted.contains(rollout)) ++frail;
  lab.tell(lab.devices[frail], wire::EventKind::crashed, lab.engine, 0);
  lab.beat();
  lab.restart();
  lab.beat(60);
  ASSERT_EQ(lab.state(rollout), "completed") << lab.rollout(rollout);
  const auto arms = lab.look([&](World& world) {
    int outside = 0;
    for (const auto& [device, each] : world.rollouts->find(rollout_id(rollout))->exposed())
      outside += each.facts.arm == rollout::DeviceFacts::Arm::outside ? 1 : 0;
    return outside;
  });
  EXPECT_EQ(arms, 1) << "it was treated, and speaks neither for nor against the release";
}

TEST(Traps, AStartRightAfterARestartDoesNotForgetWhoHasNotSpokenYet) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  lab.restart();
  for (std::size_t i = 0; i < 5; ++i) lab.check_in(lab.devices[i]);
  const auto early = lab.order(ActKind::start, "otto", release);
  EXPECT_EQ(Lab::rule_of(early), "conflict") << early.body;
  EXPECT_NE(early.body.find("has not heard 55 of 60"), std::string::npos) << early.body;
  for (LabDevice& device : lab.devices) lab.check_in(device);
  const int rollout = Lab::rollout_of(lab.order(ActKind::start, "otto", release));
  EXPECT_EQ(lab.rollout(rollout)["eligible"], 60) << "everybody was heard: no need to wait";
}

TEST(Restart, BetweenAHaltAndItsIncidentRecordLosesNoRecord) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(3);
  ASSERT_EQ(lab.order(ActKind::halt, "rita", release, rollout).status, 201);
  lab.restart();
  EXPECT_EQ(lab.get("/api/v1/incidents")["incidents"].size(), 1U);
  lab.restart();
  EXPECT_EQ(lab.log("incident").size(), 1U) << "and opens it once";
}

}  // namespace
}  // namespace fb::server
