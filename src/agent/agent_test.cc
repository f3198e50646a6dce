#include "agent/agent.h"

#include "agent/device_world_test.h"
#include "agent/explain.h"

namespace fb::agent {
namespace {

using wire::EventKind;

// A device with 290, and 291 published and offered as rollout 7.
struct Offered291 : World {
  Offered291() {
    provision();
    release = publish_channel("291");
    start_rollout(7, release, "291");
  }
  Digest release;
  [[nodiscard]] bool tasted() const {
    return std::any_of(
        sandbox.commands.begin(), sandbox.commands.end(),
        [](const port::Command& command) { return command.argv.front() == "taste"; });
  }
};

TEST(Agent, TakesAnOfferAllTheWayToLastKnownGood) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"))
      << world.agent->last_trouble() << "; phase " << world.phase();
  EXPECT_EQ(world.active(), "291");
  EXPECT_EQ(world.lkg(), "291");
  EXPECT_EQ(linked_release(world.files, kChannel), world.release);
  world.run_for(minutes(1));
  for (const auto kind :
       {EventKind::staged, EventKind::tasted, EventKind::activated, EventKind::healthy}) {
    EXPECT_TRUE(world.server.told(kind)) << wire::word(kind);
  }
  ASSERT_EQ(world.server.asked.size(), 2U);
  EXPECT_EQ(world.server.asked.at(1).purpose, statement::Purpose::renew);
  const auto& command = world.supervisor.commands.at("sensor").argv;
  EXPECT_EQ(command.at(2),
            world.files.absolute(layout::slot(kChannel, world.release)) + "/channel.bin");
  EXPECT_EQ(command.at(3), "--status") << "the arguments of local root come last";
}

TEST(Agent, StaysAtOneRequestInTheSteadyState) {
  World world;
  world.provision();
  world.run_for(minutes(1));
  world.server.requests.clear();
  world.repository.next({"timestamp"});
  world.run_for(seconds(30));
  ASSERT_FALSE(world.server.requests.empty());
  for (const std::string& request : world.server.requests) EXPECT_EQ(request, "POST /v1/check-in");
  EXPECT_LE(world.server.requests.size(), 4U);
}

// It came early, with news, and is told what is left.
TEST(Agent, TheRestOfAHeartbeatIsNotTakenForAHeartbeat) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("probation"));
  world.run_for(seconds(30));
  world.server.requests.clear();
  world.server.next = seconds(3);
  world.crash();
  world.run_for(seconds(1));
  ASSERT_FALSE(world.server.requests.empty()) << "harm does not wait";
  world.server.down = true;
  world.run_for(seconds(3));
  EXPECT_NE(world.agent->last_trouble().find("the next one is in 10 s"), std::string::npos)
      << world.agent->last_trouble();
}

TEST(Agent, EventsOfALostReplyAreCountedOnce) {
  Offered291 world;
  world.server.lose_check_in_replies = 3;
  ASSERT_TRUE(world.run_until("healthy"));
  world.server.lose_check_in_replies = 2;
  world.run_for(minutes(5));
  std::map<EventKind, int> counts;
  for (const auto& event : world.server.events) ++counts[event.kind];
  for (const auto& [kind, count] : counts) EXPECT_EQ(count, 1) << wire::word(kind);
}

TEST(Agent, EnrolsAsTheSameDeviceHoweverOftenItHasToAsk) {
  World world;
  world.server.lose_enrolment_replies = 3;
  world.publish_engine("7.11");
  ASSERT_TRUE(world.start().ok());
  world.run_for(minutes(1));
  ASSERT_TRUE(world.power_cut().ok());
  world.run_for(minutes(5));
  EXPECT_EQ(world.server.token_hashes.size(), 1U);
  EXPECT_TRUE(world.server.last.has_value());
}

// ---- Bytes that are not the signed ones ----

TEST(Agent, RefusesTamperedBytesBeforeAnythingParsesThemAndTakesTheNextMirror) {
  World world;
  world.config.mirrors = {"http://mirror/tuf/targets"};
  world.provision();
  const Digest release = world.publish_channel("291");
  const std::string bytes = "channel 291";
  const std::string path =
      tuf::hashed_name("content/sensor.channel/291.channel.bin", crypto::sha256(bytes).hex());
  world.server.bad_mirror[path] = "channel 666";
  world.start_rollout(7, release, "291");
  ASSERT_TRUE(world.run_until("healthy"));
  world.run_for(minutes(1));
  ASSERT_TRUE(world.server.told(EventKind::refused));
  const std::string detail = world.server.detail(EventKind::refused);
  EXPECT_NE(detail.find("digest mismatch: http://mirror/"), std::string::npos) << detail;
  EXPECT_NE(detail.find("refused before anything parsed it"), std::string::npos) << detail;
}

TEST(Agent, TamperedBytesEverywhereMeanNoUpdate) {
  Offered291 world;
  const std::string path = tuf::hashed_name("content/sensor.channel/291.channel.bin",
                                            crypto::sha256("channel 291").hex());
  world.server.targets[path] = "channel 666";
  world.run_for(minutes(2));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.tasted());
  for (const auto& [name, bytes] : world.files.everything())
    EXPECT_NE(bytes, "channel 666") << name;
  EXPECT_NE(world.explained("digest"), "");
}

TEST(Agent, GoesOnWithADownloadThatBrokeOff) {
  Offered291 world;
  ASSERT_TRUE(world.files.append_to(layout::slot(kChannel, world.release) + "/channel.bin.partial")
                  .value()
                  ->append("chan")
                  .ok());
  ASSERT_TRUE(world.run_until("healthy"));
  EXPECT_EQ(world.files.everything().at(layout::slot(kChannel, world.release) + "/channel.bin"),
            "channel 291");
}

TEST(Agent, APartialFileOfSomethingElseIsThrownAway) {
  Offered291 world;
  ASSERT_TRUE(world.files.append_to(layout::slot(kChannel, world.release) + "/channel.bin.partial")
                  .value()
                  ->append("evil")
                  .ok());
  ASSERT_TRUE(world.run_until("healthy"));
  EXPECT_EQ(world.files.everything().at(layout::slot(kChannel, world.release) + "/channel.bin"),
            "channel 291");
}

// ---- Who may say so ----

TEST(Agent, DoesNotFollowAPlanThatNobodySigned) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.offer(7, release);
  world.run_for(minutes(1));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.on_disk(release));
  EXPECT_TRUE(world.server.told(EventKind::refused));
  EXPECT_NE(world.explained("not_found").find("rollouts/7.json"), std::string::npos);
}

TEST(Agent, DoesNotTakeContentThatTheRolloutsRoleSigned) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  // Only the rollouts role lists it, at a path that is not its to give away.
  auto& content = world.repository.targets["content"].targets;
  auto& rollouts = world.repository.targets["rollouts"].targets;
  for (const char* file : {"manifest.json", "channel.bin"}) {
    const std::string path = std::string("content/sensor.channel/291.") + file;
    rollouts[path] = content.at(path);
    content.erase(path);
  }
  world.start_rollout(7, release, "291");
  world.run_for(minutes(1));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.on_disk(release));
}

struct BadPermit {
  const char* what;
  std::function<void(World&)> bend;
};

TEST(Agent, StartsNothingUnderAPermitThatIsNotForIt) {
  static const tuf::TestSigner kStranger("stranger");
  const BadPermit cases[] = {
      {"another device",
       [](World& w) {
         w.server.bend_permit = [](statement::Permit& p) {
           p.device = *DeviceId::parse(std::string(32, 'b'));
         };
       }},
      {"another nonce",
       [](World& w) {
         w.server.bend_permit = [](statement::Permit& p) { p.nonce = std::string(32, '0'); };
       }},
      {"another release",
       [](World& w) {
         w.server.bend_permit = [](statement::Permit& p) { p.manifest = crypto::sha256("x"); };
       }},
      {"another rollout",
       [](World& w) {
         w.server.bend_permit = [](statement::Permit& p) { p.rollout = rollout_id(8); };
       }},
      {"another purpose",
       [](World& w) {
         w.server.bend_permit = [](statement::Permit& p) { p.purpose = statement::Purpose::renew; };
       }},
      {"another signer", [](World& w) { w.server.permit_signer = &kStranger; }},
  };
  for (const auto& [what, bend] : cases) {
    Offered291 world;
    bend(world);
    world.run_for(minutes(2));
    EXPECT_EQ(world.active(), "290") << what;
    EXPECT_FALSE(world.tasted()) << what;
    EXPECT_TRUE(world.server.told(EventKind::refused)) << what;
    EXPECT_NE(world.explained("permit"), "") << what;
  }
}

// Promise P10: what the log does not prove was published for everybody starts nowhere.
TEST(Agent, StartsNothingThatTheLogDoesNotProve) {
  static const crypto::TestSigner kThief("thief");
  using Bend = std::function<void(World&, statement::LogProof&)>;
  const std::pair<const char*, Bend> cases[] = {
      {"an edited entry", [](World&, statement::LogProof& p) { p.entry[9] ^= 1; }},
      {"another place", [](World&, statement::LogProof& p) { ++p.index; }},
      {"a place beyond the log", [](World&, statement::LogProof& p) { p.index = 1U << 30U; }},
      {"a hash left out", [](World&, statement::LogProof& p) { p.inclusion.clear(); }},
      {"a forged hash",
       [](World&, statement::LogProof& p) { p.inclusion.back() = crypto::sha256("forged"); }},
      {"the proof of another entry",
       [](World& w, statement::LogProof& p) {
         p.index = w.server.log.size() - 1;
         p.entry = w.server.log.entries.back();
         p.inclusion = w.server.log.inclusion(p.index);
       }},
      {"the publication of another release",
       [](World& w, statement::LogProof& p) {
         p.index = w.server.log.append("release", {{"release", crypto::sha256("x").text()}});
         p.entry = w.server.log.entries.back();
         p.inclusion = w.server.log.inclusion(p.index);
         p.checkpoint = w.server.log.checkpoint();
       }},
      {"a checkpoint by another key",
       [](World& w, statement::LogProof& p) {
         audit::LogSimulator stolen = w.server.log;
         stolen.signer = kThief;
         p.checkpoint = stolen.checkpoint();
       }},
      {"another log's checkpoint",
       [](World& w, statement::LogProof& p) {
         audit::LogSimulator other = w.server.log;
         other.origin = "elsewhere";
         p.checkpoint = other.checkpoint();
       }},
      {"no checkpoint", [](World&, statement::LogProof& p) { p.checkpoint = "none"; }},
  };
  for (const auto& [what, bend] : cases) {
    Offered291 world;
    world.server.bend_permit = [&world, &bend = bend](statement::Permit& permit) {
      bend(world, permit.log);
    };
    world.run_for(minutes(2));
    EXPECT_EQ(world.active(), "290") << what;
    EXPECT_FALSE(world.tasted()) << what;
    EXPECT_TRUE(world.server.told(EventKind::refused)) << what;
    EXPECT_NE(world.explained("log"), "") << what;
  }
}

TEST(Agent, StartsNothingOnALogThatIsNotTheOneItHasSeen) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"));
  ASSERT_TRUE(world.files.read(layout::kSeenLog, 4096).ok());
  const audit::LogSimulator honest = world.server.log;
  struct Row {
    const char* rule;
    audit::LogSimulator shown;
  };
  audit::LogSimulator forked = audit::log_of(3);  // longer in the end, and of another beginning
  while (forked.size() <= honest.size()) forked.append("report", {{"forged", true}});
  const Row rows[] = {{"log-split", forked}, {"log-rolled-back", audit::log_of(0)}};
  int rollout = 8;
  for (const Row& row : rows) {
    world.server.other = row.shown;
    const std::string version = std::to_string(284 + rollout);
    world.start_rollout(rollout++, world.publish_channel(version), version);
    world.run_for(minutes(2));
    EXPECT_EQ(world.active(), "291") << row.rule;
    EXPECT_NE(world.explained(row.rule), "") << row.rule;
  }
  // Both checkpoints are signed, and cannot both be of one log.
  const auto kept = world.files.read(layout::kSplitLog, 8192);
  ASSERT_TRUE(kept.ok());
  const auto value = *json::parse(*kept);
  for (const char* which : {"seen", "shown"})
    EXPECT_TRUE(audit::open_checkpoint(value.at(which).get<std::string>(), honest.trust()).ok());

  world.server.other.reset();  // the log that it knows, gone on meanwhile
  ASSERT_TRUE(world.power_cut().ok());
  EXPECT_TRUE(world.run_until("healthy")) << "what was seen is on the disk";
}

TEST(Agent, AsksAgainWithTheSameNonceWhenAReplyWasLost) {
  Offered291 world;
  world.server.lose_permit_replies = 2;
  ASSERT_TRUE(world.run_until("healthy"));
  ASSERT_GE(world.server.asked.size(), 4U);
  EXPECT_EQ(world.server.asked.at(0).nonce, world.server.asked.at(1).nonce);
  EXPECT_EQ(world.server.asked.at(0).nonce, world.server.asked.at(2).nonce);
  EXPECT_NE(world.server.asked.at(0).nonce, world.server.asked.at(3).nonce)
      << "the renewal is another question";
}

TEST(Agent, KeepsTheServersDenialForExplain) {
  Offered291 world;
  world.server.denial =
      wire::Denial{"held", "rollout 7 is held: 12 exposed, 3 crashed", seconds(10)};
  world.run_for(minutes(1));
  EXPECT_EQ(world.active(), "290");
  EXPECT_NE(world.explained("held").find("12 exposed, 3 crashed"), std::string::npos);
}

TEST(Agent, FrozenMetadataStartsNothing) {
  Offered291 world;
  world.server.frozen_timestamp = world.repository.newest("timestamp");
  world.server.denial = wire::Denial{"no-place", "12 of 12 places are taken", seconds(1)};
  world.run_for(seconds(30));
  ASSERT_EQ(world.phase(), "staged");
  world.server.denial.reset();
  world.clock.advance(days(101));  // all of it has expired
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "290");
  EXPECT_NE(world.explained("clock_doubtful"), "") << "only this device's clock says so";
}

TEST(Agent, AClockYearsOffDefersAndHealsWithTheClock) {
  Offered291 world;
  const Instant right = world.clock.wall();
  world.clock.set_wall(right + days(4000));
  world.run_for(minutes(2));
  EXPECT_EQ(world.active(), "290");
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_NE(world.explained("clock_doubtful"), "");
  world.clock.set_wall(right + minutes(3));
  EXPECT_TRUE(world.run_until("healthy"));
}

// ---- The customer and the contract ----

TEST(Agent, TheCustomersFreezeBindsAndIsExplained) {
  World world;
  const tuf::TestSigner customer("customer");
  world.policy_key = customer.key();
  world.provision();
  policy::Policy policy;
  policy.tenant = *TenantId::parse("acme");
  policy.version = 3;
  policy.issued = world.clock.wall();
  const Instant until = world.clock.wall() + hours(8);
  policy.rules = {
      {"quarter-end", "sensor.*", policy::Freeze{world.clock.wall() - hours(1), until}, {}, {}}};
  world.server.policy = json::compact(
      statement::encode(*statement::seal(statement::kPolicyType, encode(policy), customer)));
  world.server.policy_version = 3;
  const Digest release = world.publish_channel("291");
  world.start_rollout(7, release, "291");
  world.run_for(minutes(2));
  EXPECT_EQ(world.phase(), "deferred");
  const json::Value document = *json::parse(world.agent->answer(R"({"ask":"status"})"));
  const std::string text = explain_text(document, kChannel);
  EXPECT_NE(text.find("acme's rule quarter-end: frozen until " + to_rfc3339(until)),
            std::string::npos)
      << text;
  EXPECT_EQ(world.server.last->components.front().waiting.substr(0, 18), "policy:quarter-end");
  ASSERT_TRUE(world.power_cut().ok());
  world.server.down = true;
  world.run_for(minutes(1));
  EXPECT_EQ(world.phase(), "deferred") << "and holds without a server";
  world.server.down = false;
  world.clock.advance(hours(8));
  EXPECT_TRUE(world.run_until("healthy"));
}

TEST(Agent, APolicyOfAnotherKeyIsNoPolicy) {
  World world;
  const tuf::TestSigner customer("customer");
  const tuf::TestSigner stranger("stranger");
  world.policy_key = customer.key();
  world.provision();
  policy::Policy policy{*TenantId::parse("acme"), 1, {}, policy::OnHalt::hold, {}};
  world.server.policy = json::compact(
      statement::encode(*statement::seal(statement::kPolicyType, encode(policy), stranger)));
  world.server.policy_version = 1;
  world.run_for(minutes(1));
  EXPECT_EQ(world.server.last->policy_version, 0);
  EXPECT_NE(world.agent->last_trouble().find("policy refused: 0 valid signatures"),
            std::string::npos)
      << world.agent->last_trouble();
}

TEST(Agent, ContentThatItsReaderCannotSupplyWaitsAndAWaiverByTwoOpensIt) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291", {{1, 21}});
  world.start_rollout(7, release, "291");
  world.run_for(minutes(1));
  EXPECT_EQ(world.phase(), "deferred");
  EXPECT_NE(world.explained("contract").find("reads field 21 of ipc; engine 7.11 supplies 20"),
            std::string::npos);
  auto plan = world.plan(7, release, "291");
  plan.acts = {world.act("ann", statement::ActKind::waive, release, 0, "contract")};
  world.publish_plan(plan);
  world.run_for(minutes(1));
  EXPECT_EQ(world.phase(), "deferred") << "one person is not two";
  plan.acts.push_back(world.act("bob", statement::ActKind::waive, release, 0, "contract"));
  world.publish_plan(plan);
  EXPECT_TRUE(world.run_until("healthy"));
}

// ---- Healing ----

TEST(Agent, GoesBackByItselfWhenTheWorkloadCrashesAndNobodyCanBeReached) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("probation"));
  world.server.down = true;
  world.crash();
  world.run_for(seconds(2));
  EXPECT_EQ(world.phase(), "probation");
  world.crash();
  EXPECT_EQ(world.phase(), "rolled-back");
  EXPECT_EQ(
      linked_release(world.files, kChannel),
      crypto::sha256(world.files.everything().at(
          layout::slot(kChannel, *linked_release(world.files, kChannel)) + "/manifest.json")));
  EXPECT_EQ(world.active(), "290");
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_FALSE(world.on_disk(world.release)) << "the bad file does not stay on disk";
  world.server.down = false;
  world.run_for(minutes(10));
  EXPECT_TRUE(world.server.told(EventKind::rolled_back));
  EXPECT_TRUE(world.server.told(EventKind::crashed));
  EXPECT_EQ(world.active(), "290") << "and it does not take it again";
}

TEST(Agent, GoesBackWhenProbesFail) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("probation"));
  world.sandbox.exit_codes["probe"] = 1;
  world.run_for(minutes(1));
  EXPECT_EQ(world.phase(), "rolled-back");
  EXPECT_TRUE(world.server.told(EventKind::probe_failed));
}

TEST(Agent, AMachineThatDiesWithTheWorkloadComesBackWithTheOldOneBeforeStartingIt) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("probation"));
  world.server.down = true;
  for (int boot = 1; boot <= 3; ++boot) {
    world.supervisor.starts = 0;
    ASSERT_TRUE(world.power_cut().ok());
    const std::string channel = world.supervisor.commands.at("sensor").argv.at(2);
    EXPECT_EQ(channel.find(world.release.hex()) == std::string::npos, boot == 3) << "boot " << boot;
  }
  EXPECT_EQ(world.phase(), "rolled-back");
  EXPECT_FALSE(world.on_disk(world.release));
  world.server.down = false;
  world.run_for(minutes(1));
  EXPECT_TRUE(world.server.told(EventKind::boot_loop));
}

TEST(Agent, AHaltTakesItBackAndLiftsWithTwoPeople) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"));
  world.halt(7, world.release);
  ASSERT_TRUE(world.run_until("rolled-back"));
  world.run_for(minutes(1));
  EXPECT_EQ(world.active(), "290");
  EXPECT_FALSE(world.on_disk(world.release));
  EXPECT_TRUE(world.server.told(EventKind::reverted_on_halt));
  auto plan = world.plan(8, world.release, "291");
  plan.acts = {world.act("ann", statement::ActKind::resume, world.release, 7),
               world.act("ann", statement::ActKind::resume, world.release, 7)};
  world.publish_plan(plan);
  world.offer(8, world.release);
  world.run_for(minutes(1));
  EXPECT_EQ(world.active(), "290") << "one person twice is not two people";
  plan.acts.back() = world.act("bob", statement::ActKind::resume, world.release, 7);
  world.publish_plan(plan);
  EXPECT_TRUE(world.run_until("healthy"));
  EXPECT_EQ(world.active(), "291");
}

TEST(Agent, TwoPeopleOfOneRoleLiftNothing) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"));
  world.halt(7, world.release);
  ASSERT_TRUE(world.run_until("rolled-back"));
  for (const auto& [path, bytes] : std::map(world.server.targets)) {
    if (path.find("people.json") == std::string::npos) continue;
    auto people = *statement::decode_people(bytes);
    for (auto& person : people.people) person.roles = {statement::Role::operations};
    world.put_target("targets", std::string(statement::kPeoplePath), encode(people));
  }
  auto plan = world.plan(8, world.release, "291");
  plan.acts = {world.act("ann", statement::ActKind::resume, world.release, 7),
               world.act("bob", statement::ActKind::resume, world.release, 7)};
  world.publish_plan(plan);
  world.offer(8, world.release);
  world.run_for(minutes(3));
  EXPECT_EQ(world.active(), "290");
}

TEST(Agent, ABlockThatWasSeenStandsThoughTheListForgetsIt) {
  World world;
  world.provision();
  const Digest release = world.publish_channel("291");
  world.halt(7, release);
  world.run_for(seconds(30));
  world.put_target("rollouts", std::string(statement::kBlockedPath),
                   encode(std::vector<statement::Blocked>{}));
  world.start_rollout(8, release, "291");
  ASSERT_TRUE(world.power_cut().ok());
  world.run_for(minutes(3));
  EXPECT_NE(world.explained("blocked"), "");
  EXPECT_EQ(world.active(), "290");
}

TEST(Agent, ARoleThatHasNoSayInARolloutDoesNotStopIt) {
  World world;
  world.repository.targets["flags"].expires = world.clock.wall() + seconds(20);
  world.repository.next({"flags", "snapshot", "timestamp"});
  world.provision();
  world.clock.advance(minutes(1));
  world.start_rollout(7, world.publish_channel("291"), "291");
  EXPECT_TRUE(world.run_until("healthy")) << world.agent->last_trouble();
}

TEST(Agent, AFarDateInAPermitDoesNotMoveTheAuthenticatedTime) {
  Offered291 world;
  world.server.bend_permit = [&](statement::Permit& permit) {
    permit.issued = world.clock.wall() + days(3650);
  };
  ASSERT_TRUE(world.run_until("healthy"));
  world.server.bend_permit = nullptr;
  world.start_rollout(8, world.publish_channel("292"), "292");
  world.run_for(minutes(3));
  EXPECT_EQ(world.active(), "292") << world.agent->last_trouble();
}

TEST(Agent, AClockBehindWhatWasSignedStartsNothingUntilItIsRight) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"));
  const Instant right = world.clock.wall();
  world.clock.set_wall(right - days(1));
  world.start_rollout(8, world.publish_channel("292"), "292");
  world.run_for(minutes(3));
  EXPECT_EQ(world.active(), "291");
  EXPECT_NE(world.explained("clock_doubtful"), "");
  world.clock.set_wall(right + minutes(3));
  EXPECT_TRUE(world.run_until("healthy"));
  EXPECT_EQ(world.active(), "292");
}

TEST(Agent, ATrialThatFailsNeverReachesTheWorkload) {
  Offered291 world;
  world.sandbox.exit_codes["taste"] = 139;
  const int starts = world.supervisor.starts;
  world.run_for(minutes(2));
  EXPECT_EQ(world.phase(), "refused");
  EXPECT_EQ(world.supervisor.starts, starts);
  EXPECT_TRUE(world.server.told(EventKind::install_failed));
}

TEST(Agent, StartsWithoutAServerAndRunsWhatItHas) {
  Offered291 world;
  world.server.down = true;
  ASSERT_TRUE(world.power_cut().ok());
  world.run_for(hours(2));
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_EQ(world.active(), "290");
}

TEST(Agent, SaysWhatIsMissingWhenAWorkloadCannotRunYet) {
  World world;
  world.publish_engine("7.11");
  ASSERT_TRUE(provision(world.config, world.repository.newest("root"),
                        {kEngine, "7.11", "http://server/tuf"},
                        {world.files, world.clock, world.server})
                  .ok());
  ASSERT_TRUE(world.start().ok());
  const std::string answer = world.agent->answer(R"({"ask":"status"})");
  EXPECT_NE(answer.find("sensor cannot run: sensor.channel has no slot yet"), std::string::npos)
      << answer;
}

TEST(Agent, ADamagedStateFileIsNamedWithWhatToDoAndStopsNoWorkload) {
  Offered291 world;
  ASSERT_TRUE(world.files.write_atomic(layout::state(kChannel), "{\"format\":").ok());
  ASSERT_TRUE(world.start().ok());
  world.run_for(minutes(2));
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_EQ(world.active(), "290") << "runs what the switch shows, and is not changed";
  const std::string answer = world.agent->answer(R"({"ask":"status"})");
  EXPECT_NE(answer.find("state/sensor.channel.json is damaged"), std::string::npos) << answer;
  EXPECT_NE(answer.find("firebreak-agent provision"), std::string::npos) << answer;
}

TEST(Agent, ADamagedIdentityOrOutboxStopsNoWorkload) {
  for (const char* file : {layout::kIdentity, layout::kOutbox}) {
    Offered291 world;
    world.run_for(seconds(1));
    ASSERT_TRUE(world.files.write_atomic(file, "{\"format\":").ok());
    world.server.requests.clear();
    ASSERT_TRUE(world.start().ok()) << file;
    EXPECT_TRUE(world.supervisor.running("sensor")) << file;
    const std::string answer = world.agent->answer(R"({"ask":"status"})");
    EXPECT_NE(answer.find(std::string(file) + " "), std::string::npos) << answer;
    EXPECT_NE(answer.find("damaged"), std::string::npos) << answer;
    world.run_for(minutes(5));
    EXPECT_TRUE(world.supervisor.running("sensor")) << file;
    EXPECT_EQ(world.phase(), "healthy") << file << ": what was begun is ended";
    EXPECT_EQ(world.server.requests.empty(), std::string(file) == layout::kIdentity) << file;
    EXPECT_EQ(world.server.token_hashes.size(), 1U) << "never becomes another device by itself";
  }
}

TEST(Agent, ALostOutboxAsksTheServerForItsNumberAndReportsGoOn) {
  Offered291 world;
  ASSERT_TRUE(world.run_until("healthy"));
  world.run_for(minutes(1));
  const std::size_t before = world.server.sequences.size();
  ASSERT_TRUE(world.files.remove(layout::kOutbox).ok());
  ASSERT_TRUE(world.start().ok());
  const Digest newer = world.publish_channel("292");
  world.start_rollout(8, newer, "292");
  world.run_for(minutes(5));
  EXPECT_EQ(world.active(), "292");
  EXPECT_GT(world.server.sequences.size(), before);
  EXPECT_EQ(std::count_if(world.server.events.begin(), world.server.events.end(),
                          [](const auto& event) { return event.kind == EventKind::healthy; }),
            2);
}

TEST(Agent, ALostStateFileCostsNeitherTheSlotNorTheReports) {
  World world;
  world.provision();
  world.run_for(seconds(30));
  ASSERT_TRUE(world.files.remove(layout::state(kChannel)).ok());
  ASSERT_TRUE(world.power_cut().ok());
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_EQ(world.active(), "290");
  EXPECT_EQ(world.lkg(), "290");
  world.start_rollout(7, world.publish_channel("291"), "291");
  ASSERT_TRUE(world.run_until("healthy"));
  world.run_for(minutes(1));
  EXPECT_TRUE(world.server.told(EventKind::healthy));
}

TEST(Agent, AnEventAwaitsItsAcknowledgement) {
  sim::MemoryFiles files;
  auto outbox = Outbox::load(files);
  ASSERT_TRUE(outbox.ok());
  install::Report report;
  report.number = 1;
  report.kind = install::ReportKind::handed_back;
  report.rollout = 7;
  ASSERT_TRUE(outbox->take(kChannel, {report}).ok());
  EXPECT_TRUE(outbox->awaits(kChannel, EventKind::handed_back, 7));
  EXPECT_FALSE(outbox->awaits(kChannel, EventKind::handed_back, 8));
  const auto batch = outbox->batch();
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(outbox->awaits(kChannel, EventKind::handed_back, 7));
  ASSERT_TRUE(outbox->acknowledge(batch->sequence).ok());
  EXPECT_FALSE(outbox->awaits(kChannel, EventKind::handed_back, 7));
}

TEST(Agent, KeepsRunningAndSaysSoWhenTheDiskIsFull) {
  Offered291 world;
  world.files.fail_change(1, sim::DoorFault::no_space, sim::Afterwards::works);
  world.run_for(minutes(3));
  EXPECT_TRUE(world.supervisor.running("sensor"));
  EXPECT_TRUE(world.run_until("healthy")) << "and goes on once there is room";
}

}  // namespace
}  // namespace fb::agent
