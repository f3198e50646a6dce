// A device behind an air gap: what it takes from a bundle, and what it refuses although somebody
// carried it there. The server is off in all of it.
#include <gtest/gtest.h>

#include "agent/device_world_test.h"
#include "release/mark.h"

namespace fb::agent {
namespace {

using bundle::Files;

const std::string kStick = "/media/site.bundle";

// Engine 7.11 and channel 290 run; 291 is published, and marked unless the test says otherwise.
struct Site : World {
  explicit Site(bool with_policy = false) {
    if (with_policy) policy_key = customer.key();
    config.air_gapped = AirGapped{days(14)};
    config.server.clear();
    provision();
    server.down = true;
    release = publish_channel("291");
    mark("291");
  }
  void mark(const std::string& version) {
    repository.targets["content"]
        .targets.at("content/sensor.channel/" + version + ".manifest.json")
        .custom = encode(release::ReleasedMark{clock.wall()});
    release_all();
  }
  // What an exporter makes of the repository now.
  [[nodiscard]] Files files_of(const std::string& version, const Digest& which,
                               const std::vector<std::uint64_t>& seen = {},
                               const std::vector<statement::Envelope>& acts = {},
                               const std::vector<bundle::TenantsWord>& tenants = {}) {
    audit::LogSimulator& shown = server.log;
    const std::uint64_t at = shown.append("release", {{"release", which.text()}}, clock.wall());
    shown.append("report", {{"number", 1}}, clock.wall());
    bundle::Index index{shown.checkpoint(), {}, {bundle::carried_in(shown, at, version, which)}};
    index.releases.front().acts = acts;
    index.tenants = tenants;
    for (const std::uint64_t size : seen)
      index.continues.push_back({size, shown.consistency(size)});
    index.continues.push_back({shown.size(), {}});
    Files out = bundle::metadata_files(repository);
    for (const auto& [name, bytes] : server.targets) out["targets/" + name] = bytes;
    out[std::string(bundle::kIndexName)] = bundle::encode(index);
    return out;
  }
  [[nodiscard]] std::string hashed_manifest(const std::string& version) {
    const std::string path = "content/sensor.channel/" + version + ".manifest.json";
    const auto digest = repository.targets["content"].targets.at(path).sha256();
    return tuf::hashed_name(path, digest->hex());
  }
  [[nodiscard]] std::string bundle_291() { return bundle::packed(files_of("291", release)); }

  json::Value ask(const std::string& question) { return *json::parse(agent->answer(question)); }
  // What the command line shows in the end.
  json::Value install(const std::string& bytes, Millis time = minutes(1)) {
    sticks[kStick] = bytes;
    const json::Value begun = ask(json::compact({{"ask", "install"}, {"bundle", kStick}}));
    EXPECT_FALSE(begun.contains("error")) << begun;
    run_for(time);
    return ask(R"({"ask":"bundle"})");
  }
  // The rule by which the bundle, or the first release in it, was refused; "": it was not.
  [[nodiscard]] static std::string refused(const json::Value& seen) {
    if (seen.contains("refused")) return seen.at("refused").at("rule").get<std::string>();
    if (seen.at("releases").empty()) return "nothing";
    return seen.at("releases").at(0).at("rule").get<std::string>();
  }
  [[nodiscard]] bool untouched() const {
    return active() == "290" && !on_disk(release) &&
           std::none_of(sandbox.commands.begin(), sandbox.commands.end(),
                        [](const port::Command& command) { return command.argv.at(0) == "taste"; });
  }
  void freeze(Instant until) { rule(frozen(until - clock.wall())); }
  // Laid out by local root, as version 3.
  void rule(const policy::Rule& rule) {
    FB_CHECK(files
                 .write_atomic(layout::kPolicy,
                               json::compact(statement::encode(policy(3, {rule}, customer))))
                 .ok());
    FB_CHECK(start().ok());
  }
  [[nodiscard]] statement::Envelope policy(std::int64_t version,
                                           const std::vector<policy::Rule>& rules,
                                           const tuf::TestSigner& signer,
                                           const char* tenant = "acme") const {
    const policy::Policy said{*TenantId::parse(tenant), version, clock.wall(),
                              policy::OnHalt::revert, rules};
    return *statement::seal(statement::kPolicyType, encode(said), signer);
  }
  [[nodiscard]] statement::Envelope rotation(std::int64_t version, const tuf::TestSigner& from,
                                             const tuf::TestSigner& to) const {
    const policy::KeyRotation what{*TenantId::parse("acme"), version, clock.wall(), to.key()};
    const auto one = *statement::seal(policy::kPolicyKeyType, encode(what), from);
    return *statement::add_signature(one, to);
  }
  [[nodiscard]] policy::Rule frozen(Millis span) const {
    return {"quarter-end", "sensor.*", policy::Freeze{clock.wall(), clock.wall() + span}, {}, {}};
  }
  // The release, and what acme says to its devices.
  json::Value install_with(const std::vector<statement::Envelope>& rotations,
                           const std::optional<statement::Envelope>& said,
                           const char* tenant = "acme") {
    std::vector<std::uint64_t> seen;
    if (server.log.size() > 0) seen.push_back(server.log.size());
    return install(bundle::packed(
        files_of("291", release, seen, {}, {{*TenantId::parse(tenant), rotations, said}})));
  }

  tuf::TestSigner customer{"customer"};
  Digest release;
};

TEST(Bundle, IsTakenAllTheWayToLastKnownGoodWithoutAServer) {
  Site site;
  site.server.requests.clear();
  const json::Value seen = site.install(site.bundle_291(), seconds(1));
  EXPECT_EQ(seen.at("settled"), true) << seen;
  EXPECT_EQ(seen.at("releases").at(0).at("state"), "probation") << seen;
  EXPECT_EQ(seen.at("releases").at(0).at("active"), true);
  ASSERT_TRUE(site.run_until("healthy")) << site.agent->last_trouble();
  EXPECT_EQ(site.active(), "291");
  EXPECT_EQ(site.lkg(), "291");
  EXPECT_NE(site.explained("permitted").find("its released mark permits 291"), std::string::npos);
  EXPECT_NE(site.explained("tasted"), "") << "tried in a process that may die, as ever";
  EXPECT_TRUE(site.server.requests.empty()) << "nobody was asked";
  EXPECT_EQ(Site::refused(site.install(site.sticks.at(kStick))), "") << "handed in once more";
}

TEST(Bundle, GoesBackByItselfWhenItsReleaseCrashes) {
  Site site;
  (void)site.install(site.bundle_291(), seconds(1));
  ASSERT_EQ(site.active(), "291");
  site.crash();
  site.run_for(seconds(30));
  site.crash();
  site.run_for(seconds(30));
  EXPECT_EQ(site.active(), "290");
  const json::Value again = site.install(site.sticks.at(kStick));
  EXPECT_EQ(again.at("releases").at(0).at("active"), false);
  EXPECT_EQ(site.active(), "290") << "what failed here is not taken again";
  EXPECT_NE(site.explained("rejected"), "");
}

TEST(Bundle, WithoutTheReleasedMarkStartsNothing) {
  Site site;
  site.repository.targets["content"].targets.at("content/sensor.channel/291.manifest.json").custom =
      nullptr;
  site.release_all();
  EXPECT_EQ(Site::refused(site.install(site.bundle_291())), "not-released");
  EXPECT_TRUE(site.untouched());
  EXPECT_NE(site.explained("not-released"), "");
}

TEST(Bundle, StartsNothingWhereLocalRootDidNotSetAirGappedMode) {
  Site site;
  site.config.air_gapped.reset();
  site.config.server = "http://server";
  ASSERT_TRUE(site.start().ok());
  EXPECT_EQ(Site::refused(site.install(site.bundle_291())), "forbidden");
  EXPECT_TRUE(site.untouched());
}

// A mark is no permit where there is a server to ask: a rollout's release waits for one.
TEST(Bundle, OfAMarkedReleaseGivesAServersRolloutNoPermit) {
  Site site;
  site.config.server = "http://server";
  site.server.down = false;
  ASSERT_TRUE(site.start().ok());
  site.server.denial = wire::Denial{"no-place", "12 of 12 places are taken", seconds(1)};
  site.start_rollout(7, site.release, "291");
  site.run_for(minutes(2));
  EXPECT_EQ(site.phase(), "staged");
  EXPECT_EQ(site.active(), "290");
}

TEST(Bundle, ThatWasOnItsWayForTooLongIsRefused) {
  for (const auto& [age, rule] : {std::pair{days(14), ""}, std::pair{days(16), "clock_doubtful"}}) {
    Site site;
    site.repository.timestamp.expires = site.clock.wall() + days(1);
    site.repository.snapshot.expires = site.clock.wall() + days(7);
    site.repository.targets["rollouts"].expires = site.clock.wall() + days(7);
    site.release_all();
    const std::string bytes = site.bundle_291();
    site.clock.set_wall(site.clock.wall() + age);
    EXPECT_EQ(Site::refused(site.install(bytes)), rule) << age.ms;
    EXPECT_EQ(site.active(), *rule == '\0' ? "291" : "290");
  }
}

// Nobody behind the gap says what time it is, but the mark that was signed.
TEST(Bundle, TellsADeviceThatItsClockStandsYearsBehind) {
  Site site;
  const Instant right = site.clock.wall();
  site.clock.set_wall(right - days(4000));
  (void)site.install(site.bundle_291());
  EXPECT_EQ(site.active(), "290");
  EXPECT_NE(site.explained("clock_doubtful"), "");
  site.clock.set_wall(right + minutes(3));
  site.run_for(minutes(2));
  EXPECT_EQ(site.active(), "291") << site.agent->last_trouble();
}

TEST(Bundle, ThatIsTakenEndsTheTroubleOfTheOneThatWasNot) {
  Site site;
  EXPECT_EQ(Site::refused(site.install("no bundle")), "malformed");
  EXPECT_NE(site.agent->last_trouble(), "");
  EXPECT_EQ(Site::refused(site.install(site.bundle_291())), "");
  EXPECT_EQ(site.agent->last_trouble(), "");
}

// The content role's own signature has to hold now, however long the courier took.
TEST(Bundle, WhoseContentRoleRanOutIsRefused) {
  Site site;
  site.repository.targets["content"].expires = site.clock.wall() + days(2);
  site.release_all();
  const std::string bytes = site.bundle_291();
  site.clock.set_wall(site.clock.wall() + days(3));
  EXPECT_EQ(Site::refused(site.install(bytes)), "stale");
  EXPECT_TRUE(site.untouched());
}

TEST(Bundle, ThatIsOlderThanTheLastOneIsAReplay) {
  Site site;
  const std::string old = site.bundle_291();
  site.release_all();
  ASSERT_EQ(Site::refused(site.install(site.bundle_291())), "");
  EXPECT_EQ(Site::refused(site.install(old)), "rolled_back");
}

TEST(Bundle, NobodyIsTakenBackByACourier) {
  Site site;
  ASSERT_EQ(Site::refused(site.install(site.bundle_291(), minutes(5))), "");
  ASSERT_EQ(site.active(), "291");
  site.mark("290");  // as it may well be
  const std::uint64_t seen = site.server.log.size();
  const Digest older = crypto::sha256(site.server.targets.at(site.hashed_manifest("290")));
  EXPECT_EQ(Site::refused(site.install(bundle::packed(site.files_of("290", older, {seen})))),
            "older-version");
  EXPECT_EQ(site.active(), "291");
}

TEST(Bundle, WhatItBansStopsItsOwnRelease) {
  struct Case {
    const char* rule;
    std::function<void(Site&)> ban;
  };
  const Case cases[] = {
      {"revoked",
       [](Site& s) {
         s.revoke({{{s.release, tuf::kTestNow, "leaks"}}, {}, {}});
       }},
      {"blocked", [](Site& s) { s.halt(7, s.release); }},
      {"below-floor",
       [](Site& s) {
         s.revoke({{}, {{kChannel, "292", tuf::kTestNow, "older ones leak"}}, {}});
       }},
  };
  for (const auto& [rule, ban] : cases) {
    Site site;
    ban(site);
    const json::Value seen = site.install(site.bundle_291());
    EXPECT_EQ(seen.at("releases").at(0).at("active"), false) << rule;
    EXPECT_TRUE(site.untouched()) << rule;
    EXPECT_NE(site.explained(rule), "") << rule;
  }
}

TEST(Bundle, BringsARevocationToWhatRuns) {
  Site site;
  ASSERT_EQ(Site::refused(site.install(site.bundle_291(), minutes(5))), "");
  ASSERT_EQ(site.lkg(), "291");
  const std::uint64_t seen = site.server.log.size();
  site.revoke({{{site.release, tuf::kTestNow, "leaks"}}, {}, {}});
  (void)site.install(bundle::packed(site.files_of("291", site.release, {seen})), minutes(10));
  EXPECT_EQ(site.active(), "290");
}

TEST(Bundle, WithoutASignedListOfBansStartsNothing) {
  Site site;
  site.revoke({{{crypto::sha256("another"), tuf::kTestNow, "leaks"}}, {}, {}});
  Files files = site.files_of("291", site.release);
  std::erase_if(files,
                [](const auto& each) { return each.first.find("revoked") != std::string::npos; });
  (void)site.install(bundle::packed(files));
  EXPECT_EQ(site.active(), "290");
  EXPECT_NE(site.explained("bans-unknown"), "");
}

TEST(Bundle, WaitsForTheCustomersFreezeAndStartsAfterItWithoutTheStick) {
  Site site(true);
  site.freeze(site.clock.wall() + hours(8));
  const json::Value seen = site.install(site.bundle_291());
  EXPECT_EQ(seen.at("settled"), true);
  EXPECT_EQ(seen.at("releases").at(0).at("state"), "deferred") << seen;
  EXPECT_EQ(site.active(), "290");
  site.sticks.clear();
  ASSERT_TRUE(site.power_cut().ok());
  site.run_for(hours(7));
  EXPECT_EQ(site.active(), "290");
  site.run_for(hours(2));
  EXPECT_EQ(site.active(), "291") << site.agent->last_trouble();
}

// ---- What the customer says to its own devices ----

TEST(Bundle, BringsTheCustomersPolicyAndItsReleasesAreJudgedByIt) {
  Site site(true);
  const json::Value seen =
      site.install_with({}, site.policy(1, {site.frozen(hours(8))}, site.customer));
  EXPECT_EQ(site.phase(), "deferred");
  const std::string sentence = seen.at("releases").at(0).at("sentence").get<std::string>();
  EXPECT_NE(sentence.find("acme's rule quarter-end: frozen until"), std::string::npos) << sentence;
  ASSERT_TRUE(site.power_cut().ok());
  (void)site.install_with({}, {});
  EXPECT_EQ(site.active(), "290") << "it stays, whatever a later bundle leaves out";
  const auto lifted = site.policy(2, {}, site.customer);
  (void)site.install_with({}, lifted);
  EXPECT_EQ(site.active(), "291") << site.agent->last_trouble();
  (void)site.install_with({}, lifted);
  EXPECT_EQ(site.agent->last_trouble(), "") << "the same once more is no trouble";
}

TEST(Bundle, BringsNoPolicyThatTheCustomersKeyAndAHigherVersionDoNotVouchFor) {
  const tuf::TestSigner thief{"thief"};
  struct Row {
    const char* what;
    std::function<statement::Envelope(Site&)> said;
    const char* tenant;
    const char* trouble;
  };
  const Row rows[] = {
      {"a lower version", [](Site& s) { return s.policy(2, {}, s.customer); }, "acme",
       "customer policy refused: version 2 after version 3"},
      {"the same version, saying something else",
       [](Site& s) { return s.policy(3, {}, s.customer); }, "acme",
       "customer policy refused: version 3 after version 3"},
      {"another key", [&](Site& s) { return s.policy(9, {}, thief); }, "acme",
       "customer policy refused: 0 valid signatures"},
      {"another tenant's under our name",
       [](Site& s) { return s.policy(9, {}, s.customer, "other"); }, "acme",
       "customer policy refused: it is the policy of other"},
      {"another tenant's", [](Site& s) { return s.policy(9, {}, s.customer, "other"); }, "other",
       ""},
  };
  for (const Row& row : rows) {
    Site site(true);
    site.freeze(site.clock.wall() + hours(8));
    const std::string before = *site.files.read(layout::kPolicy, 1U << 20U);
    (void)site.install_with({}, row.said(site), row.tenant);
    EXPECT_EQ(site.phase(), "deferred") << row.what;
    EXPECT_EQ(*site.files.read(layout::kPolicy, 1U << 20U), before) << row.what;
    if (*row.trouble == '\0')
      EXPECT_EQ(site.agent->last_trouble(), "") << row.what;
    else
      EXPECT_EQ(site.agent->last_trouble().find(row.trouble), 0U) << site.agent->last_trouble();
  }
}

TEST(Bundle, IsNoWayToAFirstTenantKey) {
  Site site;  // nothing is pinned
  (void)site.install_with({}, site.policy(1, {site.frozen(hours(8))}, site.customer));
  EXPECT_EQ(site.active(), "291") << "nobody's freeze";
  EXPECT_FALSE(site.files.read(layout::kPolicy, 1U << 20U).ok());
  EXPECT_NE(site.agent->last_trouble().find("has pinned no policy_key"), std::string::npos);
}

TEST(Bundle, BringsRotationsOfThePolicyKeyAndBeginsAtThePinnedOne) {
  const tuf::TestSigner next{"next"}, thief{"thief"};
  Site site(true);
  (void)site.install_with({site.rotation(1, thief, next)},
                          site.policy(1, {site.frozen(hours(8))}, next));
  EXPECT_NE(site.agent->last_trouble().find("customer policy refused"), std::string::npos);
  EXPECT_EQ(site.active(), "291") << "nobody's freeze";

  Site other(true);
  (void)other.install_with({other.rotation(1, other.customer, next)},
                           other.policy(1, {other.frozen(hours(8))}, next));
  EXPECT_EQ(other.phase(), "deferred") << other.agent->last_trouble();
  ASSERT_TRUE(other.power_cut().ok());
  (void)other.install_with({}, other.policy(2, {}, other.customer));
  EXPECT_EQ(other.active(), "290") << "the old key signs nothing more";
  (void)other.install_with({other.rotation(1, other.customer, next)}, other.policy(2, {}, next));
  EXPECT_EQ(other.active(), "291") << other.agent->last_trouble();
  EXPECT_EQ(other.agent->last_trouble(), "");
}

// ---- What people said of it ----

const policy::Rule kTwoEyes{"two-eyes", "sensor.*", {}, {}, {}, {statement::Role::security}};

TEST(Bundle, StartsUnderARuleOfApprovalsOnlyWithThoseThatCountHere) {
  using statement::ActKind;
  struct Row {
    const char* what;
    std::function<std::vector<statement::Envelope>(Site&)> acts;
    bool starts;
  };
  const Row rows[] = {
      {"none", [](Site&) { return std::vector<statement::Envelope>{}; }, false},
      {"bob's, who is security",
       [](Site& s) { return std::vector{s.act("bob", ActKind::approve, s.release, 0)}; }, true},
      {"of another release",
       [](Site& s) {
         return std::vector{s.act("bob", ActKind::approve, crypto::sha256("another"), 0)};
       },
       false},
      {"its author's, who is not security either",
       [](Site& s) { return std::vector{s.act("ann", ActKind::approve, s.release, 0)}; }, false},
      {"with an altered payload",
       [](Site& s) {
         auto bent = s.act("bob", ActKind::approve, s.release, 0);
         bent.payload += " ";
         return std::vector{bent};
       },
       false},
      {"by a key that nobody in people.json has",
       [](Site& s) {
         const auto own = s.act("bob", ActKind::approve, s.release, 0);
         return std::vector{
             *statement::seal(own.type, own.payload, tuf::TestSigner("somebody else"))};
       },
       false},
      {"a waiver, which is no approval",
       [](Site& s) { return std::vector{s.act("bob", ActKind::waive, s.release, 0, "size")}; },
       false},
  };
  for (const Row& row : rows) {
    Site site(true);
    site.rule(kTwoEyes);
    const json::Value seen = site.install(
        bundle::packed(site.files_of("291", site.release, {}, row.acts(site))), minutes(2));
    const json::Value& one = seen.at("releases").at(0);
    EXPECT_EQ(one.at("active"), row.starts) << row.what << ": " << seen;
    if (row.starts) continue;
    EXPECT_EQ(site.active(), "290") << row.what;
    EXPECT_EQ(one.at("sentence"),
              "acme's rule two-eyes: 0 of 1 approvals that count here; still wanted: security")
        << row.what;
    EXPECT_EQ(site.explained("permitted"), "") << row.what;
  }
}

TEST(Bundle, CarriesAnApprovalThatRanOutOnItsWayForNothing) {
  Site site(true);
  site.rule(kTwoEyes);
  const auto act = site.act("bob", statement::ActKind::approve, site.release, 0);
  const std::string bytes = bundle::packed(site.files_of("291", site.release, {}, {act}));
  site.clock.set_wall(site.clock.wall() + days(2));
  (void)site.install(bytes, minutes(2));
  EXPECT_EQ(site.active(), "290");
}

// The plan of a server comes again after a restart; a bundle does not.
TEST(Bundle, KeepsItsApprovalsOverAPowerCut) {
  Site site(true);
  statement::SpeedLimits limits;
  for (const auto kind : {release::Kind::core, release::Kind::content})
    limits.rules.push_back({kind, release::Class::feature, {{hours(5), 1'000'000}}});
  site.put_target("targets", std::string(statement::kLimitsPath), encode(limits));
  site.release_all();
  site.rule(kTwoEyes);
  const auto act = site.act("bob", statement::ActKind::approve, site.release, 0);
  (void)site.install(bundle::packed(site.files_of("291", site.release, {}, {act})));
  ASSERT_EQ(site.phase(), "deferred");
  ASSERT_NE(site.explained("speed-limit"), "");
  site.sticks.clear();
  ASSERT_TRUE(site.power_cut().ok());
  site.run_for(hours(6));
  EXPECT_EQ(site.active(), "291") << site.agent->last_trouble();
}

TEST(Bundle, BringsTheResumeOfTwoPeopleForAReleaseThatIsBlockedHere) {
  using statement::ActKind;
  for (const bool two : {false, true}) {
    Site site;
    site.halt(7, site.release);
    std::vector acts{site.act("ann", ActKind::resume, site.release, 7)};
    if (two) acts.push_back(site.act("bob", ActKind::resume, site.release, 7));
    (void)site.install(bundle::packed(site.files_of("291", site.release, {}, acts)), minutes(2));
    EXPECT_EQ(site.active(), two ? "291" : "290");
  }
}

TEST(Bundle, WhoseMetadataRanOutWhileItWaitedHasToBeCarriedAgain) {
  Site site(true);
  site.repository.timestamp.expires = site.clock.wall() + days(1);
  site.release_all();
  site.freeze(site.clock.wall() + days(20));
  (void)site.install(site.bundle_291());
  ASSERT_EQ(site.phase(), "deferred");
  site.clock.advance(days(21));
  site.run_for(hours(1));
  EXPECT_EQ(site.active(), "290");
  EXPECT_NE(site.explained("stale"), "");
  // A courier with news, and the log gone on: the same release starts.
  const std::uint64_t seen = site.server.log.size();
  site.repository.timestamp.expires = site.clock.wall() + days(1);
  site.release_all();
  (void)site.install(bundle::packed(site.files_of("291", site.release, {seen})), minutes(1));
  EXPECT_EQ(site.active(), "291") << site.agent->last_trouble();
}

TEST(Bundle, KeepsTheSpeedLimitInAwakeTime) {
  Site site;
  statement::SpeedLimits limits;
  for (const auto kind : {release::Kind::core, release::Kind::content})
    limits.rules.push_back({kind, release::Class::feature, {{hours(5), 1'000'000}}});
  site.put_target("targets", std::string(statement::kLimitsPath), encode(limits));
  site.release_all();
  (void)site.install(site.bundle_291());
  EXPECT_EQ(site.phase(), "deferred");
  EXPECT_NE(site.explained("speed-limit"), "");
  site.run_for(hours(6));
  EXPECT_EQ(site.active(), "291");
}

TEST(Bundle, WhoseContentTheCoreHereCannotReadWaits) {
  Site site;
  site.release = site.publish_channel("292", {.reads = {1, 21}});
  site.mark("292");
  (void)site.install(bundle::packed(site.files_of("292", site.release)));
  EXPECT_EQ(site.phase(), "deferred");
  EXPECT_NE(site.explained("contract").find("reads field 21 of ipc"), std::string::npos);
}

TEST(Bundle, UnpackedAFewDaysAgoStillProvisionsAMachineBehindTheGap) {
  for (const bool behind : {false, true}) {
    World world;
    if (behind) world.config.air_gapped = AirGapped{days(14)};
    world.repository.timestamp.expires = world.clock.wall() + days(1);
    world.publish_engine("7.11");
    world.clock.set_wall(world.clock.wall() + days(3));
    const auto put = agent::provision(world.config, world.repository.newest("root"),
                                      {kEngine, "7.11", "http://server/tuf"},
                                      {world.files, world.clock, world.server});
    EXPECT_EQ(tuf::refusal(put), behind ? "accepted" : "clock_doubtful");
  }
}

// ---- The log ----

TEST(Bundle, HasToContinueTheLogThatWasSeen) {
  Site site;
  ASSERT_EQ(Site::refused(site.install(site.bundle_291(), minutes(5))), "");
  const std::uint64_t seen = site.server.log.size();
  const Digest next = site.publish_channel("292");
  site.mark("292");
  const json::Value unproved = site.install(bundle::packed(site.files_of("292", next)));
  EXPECT_EQ(Site::refused(unproved), "log-unproved");
  EXPECT_NE(site.explained("log-unproved").find("--seen " + std::to_string(seen)),
            std::string::npos);
  EXPECT_EQ(site.active(), "291");
  EXPECT_EQ(
      Site::refused(site.install(bundle::packed(site.files_of("292", next, {seen})), minutes(5))),
      "");
  EXPECT_EQ(site.active(), "292");
}

TEST(Bundle, OfAnotherHistoryIsCaughtAndKept) {
  Site site;
  ASSERT_EQ(Site::refused(site.install(site.bundle_291(), minutes(5))), "");
  const std::uint64_t seen = site.server.log.size();
  audit::LogSimulator forked = audit::log_of(seen + 1);
  std::swap(site.server.log, forked);
  const Digest next = site.publish_channel("292");
  site.mark("292");
  EXPECT_EQ(Site::refused(site.install(bundle::packed(site.files_of("292", next, {seen})))),
            "log-split");
  EXPECT_TRUE(site.files.read(layout::kSplitLog, 8192).ok());
  EXPECT_EQ(site.active(), "291");
}

TEST(Bundle, ThatNoLogProvesIsRefused) {
  Site site;
  Files files = site.files_of("291", site.release);
  auto index = *bundle::decode_index(files.at("bundle.json"));
  const auto other =
      bundle::carried_in(site.server.log, site.server.log.size() - 1, "291", site.release);
  index.releases = {other};
  files["bundle.json"] = bundle::encode(index);
  EXPECT_EQ(Site::refused(site.install(bundle::packed(files))), "log");
  EXPECT_TRUE(site.untouched());
}

// ---- A courier who is careless, or worse ----

TEST(Bundle, BrokenOffAnywhereStartsNothing) {
  Site site;
  const std::string good = site.bundle_291();
  for (std::size_t part = 0; part < 8; ++part) {
    EXPECT_EQ(Site::refused(site.install(good.substr(0, good.size() * part / 8), seconds(1))),
              "malformed");
  }
  EXPECT_TRUE(site.untouched());
  EXPECT_EQ(Site::refused(site.install(good)), "") << "the whole of it is still welcome";
}

TEST(Bundle, AChangedByteNeverStartsAnythingElseThanWhatIsSigned) {
  const std::string good = Site().bundle_291();
  constexpr std::size_t kPlaces = 60;
  std::size_t refusals = 0;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    Site site;
    std::string bad = good;
    const std::size_t at = good.size() * place / kPlaces + place;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    (void)site.install(bad, minutes(3));
    if (site.active() == "290") ++refusals;
    for (const auto& [path, bytes] : site.files.everything()) {
      if (!path.ends_with("/channel.bin")) continue;
      EXPECT_TRUE(bytes == "channel 290" || bytes == "channel 291");
    }
    EXPECT_TRUE(site.supervisor.running("sensor")) << "byte " << at;
  }
  EXPECT_GT(refusals, kPlaces / 4) << "the byte mattered";
}

TEST(Bundle, AnArtifactWithOtherBytesIsRefusedBeforeAnythingParsesIt) {
  Site site;
  Files files = site.files_of("291", site.release);
  for (auto& [name, bytes] : files) {
    if (bytes == "channel 291") bytes = "channel 666";
  }
  const json::Value seen = site.install(bundle::packed(files));
  EXPECT_EQ(seen.at("releases").at(0).at("state"), "not-taken") << seen;
  EXPECT_EQ(site.active(), "290");
  EXPECT_NE(site.explained("digest"), "");
  for (const auto& [path, bytes] : site.files.everything()) EXPECT_NE(bytes, "channel 666") << path;
}

TEST(Bundle, WithoutAnArtifactIsNotTakenAndSaysSo) {
  Site site;
  Files files = site.files_of("291", site.release);
  std::erase_if(files, [](const auto& each) { return each.second == "channel 291"; });
  const json::Value seen = site.install(bundle::packed(files));
  EXPECT_EQ(seen.at("settled"), true) << seen;
  EXPECT_EQ(seen.at("releases").at(0).at("active"), false);
  EXPECT_EQ(site.active(), "290");
}

TEST(Bundle, OfAnotherPublisherIsRefused) {
  Site site;
  Site other;
  other.repository.signers["timestamp"] = {other.repository.make_signer("else")};
  other.repository.next({"timestamp"});
  EXPECT_EQ(Site::refused(site.install(other.bundle_291())), "bad_signature");
  EXPECT_TRUE(site.untouched());
}

TEST(Bundle, AFileThatIsNotThereIsSaidToBe) {
  Site site;
  const json::Value begun =
      site.ask(json::compact({{"ask", "install"}, {"bundle", "/media/none"}}));
  EXPECT_FALSE(begun.contains("error"));
  EXPECT_EQ(Site::refused(site.ask(R"({"ask":"bundle"})")), "not_found");
  EXPECT_TRUE(site.ask(R"({"ask":"install"})").contains("error"));
}

// The last reader of the file closes it.
TEST(Bundle, IsLetGoOfAsSoonAsEverythingIsRead) {
  Site site;
  const auto stick = bundle::source_of(site.bundle_291());
  Doors doors = site.doors();
  doors.open = [&](const std::string&) {
    return Result<std::shared_ptr<const port::ByteSource>>(stick);
  };
  site.supervisor.commands.clear();
  auto started = Agent::start(site.config, site.pinned(), doors);
  ASSERT_TRUE(started.ok());
  site.agent = std::move(*started);
  for (int time = 0; time < 2; ++time) {
    (void)site.ask(json::compact({{"ask", "install"}, {"bundle", kStick}}));
    site.run_for(seconds(1));
    EXPECT_EQ(site.active(), "291");
    EXPECT_EQ(stick.use_count(), 1) << "time " << time;
  }
}

TEST(Bundle, OneIsReadAtATime) {
  Site site;
  std::function<void()> later;
  Doors slow = site.doors();
  slow.prompt = [&](const std::function<port::Completion()>& job) {
    later = [job] {
      if (auto done = job()) done();
    };
  };
  site.supervisor.commands.clear();
  auto started = Agent::start(site.config, site.pinned(), slow);
  ASSERT_TRUE(started.ok());
  site.agent = std::move(*started);
  site.sticks[kStick] = site.bundle_291();
  const std::string question = json::compact({{"ask", "install"}, {"bundle", kStick}});
  EXPECT_EQ(site.ask(question).at("settled"), false);
  EXPECT_TRUE(site.ask(question).contains("error"));
  later();
  EXPECT_FALSE(site.ask(question).contains("error"));
}

}  // namespace
}  // namespace fb::agent
