#include "install/step.h"
#include "base/limits.h"

#include "install/device_test.h"

namespace fb::install {
namespace {

TEST(InstallStep, GoesFromOfferToLastKnownGood) {
  Device device = Device::provisioned();
  device.offered();
  EXPECT_EQ(device.phase(), "fetching");
  ASSERT_NE(device.effect<Fetch>(), nullptr);
  device.feed(Fetched{Device::candidate("291"), {}}).feed(Device::open());
  EXPECT_TRUE(device.in<Staged>().ready);
  device.feed(Invited{rollout_id(7), digest_of("291"), "nonce-1"});
  ASSERT_NE(device.effect<AskPermit>(), nullptr);
  device.feed(PermitGranted{"nonce-1", seconds(60)});
  ASSERT_NE(device.effect<Taste>(), nullptr);
  device.feed(TasteEnded{digest_of("291"), Trial::passed, "fine", "nonce-2"});
  EXPECT_EQ(device.effect<AskPermit>()->purpose, statement::Purpose::renew);
  device.feed(PermitGranted{"nonce-2", seconds(60)});
  EXPECT_EQ(device.effect<Activate>()->release, digest_of("291"));
  device.feed(Switched{});
  ASSERT_NE(device.effect<RestartWorkload>(), nullptr);
  EXPECT_EQ(device.active(), "291");
  device.wait(minutes(1)).feed(ProbePassed{});
  EXPECT_EQ(device.phase(), "healthy");
  EXPECT_EQ(device.lkg(), "291");
  EXPECT_EQ(device.state.previous_lkg->version, "290");
}

// ---- Traps that other systems fell into ----

TEST(Trap, LastKnownGoodIsNotOverwrittenByAnUnprovenVersion) {
  Device device = Device::provisioned().on_probation();
  EXPECT_EQ(device.lkg(), "290");
  device.feed(ProbePassed{}).wait(seconds(59)).feed(ProbePassed{}).feed(Tick{});
  EXPECT_EQ(device.lkg(), "290");
  EXPECT_TRUE(device.keeps("290"));
  device.wait(seconds(1)).feed(Tick{});
  EXPECT_EQ(device.lkg(), "291");
}

TEST(Trap, ADeviceThatRolledBackDoesNotTakeTheSameReleaseAgain) {
  Device device = Device::provisioned().rolled_back().feed(FellBack{});
  device.feed(Offered{rollout_id(8), digest_of("291"), {}});
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.effect<Fetch>(), nullptr);
  EXPECT_EQ(device.newest_rule(), "rejected");
  device.feed(Offered{rollout_id(8), digest_of("291"), {rollout_id(7)}});
  EXPECT_EQ(device.phase(), "fetching") << "a rollout that two people resumed is another matter";
}

TEST(Trap, LosingTheServerAfterAnUpdateIsNoReasonToRollBack) {
  Device device = Device::provisioned().on_probation();
  for (int i = 0; i < 50; ++i) device.wait(minutes(10)).feed(Tick{});
  EXPECT_EQ(device.phase(), "probation");
  device.feed(ProbePassed{});
  EXPECT_EQ(device.phase(), "healthy");
  EXPECT_EQ(device.active(), "291");
}

TEST(Trap, TheBadFileDoesNotStayOnDiskAfterTheRevert) {
  Device device = Device::provisioned().rolled_back();
  ASSERT_NE(device.effect<FallBack>(), nullptr);
  EXPECT_EQ(device.effect<FallBack>()->to, digest_of("290"));
  EXPECT_EQ(device.effect<Prune>(), nullptr) << "it may still be running";
  device.feed(FellBack{});
  ASSERT_NE(device.effect<Prune>(), nullptr);
  EXPECT_FALSE(device.keeps("291"));
  EXPECT_TRUE(device.keeps("290"));
}

TEST(Trap, SuccessIsReportedOnlyAfterProbation) {
  Device device = Device::provisioned().on_probation();
  device.wait(seconds(59)).feed(ProbePassed{});
  EXPECT_EQ(device.reported(ReportKind::healthy), 0);
  device.wait(seconds(1)).feed(ProbePassed{});
  EXPECT_EQ(device.reported(ReportKind::healthy), 1);
}

TEST(Trap, ARestartLoopingWorkloadDoesNotBlockTheUpdateThatMendsIt) {
  Device device = Device::provisioned();
  const auto crash = [&] { device.feed(Crashed{"signal 11"}); };
  crash();
  device.offered();
  crash();
  device.feed(Fetched{Device::candidate("291"), {}}).feed(Device::open());
  crash();
  device.feed(Invited{rollout_id(7), digest_of("291"), "nonce-1"});
  crash();
  device.feed(PermitGranted{"nonce-1", seconds(60)});
  crash();
  device.feed(TasteEnded{digest_of("291"), Trial::passed, "fine", "nonce-2"});
  crash();
  device.feed(PermitGranted{"nonce-2", seconds(60)}).feed(Switched{});
  EXPECT_EQ(device.phase(), "probation");
  EXPECT_EQ(device.in<Probation>().crashes, 0);
  EXPECT_EQ(device.reported(ReportKind::crashed), 1) << "the loop is told once";
}

// ---- Permits ----

TEST(Permit, AnExpiredPermitNeverStartsAnything) {
  Device device = Device::provisioned().asked();
  device.wait(seconds(60)).feed(PermitGranted{"nonce-1", seconds(60)});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_EQ(device.effect<Taste>(), nullptr);
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1);

  device = Device::provisioned().tasted();
  device.wait(seconds(60)).feed(PermitGranted{"nonce-2", seconds(60)});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_EQ(device.effect<Activate>(), nullptr);
}

TEST(Permit, CountsFromAskingAndNeverLongerThanTheFreshnessInterval) {
  Device device = Device::provisioned().asked();
  const Uptime asked = device.now.uptime;
  device.wait(seconds(20)).feed(PermitGranted{"nonce-1", hours(5)});
  EXPECT_EQ(device.in<Permitted>().until, asked + limits::kFreshness);
}

TEST(Permit, ThatRanOutDuringTheTrialIsHandedBack) {
  Device device = Device::provisioned().permitted();
  device.wait(seconds(61)).feed(TasteEnded{digest_of("291"), Trial::passed, "fine", "nonce-2"});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1);
}

TEST(Permit, WithAnotherNonceIsIgnored) {
  Device device = Device::provisioned().asked();
  device.feed(PermitGranted{"nonce-9", seconds(60)});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_TRUE(device.in<Staged>().ask.has_value());
}

TEST(Permit, IsAskedAgainWithTheSameNonceWhileItsAnswerCouldCount) {
  Device device = Device::provisioned().asked();
  device.wait(seconds(2)).feed(Tick{});
  ASSERT_NE(device.effect<AskPermit>(), nullptr);
  EXPECT_EQ(device.effect<AskPermit>()->nonce, "nonce-1");
  device.feed(Invited{rollout_id(7), digest_of("291"), "nonce-5"});
  EXPECT_EQ(device.effect<AskPermit>()->nonce, "nonce-1");
  device.wait(seconds(60)).feed(Tick{});
  EXPECT_FALSE(device.in<Staged>().ask.has_value());
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1) << "perhaps it was granted";
}

TEST(Permit, DoesNotOutliveAReboot) {
  for (const Reach reach : {&Device::asked, &Device::permitted, &Device::tasted}) {
    Device device = Device::provisioned();
    (device.*reach)("291");
    device.reboot();
    EXPECT_EQ(device.phase(), "staged");
    EXPECT_FALSE(device.in<Staged>().ask.has_value());
    EXPECT_EQ(device.reported(ReportKind::handed_back), 1);
  }
}

TEST(Permit, DeniedIsKeptForExplain) {
  Device device = Device::provisioned().asked();
  device.feed(PermitDenied{"nonce-1", "no-place", "12 of 12 places are taken"});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_EQ(device.newest_rule(), "no-place");
  EXPECT_NE(device.state.decisions.back().sentence.find("12 of 12"), std::string::npos);
}

// ---- Trial ----

TEST(Taste, FailedIsRefusedForGoodAndNoHarm) {
  Device device = Device::provisioned().permitted();
  device.feed(TasteEnded{digest_of("291"), Trial::failed, "signal 11", "nonce-2"});
  EXPECT_EQ(device.phase(), "refused");
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.reported(ReportKind::install_failed), 1);
  EXPECT_FALSE(device.keeps("291"));
  device.offered();
  EXPECT_EQ(device.phase(), "refused");
}

TEST(Taste, ThatKillsTheMachineIsRefusedTheThirdTime) {
  Device device = Device::provisioned().permitted();
  for (const char* phase : {"staged", "staged", "refused"}) {
    device.reboot();
    EXPECT_EQ(device.phase(), phase);
    if (device.phase() != "staged") break;
    device.feed(Device::open())
        .feed(Invited{rollout_id(7), digest_of("291"), "n"})
        .feed(PermitGranted{"n", seconds(60)});
  }
}

TEST(Taste, ThatCouldNotRunIsHandedBack) {
  Device device = Device::provisioned().permitted();
  device.feed(TasteEnded{digest_of("291"), Trial::could_not_run, "no such program", "nonce-2"});
  EXPECT_EQ(device.phase(), "staged");
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1);
}

// ---- Probation ----

TEST(Probation, RollsBackWithoutAnybodyWhenItCrashesOnceTooOften) {
  Device device = Device::provisioned().on_probation();
  device.feed(Crashed{"signal 11"});
  EXPECT_EQ(device.phase(), "probation");
  EXPECT_EQ(device.reported(ReportKind::crashed), 1);
  device.feed(Crashed{"signal 11"});
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.reported(ReportKind::crashed), 1);
  EXPECT_EQ(device.reported(ReportKind::rolled_back), 1);
}

TEST(Probation, RollsBackWhenTheProbeFailsOnceTooOftenInARow) {
  Device device = Device::provisioned().on_probation();
  device.feed(ProbeFailed{"no answer"}).feed(ProbeFailed{"no answer"}).feed(ProbePassed{});
  device.feed(ProbeFailed{"no answer"}).feed(ProbeFailed{"no answer"});
  EXPECT_EQ(device.phase(), "probation");
  device.feed(ProbeFailed{"no answer"});
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.reported(ReportKind::probe_failed), 1);
}

TEST(Probation, DoesNotEndWhileTheProbeFails) {
  Device device = Device::provisioned().on_probation();
  device.feed(ProbePassed{}).wait(minutes(2)).feed(ProbeFailed{"no answer"}).feed(Tick{});
  EXPECT_EQ(device.phase(), "probation");
  device.feed(ProbePassed{});
  EXPECT_EQ(device.phase(), "healthy");
}

TEST(Probation, TheThirdStartWithoutAPassedProbeRollsBackFirst) {
  Device device = Device::provisioned().on_probation();
  EXPECT_EQ(device.reboot().phase(), "probation");
  EXPECT_EQ(device.reboot().phase(), "probation");
  device.reboot();
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.effect<FallBack>()->to, digest_of("290"));
  EXPECT_EQ(device.reported(ReportKind::boot_loop), 1);
}

TEST(Probation, APassedProbeEndsTheCountOfStarts) {
  Device device = Device::provisioned().on_probation();
  for (int i = 0; i < 5; ++i) {
    device.reboot();
    device.wait(seconds(30)).feed(ProbePassed{});
  }
  EXPECT_EQ(device.phase(), "probation");
}

TEST(Probation, AProbeThatPassesJustAfterEachStartDoesNotKeepABootLoopAlive) {
  Device device = Device::provisioned().on_probation();
  for (int i = 0; i < 3; ++i) {
    device.wait(seconds(2)).feed(ProbePassed{});
    device.reboot();
  }
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.reported(ReportKind::boot_loop), 1);
}

TEST(Probation, ASwitchThatWasFoundTurnedBackIsARollBack) {
  Device device = Device::provisioned().on_probation();
  device.linked = digest_of("290");
  device.restart();
  EXPECT_EQ(device.phase(), "rolled-back");
}

TEST(Probation, WithNothingBeforeItRollsBackToNothing) {
  Device device;
  device.feed(Recovered{device.boot, {}}).rolled_back();
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.effect<FallBack>()->to, std::nullopt);
}

// ---- Power cuts ----

TEST(PowerCut, WhileActivatingFollowsTheSwitch) {
  Device device = Device::provisioned().activating();
  Device before = device;
  before.linked = digest_of("290");
  EXPECT_EQ(before.restart().phase(), "staged");
  EXPECT_EQ(device.restart().phase(), "probation");
  EXPECT_EQ(device.in<Probation>().starts, 1);
}

TEST(PowerCut, WhileActivatingFallsBackAfterARebootSinceNoPermitOutlivesIt) {
  Device device = Device::provisioned().activating();
  ASSERT_EQ(device.linked, digest_of("291"));
  EXPECT_EQ(device.reboot().phase(), "staged");
  ASSERT_NE(device.effect<FallBack>(), nullptr);
  EXPECT_EQ(device.effect<FallBack>()->to, digest_of("290"));
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1);
}

// ---- A lost state file ----

TEST(LostState, AdoptsTheWholeSlotThatTheSwitchShows) {
  Device device;
  const Slot slot{digest_of("290"), "290"};
  device.feed(Recovered{device.boot, slot.release, slot, 0});
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.lkg(), "290");
  EXPECT_EQ(device.effect<FallBack>(), nullptr);
  EXPECT_TRUE(device.keeps("290"));
}

TEST(LostState, NeverRemovesTheSwitchOrASlotThatItCannotVerify) {
  Device device;
  device.feed(Recovered{device.boot, digest_of("290"), {}, 0});
  EXPECT_EQ(device.effect<FallBack>(), nullptr);
  EXPECT_EQ(device.effect<Prune>(), nullptr);
  EXPECT_EQ(device.newest_rule(), "unknown-slot");
}

TEST(LostState, ReportsGoOnAfterTheLastNumberThatTheOutboxTook) {
  Device device;
  const Slot slot{digest_of("290"), "290"};
  device.feed(Recovered{device.boot, slot.release, slot, 17}).staged();
  ASSERT_FALSE(device.state.reports.empty());
  EXPECT_EQ(device.state.reports.front().number, 18U);
}

TEST(PowerCut, WhileGoingBackGoesOnGoingBack) {
  Device device = Device::provisioned().rolled_back();
  device.reboot();
  ASSERT_NE(device.effect<FallBack>(), nullptr);
  EXPECT_EQ(device.effect<FallBack>()->to, digest_of("290"));
  EXPECT_TRUE(device.keeps("291")) << "until the way back is finished";
}

TEST(PowerCut, WhileFetchingFetchesOn) {
  Device device = Device::provisioned().offered();
  device.reboot();
  ASSERT_NE(device.effect<Fetch>(), nullptr);
  EXPECT_EQ(device.effect<Fetch>()->release, digest_of("291"));
}

TEST(PowerCut, ALostSwitchIsTurnedToWhatTheStateSays) {
  Device device = Device::provisioned();
  device.linked.reset();
  device.restart();
  ASSERT_NE(device.effect<FallBack>(), nullptr);
  EXPECT_EQ(device.effect<FallBack>()->to, digest_of("290"));
}

// ---- Halts ----

TEST(Halt, RefusesWhatIsStaged) {
  for (const Reach reach : {&Device::staged, &Device::asked, &Device::permitted, &Device::tasted}) {
    Device device = Device::provisioned();
    (device.*reach)("291");
    device.feed(Device::blocked("291"));
    EXPECT_EQ(device.phase(), "refused");
    EXPECT_EQ(device.in<Refused>().rule, "blocked");
    EXPECT_EQ(device.active(), "290");
  }
}

TEST(Halt, TakesAHealthyDeviceBackToTheSlotBefore) {
  Device device = Device::provisioned().healthy();
  device.feed(Device::blocked("291"));
  ASSERT_TRUE(device.state.revert.has_value());
  device.feed(Tick{});
  EXPECT_EQ(device.phase(), "rolled-back");
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.lkg(), "290");
  EXPECT_EQ(device.reported(ReportKind::reverted_on_halt), 1);
  EXPECT_EQ(device.reported(ReportKind::rolled_back), 0) << "ordered, so it is no harm";
}

TEST(Halt, SpreadsTheWayBack) {
  Judged halt = Device::blocked("291");
  halt.spread = minutes(5);
  Device device = Device::provisioned().healthy();
  device.feed(halt).feed(Tick{});
  const Millis delay = revert_delay(halt.device, digest_of("291"), halt.spread);
  ASSERT_GT(delay, seconds(1));
  EXPECT_EQ(device.phase(), "healthy");
  device.wait(delay - milliseconds(1)).feed(Tick{});
  EXPECT_EQ(device.phase(), "healthy");
  device.wait(milliseconds(1)).feed(Tick{});
  EXPECT_EQ(device.phase(), "rolled-back");
}

TEST(Halt, NeverTakesTheLastSlot) {
  Device device = Device::provisioned();
  device.feed(Device::blocked("290")).feed(Tick{});
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.newest_rule(), "last-slot");
}

TEST(Halt, LeavesWhatTheCustomerWantsToKeep) {
  Judged halt = Device::blocked("291");
  halt.policy = policy::Policy{*TenantId::parse("acme"), 1, {}, policy::OnHalt::hold, {}};
  Device device = Device::provisioned().healthy();
  device.feed(halt).feed(Tick{});
  EXPECT_EQ(device.active(), "291");
  EXPECT_EQ(device.newest_rule(), "on-halt");
}

TEST(Halt, LiftedByTwoPeopleNoLongerBlocks) {
  Device device = Device::provisioned().staged().feed(Device::blocked("291"));
  ASSERT_EQ(device.phase(), "refused");
  device.feed(Offered{rollout_id(8), digest_of("291"), {rollout_id(7)}})
      .feed(Fetched{Device::candidate("291"), {}});
  device.feed(Device::blocked("291", 7));
  EXPECT_TRUE(device.in<Staged>().ready);
  device.feed(Device::blocked("291", 8));
  EXPECT_EQ(device.phase(), "refused") << "the next halt is another one";
}

// ---- What this device allows ----

struct HindranceCase {
  const char* rule;
  Judged judged;
};

TEST(Halt, AResumeForgetsTheDevicesOwnRejectionOnce) {
  Device device = Device::provisioned().rolled_back();
  device.feed(FellBack{});
  const Offered resumed{rollout_id(8), digest_of("291"), {rollout_id(7)}};
  EXPECT_EQ(device.feed(resumed).phase(), "fetching");
  Candidate again = Device::candidate("291");
  again.rollout = rollout_id(8);
  device.feed(Fetched{again, {}}).feed(Device::open());
  device.feed(Invited{rollout_id(8), digest_of("291"), "nonce-1"});
  device.feed(PermitGranted{"nonce-1", seconds(60)});
  device.feed(TasteEnded{digest_of("291"), Trial::failed, "signal 11", "nonce-2"});
  ASSERT_EQ(device.phase(), "refused");
  EXPECT_EQ(device.feed(resumed).phase(), "refused") << "two people did not lift what came later";
}

TEST(Readiness, WaitsWhileTheClockCannotBeRight) {
  Device device = Device::provisioned().staged();
  Judged doubtful = Device::open();
  doubtful.clock = "this device's clock says 1970";
  EXPECT_EQ(device.feed(doubtful).phase(), "deferred");
  EXPECT_EQ(device.newest_rule(), "clock_doubtful");
  EXPECT_EQ(device.feed(Device::open()).phase(), "staged");
}

TEST(Readiness, NamesTheRuleThatHinders) {
  const auto with = [](auto change) {
    Judged judged = Device::open();
    change(judged);
    return judged;
  };
  const auto policy_with = [](policy::Rule rule) {
    return policy::Policy{
        *TenantId::parse("acme"), 1, {}, policy::OnHalt::revert, {std::move(rule)}};
  };
  const Instant wall = Device().now.wall;
  const HindranceCase cases[] = {
      {"contract",
       with([](Judged& j) { j.contract = {"reads field 21 of ipc; engine 7.11 supplies 20"}; })},
      {"policy:quarter-end", with([&](Judged& j) {
         j.policy =
             policy_with({"quarter-end", "*", policy::Freeze{wall, wall + hours(1)}, {}, {}});
       })},
      {"policy:slow", with([&](Judged& j) {
         j.policy = policy_with({"slow", "sensor.*", {}, hours(4), {}});
       })},
      {"policy:pin", with([&](Judged& j) {
         j.policy = policy_with({"pin", "sensor.channel", {}, {}, "290"});
       })},
      {"speed-limit", with([](Judged& j) { j.limits.reset(); })},
      {"speed-limit", with([](Judged& j) {
         j.limits->rules.front().steps = {{hours(2), 1'000'000}};
       })},
      {"speed-limit", with([](Judged& j) {
         j.limits->rules.front().steps = {{{0}, 0}};
       })},
      {"one-at-a-time", with([](Judged& j) { j.busy = "sensor.engine is being changed"; })},
  };
  for (const auto& [rule, judged] : cases) {
    for (const Reach reach :
         {&Device::staged, &Device::asked, &Device::permitted, &Device::tasted}) {
      Device device = Device::provisioned();
      (device.*reach)("291");
      device.feed(judged);
      ASSERT_EQ(device.phase(), "deferred") << rule;
      EXPECT_EQ(device.in<Deferred>().rule, rule);
      EXPECT_FALSE(device.state.decisions.back().change.empty()) << rule;
      EXPECT_EQ(device.reported(ReportKind::handed_back), reach == &Device::staged ? 0 : 1) << rule;
      device.feed(Device::open());
      EXPECT_TRUE(device.in<Staged>().ready) << rule << ": opens again by itself";
    }
  }
}

TEST(Readiness, CountsTheSpeedLimitInAwakeTimeAcrossReboots) {
  Judged slow = Device::open();
  slow.limits->rules.front().steps = {{hours(2), 1'000'000}};
  Device device = Device::provisioned().staged();
  device.feed(slow).wait(hours(1)).feed(Tick{});
  device.now.wall = device.now.wall + days(30);  // switched off: not awake
  device.reboot().wait(minutes(59)).feed(slow);
  EXPECT_EQ(device.phase(), "deferred");
  device.wait(minutes(1)).feed(slow);
  EXPECT_EQ(device.phase(), "staged");
}

TEST(Readiness, SaysTheSameThingOnce) {
  Judged busy = Device::open();
  busy.busy = "sensor.engine is being changed";
  Device device = Device::provisioned().staged().feed(busy);
  const State before = device.state;
  device.wait(seconds(10)).feed(busy);
  EXPECT_EQ(device.state, before);
}

TEST(Fetching, SomethingElseThanTheSignedBytesIsReportedAndNotTakenForTheRelease) {
  Device device = Device::provisioned().offered();
  device.feed(FetchFailed{digest_of("291"), "digest mismatch", "digest"});
  EXPECT_EQ(device.phase(), "idle");
  EXPECT_EQ(device.reported(ReportKind::refused), 1);
  device.offered();
  EXPECT_EQ(device.phase(), "fetching") << "a bad mirror says nothing about the release";
}

TEST(Offers, ANewerReleaseReplacesTheOneThatWaits) {
  Device device = Device::provisioned().asked();
  device.offered("292");
  EXPECT_EQ(device.in<Fetching>().release, digest_of("292"));
  EXPECT_EQ(device.reported(ReportKind::handed_back), 1);
}

TEST(Offers, WaitWhileAnotherReleaseIsBeingInstalled) {
  for (const Reach reach :
       {&Device::permitted, &Device::tasted, &Device::activating, &Device::on_probation}) {
    Device device = Device::provisioned();
    (device.*reach)("291");
    const std::string before = device.phase();
    device.offered("292");
    EXPECT_EQ(device.phase(), before);
  }
}

TEST(Memory, EveryListIsBoundedAndStaysWritable) {
  Device device = Device::provisioned();
  for (int i = 0; i < 600; ++i) {
    const Digest release = digest_of(std::to_string(i));
    device.feed(Offered{rollout_id(7), release, {}});
    device.feed(
        FetchFailed{release, "bad " + std::to_string(i) + std::string(5000, '\xff'), "digest"});
  }
  EXPECT_LE(device.state.decisions.size(), kDecisions);
  EXPECT_LE(device.state.reports.size(), kReports);
  EXPECT_LE(device.state.seen.size(), kSightings);
  const auto decoded = decode_state(encode(device.state));
  ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
  EXPECT_EQ(*decoded, device.state);
}

TEST(Memory, AOneWayReleaseLeavesNothingToGoBackTo) {
  Candidate candidate = Device::candidate("291");
  candidate.one_way = true;
  Device device = Device::provisioned().offered().feed(Fetched{candidate, {}}).feed(Device::open());
  device.feed(Invited{rollout_id(7), digest_of("291"), "a"}).feed(PermitGranted{"a", seconds(60)});
  device.feed(TasteEnded{digest_of("291"), Trial::passed, "", "b"})
      .feed(PermitGranted{"b", seconds(60)});
  device.feed(Switched{}).wait(minutes(1)).feed(ProbePassed{});
  EXPECT_FALSE(device.state.previous_lkg.has_value());
  device.feed(Device::blocked("291")).feed(Tick{});
  EXPECT_EQ(device.active(), "291");
}

}  // namespace
}  // namespace fb::install
