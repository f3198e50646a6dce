// Acts: whose word counts for what, and how often.
#include "server/lab_test.h"

namespace fb::server {
namespace {

using statement::Act;
using statement::ActKind;

TEST(Acts, ApprovalByTheAuthorDoesNotCount) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::approve, "ann", release)), "forbidden");
  lab.beat();
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", release)), "conflict");
  EXPECT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  EXPECT_EQ(lab.order(ActKind::start, "otto", release).status, 201);
}

TEST(Acts, AreRefusedFromStrangersForgersAndThePast) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const Act act = lab.act(ActKind::approve, "rita", release);
  EXPECT_EQ(Lab::rule_of(lab.order(lab.sign(act, "nobody we know"))), "bad_signature");
  EXPECT_EQ(Lab::rule_of(lab.order(lab.sign(act, "otto"))), "bad_signature") << "in rita's name";
  auto bent = lab.sign(act, "rita");
  bent.payload += " ";
  EXPECT_EQ(Lab::rule_of(lab.order(bent)), "bad_signature");
  Act old = act;
  old.issued = lab.clock.wall() - hours(2);
  old.expires = lab.clock.wall() - seconds(1);
  EXPECT_EQ(Lab::rule_of(lab.order(old)), "expired");
  Act unknown = act;
  unknown.release = crypto::sha256("no such release");
  EXPECT_EQ(Lab::rule_of(lab.order(unknown)), "not_found");
  EXPECT_EQ(lab.log("approve").size(), 0U);
  EXPECT_EQ(lab.log("refused").size(), 5U) << "each refusal stands in the log";
}

TEST(Acts, CountOnceHoweverOftenTheyAreSent) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const auto approve = lab.sign(lab.act(ActKind::approve, "rita", release), "rita");
  EXPECT_EQ(lab.order(approve).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(approve)), "already_exists");
  lab.beat();
  const int rollout = Lab::rollout_of(lab.order(ActKind::start, "otto", release));
  ASSERT_GT(rollout, 0);
  EXPECT_EQ(lab.order(ActKind::hold, "rita", release, rollout).status, 201);
  const auto go_on = lab.sign(lab.act(ActKind::go_on, "otto", release, rollout), "otto");
  EXPECT_EQ(lab.order(go_on).status, 201);
  EXPECT_EQ(lab.order(ActKind::hold, "rita", release, rollout).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(go_on)), "already_exists")
      << "an old word must not lift a new hold";
  lab.restart();
  EXPECT_EQ(Lab::rule_of(lab.order(go_on)), "already_exists") << "also after a restart";
  EXPECT_EQ(lab.rollout(rollout)["held"], "operator");
}

TEST(Acts, AStartThatWasRefusedMayBeSentAgainAndOneThatStartedMayNot) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  lab.beat();
  const auto start = lab.sign(lab.act(ActKind::start, "otto", release), "otto");
  EXPECT_EQ(Lab::rule_of(lab.order(start)), "conflict");
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  EXPECT_EQ(lab.order(start).status, 201);
  lab.stage(release);
  lab.beat(40);
  ASSERT_EQ(lab.state(1), "completed");
  EXPECT_EQ(Lab::rule_of(lab.order(start)), "already_exists");
}

TEST(Acts, NeedTheirRole) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  lab.beat();
  for (const char* who : {"rita", "ann", "sven", "carl"}) {
    EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, who, release)), "forbidden") << who;
  }
  const int rollout = Lab::rollout_of(lab.order(ActKind::start, "otto", release));
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::hold, "carl", release, rollout)), "forbidden");
  EXPECT_EQ(lab.order(ActKind::hold, "ann", release, rollout).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::go_on, "rita", release, rollout)), "forbidden");
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::halt, "carl", release, rollout)), "forbidden");
  EXPECT_EQ(Lab::rule_of(lab.halt(rollout, lab.engine)), "mismatch");
  EXPECT_EQ(Lab::rule_of(lab.halt(rollout + 1, release)), "not_found");
}

TEST(Acts, AHaltNeedsOnePersonAndNoApproval) {
  for (const char* who : {"ann", "rita", "otto", "sven"}) {
    Lab lab({.devices = 6, .tenants = 1, .budget = 3});
    const Digest release = lab.publish_channel("291");
    const int rollout = lab.start(release);
    EXPECT_EQ(lab.halt(rollout, release, who).status, 201) << who;
    EXPECT_EQ(lab.halt(rollout, release, "rita").status, 201)
        << "whoever comes second is right too";
    EXPECT_EQ(lab.rollout(rollout)["halted_at"].is_string(), true);
  }
}

// On 19 July 2024 a rule looked at the 21st of 20 inputs.
TEST(Acts, AStartThroughAClosedContractGateNamesFieldEngineAndDevices) {
  Lab lab;
  const Digest release = lab.publish_channel("291", {1, 21});
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  lab.beat();
  const auto refused = lab.order(ActKind::start, "otto", release);
  EXPECT_EQ(Lab::rule_of(refused), "conflict");
  const std::string detail = Lab::detail_of(refused);
  for (const char* word : {"contract", "21", "7.11", "60 devices"})
    EXPECT_NE(detail.find(word), std::string::npos) << word << " in: " << detail;
}

TEST(Acts, AWaiverTakesTwoPeopleWithDifferentRoles) {
  Lab lab;
  const Digest release = lab.publish_channel("291", {1, 21});
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  lab.beat();
  EXPECT_EQ(lab.order(ActKind::waive, "sven", release).status, 201);
  EXPECT_EQ(lab.order(ActKind::waive, "sven", release).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", release)), "conflict")
      << "two waivers of one person";
  EXPECT_EQ(lab.order(ActKind::waive, "otto", release).status, 201);
  const auto started = lab.order(ActKind::start, "otto", release);
  EXPECT_EQ(started.status, 201) << started.body;
  const auto plan = statement::decode_plan(
      *lab.target("rollouts/" + std::to_string(Lab::rollout_of(started)) + ".json"));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->acts.size(), 3U) << "rita's approval and a waiver of each, for devices to check";
}

TEST(Acts, AreGivenToACourierWithoutAnyRolloutAndNotOnceTheyExpired) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const auto given = [&] {
    return lab.get("/api/v1/releases/" + release.text() + "/acts").at("acts");
  };
  EXPECT_TRUE(given().empty());
  Act act = lab.act(ActKind::approve, "sven", release);
  act.expires = lab.clock.wall() + seconds(10);
  ASSERT_EQ(lab.order(act).status, 201);
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  ASSERT_EQ(given().size(), 2U);
  const auto envelope = statement::decode_envelope(given().at(0));
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(statement::decode_act(envelope->payload)->release, release);
  lab.pass(seconds(11));
  EXPECT_EQ(given().size(), 1U);
}

TEST(Acts, AnExpiredWaiverOpensNothing) {
  Lab lab;
  const Digest release = lab.publish_channel("291", {1, 21});
  ASSERT_EQ(lab.order(ActKind::approve, "rita", release).status, 201);
  for (const char* who : {"sven", "otto"}) {
    Act act = lab.act(ActKind::waive, who, release);
    act.expires = lab.clock.wall() + seconds(10);
    EXPECT_EQ(lab.order(act).status, 201);
  }
  lab.pass(seconds(11));
  lab.beat();
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", release)), "conflict");
}

TEST(Acts, AnApprovalThatComesLaterReachesTheDevicesThatWaitForIt) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  const auto carried = [&] {
    return statement::decode_plan(*lab.target("rollouts/" + std::to_string(rollout) + ".json"))
        ->acts.size();
  };
  EXPECT_EQ(carried(), 1U);
  ASSERT_EQ(lab.order(ActKind::approve, "sven", release).status, 201);
  EXPECT_EQ(carried(), 2U);
  ASSERT_EQ(lab.order(ActKind::approve, "sven", release).status, 201);
  EXPECT_EQ(carried(), 2U) << "of one person one is enough";
  lab.restart();
  EXPECT_EQ(carried(), 2U);
}

struct Halted : Lab {
  Halted() {
    release = publish_channel("291");
    first = Lab::start(release);
    beat(3);
    FB_CHECK(halt(first, release).status == 201);
  }
  std::string salt(int rollout) {
    return look([rollout](World& world) {
      return world.rollouts->find(rollout_id(rollout))->record().salt.hex();
    });
  }
  Digest release;
  int first = 0;
};

TEST(Resume, NeedsTwoPeopleWithDifferentRolesInWhateverOrderAndKeepsTheSalt) {
  for (const bool operator_first : {true, false}) {
    Halted lab;
    EXPECT_EQ(Lab::rule_of(lab.order(ActKind::start, "otto", lab.release)), "conflict")
        << "blocked";
    EXPECT_EQ(Lab::rule_of(lab.order(ActKind::resume, "ann", lab.release, lab.first)), "forbidden");
    const std::string one = operator_first ? "otto" : "sven";
    const std::string two = operator_first ? "sven" : "otto";
    EXPECT_EQ(Lab::rollout_of(lab.order(ActKind::resume, one, lab.release, lab.first)), lab.first);
    EXPECT_EQ(Lab::rollout_of(lab.order(ActKind::resume, one, lab.release, lab.first)), lab.first)
        << "the same person again";
    EXPECT_EQ(lab.get("/api/v1/releases/" + lab.release.text())["blocked"], true);
    lab.beat();
    const auto response = lab.order(ActKind::resume, two, lab.release, lab.first);
    ASSERT_EQ(response.status, 201) << response.body;
    const int second = Lab::rollout_of(response);
    EXPECT_GT(second, lab.first);
    EXPECT_EQ(lab.salt(second), lab.salt(lab.first));
    EXPECT_EQ(lab.rollout(second)["resumes"], lab.first);
    EXPECT_EQ(lab.get("/api/v1/releases/" + lab.release.text())["blocked"], false);
    EXPECT_TRUE(statement::decode_blocked(*lab.target("rollouts/blocked.json"))->empty());
  }
}

struct Running : Lab {
  Running() {
    release = publish_channel("291");
    rollout = start(release);
    beat();
  }
  port::ServerResponse accept(const std::string& who, std::int64_t budget) {
    Act word = act(ActKind::accept, who, release, rollout);
    word.budget = budget;
    return order(word);
  }
  std::int64_t budget() { return Lab::rollout(rollout)["budget"].get<std::int64_t>(); }
  Digest release;
  int rollout = 0;
};

TEST(Accept, TakesTwoPeopleWithDifferentRolesWhoSayTheSameNumber) {
  Running lab;
  ASSERT_EQ(lab.budget(), 20);
  EXPECT_EQ(Lab::rule_of(lab.accept("ann", 40)), "forbidden") << "an author";
  EXPECT_EQ(Lab::rule_of(lab.accept("otto", 20)), "conflict") << "no larger one";
  EXPECT_EQ(lab.accept("otto", 40).status, 201);
  EXPECT_EQ(lab.accept("otto", 40).status, 201);
  EXPECT_EQ(lab.budget(), 20) << "the same person again";
  EXPECT_EQ(lab.accept("sven", 50).status, 201);
  EXPECT_EQ(lab.budget(), 20) << "another number";
  EXPECT_EQ(lab.log("budget").size(), 0U);
  const auto done = lab.accept("sven", 40);
  ASSERT_EQ(done.status, 201) << done.body;
  EXPECT_NE(done.body.find("budget 40, raised from 20"), std::string::npos) << done.body;
  EXPECT_EQ(lab.budget(), 40);
  ASSERT_EQ(lab.log("budget").size(), 1U);
  EXPECT_EQ(lab.log("accept").size(), 4U) << "each word with its envelope";
  EXPECT_EQ(Lab::rule_of(lab.accept("rita", 40)), "conflict") << "it is in force";
  lab.restart();
  EXPECT_EQ(lab.budget(), 40);
}

TEST(Accept, AWordFromBeforeTheLastAcceptanceCountsNoMore) {
  Running lab;
  EXPECT_EQ(lab.accept("sven", 50).status, 201);
  lab.pass(seconds(2));
  EXPECT_EQ(lab.accept("otto", 40).status, 201);
  EXPECT_EQ(lab.accept("sven", 40).status, 201);
  ASSERT_EQ(lab.budget(), 40);
  const Act early = lab.act(ActKind::accept, "otto", lab.release, lab.rollout);
  lab.pass(seconds(2));
  EXPECT_EQ(lab.accept("otto", 50).status, 201);
  EXPECT_EQ(lab.budget(), 40) << "sven wanted 50 before it was 40";
  EXPECT_EQ(lab.accept("sven", 50).status, 201);
  EXPECT_EQ(lab.budget(), 50);
  Act late = early;
  late.budget = 60;
  EXPECT_EQ(Lab::rule_of(lab.order(late)), "conflict") << "signed before what stands";
}

TEST(Acts, DatedAheadAreRefused) {
  Lab lab;
  const Digest release = lab.publish_channel("291");
  Act act = lab.act(ActKind::approve, "rita", release);
  act.issued = lab.clock.wall() + minutes(6);
  act.expires = act.issued + hours(1);
  EXPECT_EQ(Lab::rule_of(lab.order(act)), "conflict");
  act.issued = lab.clock.wall() + minutes(4);
  EXPECT_EQ(lab.order(act).status, 201);
}

TEST(Accept, AWordOlderThanAnHourIsNoAgreement) {
  Running lab;
  EXPECT_EQ(lab.accept("otto", 40).status, 201);
  lab.pass(minutes(61));
  lab.beat();
  EXPECT_EQ(lab.accept("sven", 40).status, 201);
  EXPECT_EQ(lab.budget(), 20);
}

TEST(Resume, IsNoAgreementWhenTheFirstWordIsOlderThanAnHour) {
  Halted lab;
  EXPECT_EQ(lab.order(ActKind::resume, "otto", lab.release, lab.first).status, 201);
  lab.pass(minutes(61));
  lab.beat();
  EXPECT_EQ(Lab::rollout_of(lab.order(ActKind::resume, "sven", lab.release, lab.first)), lab.first)
      << "recorded only";
  EXPECT_GT(Lab::rollout_of(lab.order(ActKind::resume, "otto", lab.release, lab.first)), lab.first);
}

TEST(Resume, OfAnOlderHaltDoesNotLiftALaterOne) {
  Halted lab;
  lab.beat();
  lab.order(ActKind::resume, "otto", lab.release, lab.first);
  const int second = Lab::rollout_of(lab.order(ActKind::resume, "sven", lab.release, lab.first));
  ASSERT_GT(second, lab.first);
  ASSERT_EQ(lab.halt(second, lab.release).status, 201);
  EXPECT_EQ(Lab::rule_of(lab.order(ActKind::resume, "rita", lab.release, lab.first)), "conflict");
  EXPECT_EQ(Lab::rollout_of(lab.order(ActKind::resume, "rita", lab.release, second)), second)
      << "one of two";
  EXPECT_EQ(lab.get("/api/v1/releases/" + lab.release.text())["blocked"], true);
}

// A device that was off knows the blocks of both halts, and hears of neither resume.
TEST(Resume, IsCarriedOnByALaterPlainRolloutForDevicesThatWereOff) {
  Halted lab;
  int rollout = lab.first;
  for (int again = 0; again < 2; ++again) {
    lab.beat();
    lab.order(ActKind::resume, "otto", lab.release, rollout);
    const int halted = rollout;
    rollout = Lab::rollout_of(lab.order(ActKind::resume, "sven", lab.release, halted));
    ASSERT_GT(rollout, halted);
    if (again == 0) {
      ASSERT_EQ(lab.halt(rollout, lab.release).status, 201);
    }
  }
  lab.beat(60);
  ASSERT_EQ(lab.state(rollout), "completed");
  lab.enrol(0);
  lab.beat();
  const auto started = lab.order(ActKind::start, "otto", lab.release);
  ASSERT_EQ(started.status, 201) << started.body;
  const int plain = Lab::rollout_of(started);
  EXPECT_EQ(lab.rollout(plain).contains("resumes"), false);
  const auto plan =
      statement::decode_plan(*lab.target("rollouts/" + std::to_string(plain) + ".json"));
  std::map<int, std::set<std::string>> lifted;
  for (const auto& envelope : plan->acts) {
    const auto act = statement::verify_act(
        envelope, lab.look([](World& world) { return world.people; }), lab.clock.wall());
    ASSERT_TRUE(act.ok());
    if (act->act.kind == ActKind::resume)
      lifted[act->act.rollout->number()].insert(act->act.person.text());
  }
  ASSERT_EQ(lifted.size(), 2U);
  for (const auto& [halted, people] : lifted)
    EXPECT_EQ(people, (std::set<std::string>{"otto", "sven"})) << halted;
}

TEST(Resume, ThatCouldNotStartMayBeSentAgain) {
  Halted lab;
  EXPECT_EQ(lab.order(ActKind::resume, "sven", lab.release, lab.first).status, 201);
  lab.pass(minutes(1));  // nobody was heard lately
  const auto resume = lab.sign(lab.act(ActKind::resume, "otto", lab.release, lab.first), "otto");
  EXPECT_EQ(Lab::rule_of(lab.order(resume)), "conflict");
  lab.beat();
  EXPECT_EQ(lab.order(resume).status, 201);
}

TEST(Resume, OfAResumeRunsAtAQuarterOfAlpha) {
  Halted lab;
  const auto alpha = [&](int rollout) {
    return lab.look([rollout](World& world) {
      return world.rollouts->find(rollout_id(rollout))->state().parameters.alpha.ppm;
    });
  };
  int rollout = lab.first;
  for (const std::int64_t expected : {1'000, 500, 250}) {
    EXPECT_EQ(alpha(rollout), expected);
    if (rollout != lab.first) {
      ASSERT_EQ(lab.halt(rollout, lab.release).status, 201);
    }
    lab.beat();
    lab.order(ActKind::resume, "otto", lab.release, rollout);
    rollout = Lab::rollout_of(lab.order(ActKind::resume, "sven", lab.release, rollout));
  }
}

TEST(Resume, KeepsTheListSoThatARetryHurtsNobodyNew) {
  Halted lab;
  const auto before = lab.permitted(lab.first);
  ASSERT_EQ(before.size(), 6U);
  for (int i = 0; i < 30; ++i) lab.enrol(i % 3).staged = lab.release;
  for (LabDevice& device : lab.devices) device.active.reset();
  lab.order(ActKind::resume, "otto", lab.release, lab.first);
  lab.beat();
  const int second = Lab::rollout_of(lab.order(ActKind::resume, "sven", lab.release, lab.first));
  lab.beat(3);
  EXPECT_EQ(lab.permitted(second), before);
  EXPECT_EQ(lab.rollout(second)["eligible"], 60) << "who came later joins later";
}

TEST(Policies, GrowAreSignedByTheirTenantAndOutliveARestart) {
  Lab lab;
  const auto send = [&](const std::string& tenant, std::int64_t version, const std::string& key) {
    policy::Policy policy;
    policy.tenant = *TenantId::parse(tenant);
    policy.version = version;
    policy.issued = lab.clock.wall();
    const auto envelope =
        *statement::seal(statement::kPolicyType, policy::encode(policy), lab.signer(key));
    return lab.send("POST", "/api/v1/policies", json::compact(statement::encode(envelope)));
  };
  const auto served = [&] { return lab.send("GET", "/v1/policy", "", lab.devices[0].secret); };
  EXPECT_EQ(served().status, 404);
  EXPECT_EQ(send("tenanta", 3, "policy of tenanta").status, 201);
  EXPECT_EQ(Lab::rule_of(send("tenanta", 3, "policy of tenanta")), "rolled_back");
  EXPECT_EQ(Lab::rule_of(send("tenanta", 2, "policy of tenanta")), "rolled_back");
  EXPECT_EQ(Lab::rule_of(send("tenanta", 4, "policy of tenantb")), "bad_signature");
  EXPECT_EQ(Lab::rule_of(send("tenanta", 4, "otto")), "bad_signature")
      << "the vendor's own people cannot";
  EXPECT_EQ(send("tenantb", 1, "policy of tenantb").status, 201);
  const auto before = served();
  EXPECT_EQ(before.status, 200);
  lab.restart();
  EXPECT_EQ(served().body, before.body);
  EXPECT_EQ(lab.check_in(lab.devices[0])->policy_version, 3);
  EXPECT_EQ(lab.check_in(lab.devices[1])->policy_version, 1);
  EXPECT_EQ(lab.check_in(lab.devices[2])->policy_version, 0);
  EXPECT_EQ(Lab::rule_of(send("tenanta", 3, "policy of tenanta")), "rolled_back");
}

TEST(Incidents, AreOpenedByAHaltWithTheirTimelineInOrderAndNobodysName) {
  Halted lab;
  const auto incident = lab.get("/api/v1/incidents/" + std::to_string(lab.first));
  EXPECT_EQ(incident["release"], lab.release.text());
  EXPECT_EQ(incident["exposed"], 6);
  std::int64_t last = 0;
  std::string all;
  for (const auto& moment : incident["timeline"]) {
    EXPECT_GE(moment["at_ms"].get<std::int64_t>(), last);
    last = moment["at_ms"].get<std::int64_t>();
    all += moment["what"].get<std::string>() + "\n";
  }
  std::size_t at = 0;
  for (const char* what : {"Release 291", "A reviewer approved", "The rollout was started",
                           "A permit was given", "reported healthy", "HALTED"}) {
    at = all.find(what, at);
    EXPECT_NE(at, std::string::npos) << what << " in order in:\n" << all;
  }
  const auto markdown = lab.send("GET", "/api/v1/incidents/" + std::to_string(lab.first) + ".md");
  EXPECT_EQ(markdown.status, 200);
  for (const char* name : {"rita", "otto", "ann ", "sven", "carl"}) {
    EXPECT_EQ(markdown.body.find(name), std::string::npos) << name << " in:\n" << markdown.body;
  }
  EXPECT_EQ(lab.get("/api/v1/incidents")["incidents"].size(), 1U);
}

TEST(Incidents, TellTheHaltHoweverMuchCameBefore) {
  Lab lab({.devices = 300, .tenants = 3, .budget = 100});
  const Digest release = lab.publish_channel("291");
  const int rollout = lab.start(release);
  lab.beat(15);
  ASSERT_GT(lab.dispatched(rollout), 200);
  ASSERT_EQ(lab.halt(rollout, release).status, 201);
  const auto timeline = lab.get("/api/v1/incidents/" + std::to_string(rollout))["timeline"];
  EXPECT_EQ(timeline.back()["what"].get<std::string>().substr(0, 7), "HALTED:") << timeline.back();
  EXPECT_LE(timeline.size(), 500U);
}

}  // namespace
}  // namespace fb::server
