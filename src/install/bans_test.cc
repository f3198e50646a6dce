// Blocked, revoked, below the floor: three refusals, and what none of them can take away.
#include "install/bans.h"

#include "install/device_test.h"

namespace fb::install {
namespace {

constexpr Instant kThen{1'899'990'000'000};

Judged revoked(const std::string& version) {
  Judged judged = Device::open();
  judged.bans.revocations.revoked = {{digest_of(version), kThen, "it can be made to run code"}};
  return judged;
}
Judged with_floor(const std::string& version) {
  Judged judged = Device::open();
  judged.bans.revocations.floors = {
      {*ComponentId::parse("sensor.channel"), version, kThen, "older ones leak"}};
  return judged;
}
Judged unblocked(const std::string& version) {
  Judged judged = Device::blocked(version);
  judged.bans.revocations.unblocked = {
      {digest_of(version), rollout_id(7), kThen, "it was a power cut"}};
  return judged;
}
// Two proved slots: 292 runs, 291 is the one before.
Device twice_updated() { return Device::provisioned().healthy("291").healthy("292"); }

struct Row {
  const char* rule;
  Judged judged;
};
std::vector<Row> three_bans() {
  return {{"blocked", Device::blocked("291")},
          {"revoked", revoked("291")},
          {"below-floor", with_floor("292")}};
}

TEST(Ban, EachRuleRefusesUnderItsOwnNameFromStagedToTasted) {
  for (const Row& row : three_bans()) {
    for (const Reach reach :
         {&Device::staged, &Device::asked, &Device::permitted, &Device::tasted}) {
      Device device = Device::provisioned();
      (device.*reach)("291");
      device.feed(row.judged);
      ASSERT_EQ(device.phase(), "refused") << row.rule;
      EXPECT_EQ(device.in<Refused>().rule, row.rule);
      EXPECT_EQ(device.newest_rule(), row.rule);
      EXPECT_FALSE(device.keeps("291")) << "its bytes stay on the disk";
    }
  }
}

TEST(Ban, IsAskedBeforeAByteIsFetched) {
  for (const Row& row : three_bans()) {
    Device device = Device::provisioned();
    const Offered offer{rollout_id(7), digest_of("291"), {}, "291", row.judged.bans};
    device.feed(offer);
    EXPECT_EQ(device.phase(), "idle") << row.rule;
    EXPECT_EQ(device.effect<Fetch>(), nullptr);
    EXPECT_EQ(device.newest_rule(), row.rule);
    EXPECT_EQ(device.feed(offer).reported(ReportKind::refused), 1) << "said once";
  }
}

TEST(Ban, StopsADownloadThatIsUnderWay) {
  for (const Judged& ban : {Device::blocked("291"), revoked("291")}) {
    Device device = Device::provisioned().offered();
    ASSERT_EQ(device.phase(), "fetching");
    device.feed(ban);
    EXPECT_EQ(device.phase(), "idle");
    EXPECT_FALSE(device.keeps("291"));
  }
}

TEST(Revoked, IsLeftEvenWhereTheCustomerKeepsWhatIsHalted) {
  Judged judged = revoked("291");
  judged.policy = policy::Policy{*TenantId::parse("acme"), 1, {}, policy::OnHalt::hold, {}};
  Device device = Device::provisioned().healthy();
  device.feed(judged).feed(Tick{});
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.lkg(), "290");
}

TEST(Revoked, StaysRevokedWhoeverResumesIt) {
  Device device = Device::provisioned().staged().feed(revoked("291"));
  device.feed(
      Offered{rollout_id(8), digest_of("291"), {rollout_id(7)}, "291", revoked("291").bans});
  EXPECT_EQ(device.phase(), "refused");
  EXPECT_EQ(device.effect<Fetch>(), nullptr);
  EXPECT_EQ(device.newest_rule(), "revoked");
}

TEST(Revoked, IsNothingToFallBackTo) {
  Device device = twice_updated();
  ASSERT_TRUE(device.keeps("291"));
  device.feed(revoked("291"));
  EXPECT_FALSE(device.keeps("291"));
  EXPECT_FALSE(device.state.previous_lkg.has_value());
  EXPECT_EQ(device.active(), "292");
}

TEST(Revoked, NeverTakesTheLastSlotEither) {
  Device device = Device::provisioned();
  device.feed(revoked("290")).feed(Tick{});
  EXPECT_EQ(device.active(), "290");
  EXPECT_EQ(device.newest_rule(), "last-slot");
}

TEST(Revoked, AtStartIsLeftBeforeItRunsAgain) {
  Device device = Device::provisioned().healthy();
  device.reboot().feed(revoked("291")).feed(Tick{});  // no spread: the workload does not run yet
  EXPECT_EQ(device.active(), "290");
}

// The thief of the online keys blocks what is good so that devices go down to what is not.
TEST(Floor, AHaltTakesNobodyBelowIt) {
  Device device = Device::provisioned().healthy("291");
  Judged judged = with_floor("291");
  judged.bans.blocked = Device::blocked("291").bans.blocked;
  device.feed(judged).feed(Tick{});
  EXPECT_EQ(device.active(), "291");
  EXPECT_EQ(device.newest_rule(), "last-slot");
}

TEST(Floor, LeavesWhatRunsAloneAndLetsADeviceHealItself) {
  Device device = Device::provisioned();
  device.feed(with_floor("291")).feed(Tick{});
  EXPECT_EQ(device.active(), "290");
  EXPECT_FALSE(device.state.revert.has_value());
  device.on_probation("291").feed(with_floor("291"));
  device.feed(Crashed{"signal 11"}).feed(Crashed{"signal 11"});
  EXPECT_EQ(device.active(), "290") << "healing comes before every list";
}

TEST(Floor, ALowerOneLetsTheReleaseIn) {
  Device device = Device::provisioned().staged().feed(with_floor("292"));
  ASSERT_EQ(device.phase(), "refused");
  device.feed(Offered{rollout_id(7), digest_of("291"), {}, "291", with_floor("280").bans});
  EXPECT_EQ(device.phase(), "fetching");
}

TEST(BlockedForOneTenant, IsLeftAndLiftedByThePublisherAloneAndByNoResume) {
  Judged alone = Device::blocked("291");
  alone.bans.blocked.front().tenants = {digest_of("the tenant of this device")};
  Device device = Device::provisioned().staged().feed(alone);
  ASSERT_EQ(device.phase(), "refused");
  EXPECT_EQ(device.newest_rule(), "blocked");
  const auto ban = find_reason_to_leave(device.state, alone.bans, digest_of("291"));
  ASSERT_TRUE(ban.has_value());
  EXPECT_EQ(ban->sentence, "rollout 7 was halted for this device's tenant alone: 7 of 10 harmed");
  EXPECT_EQ(ban->change, "the publisher's unblock");
  device.feed(Offered{rollout_id(8), digest_of("291"), {rollout_id(7)}, "291", alone.bans});
  EXPECT_EQ(device.effect<Fetch>(), nullptr) << "two people lift it for all others";
  alone.bans.revocations.unblocked = unblocked("291").bans.revocations.unblocked;
  device.feed(alone);
  device.feed(Offered{rollout_id(9), digest_of("291"), {}, "291", alone.bans});
  EXPECT_EQ(device.phase(), "fetching");
}

TEST(Unblocked, ByThePublisherALiftedBlockNoLongerStandsAndTheNextOneDoes) {
  Device device = Device::provisioned().staged().feed(Device::blocked("291"));
  ASSERT_EQ(device.phase(), "refused");
  device.feed(unblocked("291"));
  device.feed(Offered{rollout_id(8), digest_of("291"), {}, "291", unblocked("291").bans});
  EXPECT_EQ(device.phase(), "fetching");
  Judged again = unblocked("291");
  again.bans.blocked.push_back({digest_of("291"), rollout_id(9), {}, "it was no power cut"});
  EXPECT_EQ(device.feed(again).phase(), "idle");
  EXPECT_EQ(device.newest_rule(), "blocked");
}

TEST(Unblocked, DoesNotForgetWhatTheDeviceFoundOutByItself) {
  Device device = Device::provisioned().rolled_back();
  device.feed(FellBack{}).feed(unblocked("291"));
  device.feed(Offered{rollout_id(8), digest_of("291"), {}, "291", unblocked("291").bans});
  EXPECT_EQ(device.effect<Fetch>(), nullptr);
  EXPECT_EQ(device.newest_rule(), "rejected");
}

TEST(Halt, APlanToGoToASlotThatIsBannedMeanwhileIsMadeAnew) {
  Judged halt = Device::blocked("292");
  halt.spread = minutes(5);
  Device device = twice_updated().feed(halt);
  ASSERT_EQ(device.state.revert->to.version, "291");
  halt.bans.revocations.revoked = revoked("291").bans.revocations.revoked;
  device.feed(halt).wait(minutes(5)).feed(Tick{});
  EXPECT_EQ(device.active(), "292") << "291 is revoked, and nothing else is left";
}

// A list of bans that is signed and withheld counts as a ban of everything new.
TEST(Readiness, WaitsWhileAListOfBansCannotBeHad) {
  Judged blind = Device::open();
  blind.missing = "trust/revoked.json is signed and cannot be had";
  Device device = Device::provisioned().staged().feed(blind);
  EXPECT_EQ(device.phase(), "deferred");
  EXPECT_EQ(device.newest_rule(), "bans-unknown");
  EXPECT_TRUE(device.feed(Device::open()).in<Staged>().ready);
}

}  // namespace
}  // namespace fb::install
