// The ceremony with real files: a request is made, carried, signed by holders one after another or
// on copies, imported, published, and followed by a device that runs the TUF workflow.
#include "publisher/ceremony.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/keys_view.h"
#include "publisher/publication.h"
#include "publisher/release_sim_test.h"
#include "publisher/release_view.h"
#include "publisher/request_words.h"
#include "publisher/signing.h"
#include "publisher/trust.h"
#include "release/mark.h"
#include "statement/revocation.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Ceremony : TestDesk {
  Ceremony() { serve_metadata(); }

  // A holder's machine: the request as a file, a root that came before, one key.
  Result<std::string> sign(const std::string& file, const std::string& key) {
    const std::string pem = *home.read("keys/" + key + ".pem", 4096);
    return sign_as(file, tuf::TestSigner(pem));
  }
  Result<std::string> sign_as(const std::string& file, const crypto::Signer& signer) {
    FB_ASSIGN(const Request request, decode_request(file));
    const Holder holder{*home.read("root.json", 1U << 20U), clock.wall()};
    FB_ASSIGN(const auto done, sign_request(request, holder, signer));
    return encode(done.request);
  }
  Result<Outcome> import(const std::vector<std::string>& copies) {
    Desk with = desk();
    return import_requests(with, copies);
  }
  std::string words(const Request& request) {
    const auto examined = examine(request, "", clock.wall());
    if (!examined.ok()) return "refused: " + examined.error().detail;
    return describe_request(request, *examined)->text;
  }
  static AddedKey added(const std::string& name) { return {name, tuf::TestSigner(name).key()}; }

  // A device that refreshes over what it has stored; what it trusts now.
  Result<tuf::TrustedSet> device_refresh() {
    tuf::RefreshStart start{*home.read("root.json", 1U << 20U),
                            stored,
                            {"core", "content", "flags"},
                            {clock.wall(), clock.wall()}};
    FB_ASSIGN(auto refresh, tuf::Refresh::begin(std::move(start)));
    while (const auto need = refresh.next()) {
      const auto found = server.files.find("/tuf/metadata/" + need->path);
      const Status fed =
          found != server.files.end() ? refresh.feed(found->second) : refresh.not_found();
      for (const auto& [role, bytes] : refresh.take_accepted()) stored[role] = bytes;
      if (!fed.ok()) return fed.error();
    }
    return refresh.trusted();
  }
  tuf::StoredMetadata stored;
};

TEST(Ceremony, OfTwoHoldersReplacesALostKeyOverFiles) {
  Ceremony test;
  Desk desk = test.desk();
  const auto request = request_revocation(desk, "core-2", Ceremony::added("core-3"));
  ASSERT_TRUE(request.ok()) << request.error().detail;
  const std::string file = encode(*request);

  // Carried along a chain of holders on the one side, signed on a copy on the other.
  const auto one = test.sign(*test.sign(file, "targets-1"), "core-1");
  ASSERT_TRUE(one.ok()) << one.error().detail;
  const auto early = test.import({*one});
  ASSERT_TRUE(early.ok()) << early.error().detail;
  EXPECT_EQ(early->answer, Answer::no);
  EXPECT_THAT(early->text, HasSubstr("targets: 1 of 2 signatures; signed by targets-1"));
  EXPECT_EQ(test.server.sent("POST", "/api/v1/metadata"), nullptr);

  const auto other = test.sign_as(*test.sign(file, "targets-2"), tuf::TestSigner("core-3"));
  const auto done = test.import({*one, *other});
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_EQ(done->answer, Answer::yes);

  const auto trusted = test.device_refresh();
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  const auto keys = trusted->role_keys("core")->keyids;
  EXPECT_TRUE(keys.contains(Ceremony::added("core-3").key.id()));
  const auto old_key = tuf::TestSigner(*test.home.read("keys/core-2.pem", 4096)).key().id();
  EXPECT_FALSE(keys.contains(old_key));
}

TEST(Ceremony, ShowsInStatusWhoIsTrustedWithWhatNow) {
  Ceremony test;
  Desk desk = test.desk();
  const auto old_keys = key_status(desk, days(7));
  ASSERT_TRUE(old_keys.ok()) << old_keys.error().detail;
  EXPECT_EQ(old_keys->answer, Answer::yes);
  const auto request = request_revocation(desk, "core-2", Ceremony::added("core-3"));
  std::string file = *test.sign_as(encode(*request), tuf::TestSigner("core-3"));
  for (const char* key : {"targets-1", "targets-2", "core-1"}) file = *test.sign(file, key);
  ASSERT_EQ(test.import({file})->answer, Answer::yes);
  const auto status = key_status(desk, days(7));
  std::map<std::string, std::string> role_of_key;
  for (const json::Value& key : status->document.at("keys"))
    role_of_key[key.at("name").get<std::string>()] = key.at("role").get<std::string>();
  EXPECT_EQ(role_of_key.at("core-1"), "core");
  EXPECT_EQ(role_of_key.at("core-2"), "none");
  EXPECT_EQ(role_of_key.at("core-3"), "core");
  EXPECT_EQ(role_of_key.at("log"), "log");
  EXPECT_EQ(role_of_key.at("reviewer"), "person");
  EXPECT_THAT(status->text, HasSubstr("with 1 more: core releases"));
  EXPECT_EQ(key_status(desk, days(400))->answer, Answer::no);
}

TEST(Ceremony, MakesDevicesRefuseWhatARevokedKeySigns) {
  Ceremony test;
  Desk desk = test.desk();
  const auto revoked = request_revocation(desk, "content-2", Ceremony::added("content-3"));
  ASSERT_TRUE(revoked.ok());
  auto file = encode(*revoked);
  for (const char* key : {"targets-1", "targets-2", "content-1"}) file = *test.sign(file, key);
  file = *test.sign_as(file, tuf::TestSigner("content-3"));
  ASSERT_EQ(test.import({file})->answer, Answer::yes);
  ASSERT_TRUE(test.device_refresh().ok());

  // The thief has content-2, and by misfortune content-1 signs with it.
  const std::string before = test.stored.at("content");
  const auto next = tuf::next_targets(before, {}, test.clock.wall() + days(30));
  const tuf::TestSigner one(*test.home.read("keys/content-1.pem", 4096));
  const tuf::TestSigner stolen(*test.home.read("keys/content-2.pem", 4096));
  test.take("content", *tuf::sign_file(*next, {&one, &stolen}));
  const auto trusted = test.device_refresh();
  EXPECT_TRUE(!trusted.ok() || trusted->targets("content") == nullptr ||
              trusted->targets("content")->bytes == before);
  EXPECT_EQ(test.stored.at("content"), before);
}

TEST(Ceremony, RotatesRootsThatADeviceOffForAYearFollows) {
  Ceremony test;
  ASSERT_TRUE(test.device_refresh().ok());
  const tuf::StoredMetadata a_year_ago = test.stored;
  std::vector<std::string> holders{"root-1", "root-2", "root-3"};
  for (int quarter = 1; quarter <= 4; ++quarter) {
    test.clock.advance(days(100));
    Desk desk = test.desk();
    const std::string comes = "root-" + std::to_string(3 + quarter);
    const auto request =
        request_rotation(desk, {"root", holders.front(), Ceremony::added(comes), {}});
    ASSERT_TRUE(request.ok()) << request.error().detail;
    // The old and the new threshold: two that stay are enough for both.
    std::string file = encode(*request);
    for (int i = 1; i <= 2; ++i) {
      const auto& name = holders[static_cast<std::size_t>(i)];
      const auto pem = test.home.read("keys/" + name + ".pem", 4096);
      const auto done = test.sign_as(file, tuf::TestSigner(pem.ok() ? *pem : name));
      ASSERT_TRUE(done.ok()) << done.error().detail;
      file = *done;
    }
    ASSERT_EQ(test.import({file})->answer, Answer::yes) << quarter;
    for (const char* role : {"targets", "core", "content", "flags"})
      ASSERT_EQ(sign_here(desk, *request_renewal(desk, role))->answer, Answer::yes) << role;
    holders.erase(holders.begin());
    holders.push_back(comes);
  }
  test.stored = a_year_ago;
  const auto trusted = test.device_refresh();
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  EXPECT_EQ(trusted->root().body.version, 5);
  EXPECT_NE(trusted->targets("core"), nullptr);
  EXPECT_LT(tuf::decode_root(a_year_ago.at("root"))->body.expires, test.clock.wall())
      << "the root that it begins with has expired";
}

TEST(Ceremony, NeedsTheOldAndTheNewRootKeys) {
  Ceremony test;
  Desk desk = test.desk();
  const auto request = request_rotation(desk, {"root", "root-3", Ceremony::added("root-4"), 3});
  ASSERT_TRUE(request.ok());
  std::string file = encode(*request);
  for (const char* key : {"root-2", "root-3"}) file = *test.sign(file, key);
  // Two old keys have signed, but only one that the new root of three names.
  const auto outcome = test.import({file});
  EXPECT_EQ(outcome->answer, Answer::no);
  EXPECT_THAT(outcome->text, HasSubstr("[root: 2 of 2"));
  EXPECT_THAT(outcome->text, HasSubstr("[root as it will be: 1 of 3"));
  file = *test.sign_as(*test.sign(file, "root-1"), tuf::TestSigner("root-4"));
  EXPECT_EQ(test.import({file})->answer, Answer::yes);
}

TEST(Ceremony, SignsACoreReleaseOverFilesAndGivesItToItsDraft) {
  Ceremony test;
  Desk desk = test.desk();
  const Draft draft = made(engine_order());
  ASSERT_TRUE(save_draft(test.home, draft).ok());
  const auto request = request_release(desk, draft);
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request), HasSubstr(draft.manifest.version + ", a "));
  const auto file = test.sign(*test.sign(encode(*request), "core-1"), "core-2");
  const auto outcome = test.import({*file});
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_THAT(outcome->text, HasSubstr("next: firebreak release submit " + draft.name));
  test.server.answer("POST /api/v1/releases", {{"releases", json::Value::array()}});
  EXPECT_TRUE(submit_draft(desk, draft).ok());
}

TEST(Ceremony, TakesAPersonOutWhoseKeyIsStolenAndSaysSo) {
  Ceremony test;
  Desk desk = test.desk();
  const auto request = request_revocation(desk, "reviewer", {});
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request), HasSubstr("reviewer may no longer decide anything"));
  EXPECT_EQ(sign_here(desk, *request)->answer, Answer::yes);
  const auto trusted = refresh_trust(desk);
  const auto people =
      statement::decode_people(*trusted_file(desk, *trusted, statement::kPeoplePath));
  EXPECT_EQ(people->find(*PersonId::parse("reviewer")), nullptr);
  EXPECT_NE(people->find(*PersonId::parse("security")), nullptr);
}

TEST(Ceremony, SignsTheFirstRevocationThoughNobodyWasRevokedBefore) {
  Ceremony test;
  Desk desk = test.desk();
  statement::Revocations first;
  first.floors.push_back(
      {*ComponentId::parse("sensor.engine"), "7.12", tuf::kTestNow, "the July fault"});
  const auto request = request_trust(desk, "revoked", encode(first));
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request), HasSubstr("the July fault"));
  EXPECT_EQ(sign_here(desk, *request)->answer, Answer::yes);
  const auto trusted = refresh_trust(desk);
  const auto revoked =
      statement::decode_revocations(*trusted_file(desk, *trusted, statement::kRevokedPath));
  ASSERT_TRUE(revoked.ok());
  EXPECT_NE(revoked->find_floor(*ComponentId::parse("sensor.engine"), "7.11"), nullptr);
  EXPECT_FALSE(request_trust(desk, "revoked", "{}").ok()) << "no file that devices could not read";
}

TEST(Ceremony, RefusesAThresholdThatNobodyCouldMeet) {
  Ceremony test;
  Desk desk = test.desk();
  const auto request = request_revocation(desk, "core-2", {});
  ASSERT_FALSE(request.ok());
  EXPECT_THAT(request.error().detail, HasSubstr("would have 1 keys and need 2"));
}

TEST(Request, OfAForgedWorldIsRefusedByTheHoldersOwnRoot) {
  Ceremony test, evil;
  evil.keys.made.resize(100);  // other keys
  const auto forged = compose_layout(
      {Profile::lab, {*TenantId::parse("acme")}, "127.0.0.1:1", {}, evil.clock.wall()}, evil.keys,
      evil.entropy);
  ASSERT_TRUE(forged.ok());
  for (const auto& [path, bytes] : *forged) {
    if (path.ends_with("1.root.json")) {
      Desk desk = test.desk();
      Request request = *request_renewal(desk, "root");
      request.roots = {bytes};
      const auto refused = test.sign(encode(request), "root-1");
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().code, ErrorCode::bad_signature);
    }
  }
}

TEST(Request, IsRefusedWhenWhatItCallsInForceIsNot) {
  Ceremony test;
  Desk desk = test.desk();
  Request request = *request_renewal(desk, "core");
  json::Value whole = *json::parse(request.current["core"]);
  whole["signed"]["version"] = 7;
  request.current["core"] = json::compact(whole);
  const auto refused = test.sign(encode(request), "core-1");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("the file of core in force has 0 valid"));
}

TEST(Request, IsNotSignedByAKeyThatNobodyAskedFor) {
  Ceremony test;
  Desk desk = test.desk();
  const auto refused = test.sign(encode(*request_renewal(desk, "core")), "content-1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
}

TEST(Request, SkippingAVersionOrExpiredIsRefused) {
  Ceremony test;
  Desk desk = test.desk();
  Request request = *request_renewal(desk, "core");
  json::Value whole = *json::parse(request.proposed["core"]);
  whole["signed"]["version"] = 3;
  request.proposed["core"] = json::compact(whole);
  EXPECT_EQ(examine(request, "", test.clock.wall()).error().code, ErrorCode::mismatch);
  EXPECT_EQ(examine(*request_renewal(desk, "core"), "", test.clock.wall() + days(400)).error().code,
            ErrorCode::expired);
}

// Whatever differs shows, whether or not this program knows what it means.
TEST(RequestWords, LeaveNothingOut) {
  struct Case {
    const char* pointer;
    json::Value value;
    const char* expected;
  };
  const std::vector<Case> cases{
      {"/surprise", "x", "surprise changes from nothing to \"x\""},
      {"/delegations/roles/0/paths/0", "*/*/*", "role core: paths changes from"},
      {"/delegations/roles/0/terminating", false, "role core: terminating changes from true"},
      {"/delegations/roles/0/threshold", 1, "role core needs 1 signatures instead of 2"},
      {"/delegations/roles/1/name", "kontent", "role kontent gets key"},
      {"/targets/trust~1limits.json/length", 1, "trust/limits.json is replaced: 1 bytes"},
      {"/targets/a", {{"length", 1}, {"hashes", {{"sha256", std::string(64, '0')}}}}, "a is added"},
  };
  for (const Case& each : cases) {
    Ceremony test;
    Desk desk = test.desk();
    Request request = *request_renewal(desk, "targets");
    json::Value whole = *json::parse(request.proposed["targets"]);
    whole["signed"][json::Value::json_pointer(each.pointer)] = each.value;
    request.proposed["targets"] = json::compact(whole);
    Examined examined{{{"targets", {}}}, "f"};
    EXPECT_THAT(describe_request(request, examined)->text, HasSubstr(each.expected))
        << each.pointer;
  }
}

TEST(RequestWords, CannotBePaintedOver) {
  EXPECT_EQ(plain("a\x1b[2Kb\nc\x7f"), "a [2Kb c ");
  EXPECT_EQ(plain("ok \xe2\x80\xae drow \xc2\x9b"), "ok ? drow ?");
  EXPECT_EQ(plain("grün – 日本"), "grün – 日本");
}

TEST(RequestFile, IsReadBackAsItWasWritten) {
  Ceremony test;
  Desk desk = test.desk();
  const std::string file = encode(*request_revocation(desk, "reviewer", {}));
  EXPECT_EQ(encode(*decode_request(file)), file);
  json::Value value = *json::parse(file, {.bytes = kRequestBytes});
  value["surprise"] = 1;
  EXPECT_FALSE(decode_request(json::pretty(value)).ok());
  value.erase("surprise");
  value["proposed"]["timestamp"] = "{}";
  EXPECT_THAT(decode_request(json::pretty(value)).error().detail, HasSubstr("timestamp"));
}

TEST(RequestFile, OfAnotherChangeIsNotMerged) {
  Ceremony test;
  Desk desk = test.desk();
  const auto one = request_renewal(desk, "core");
  test.clock.advance(seconds(5));
  const auto other = request_renewal(desk, "core");
  EXPECT_EQ(merge(*one, *other).error().code, ErrorCode::conflict);
  EXPECT_EQ(merge(*one, *request_renewal(desk, "flags")).error().code, ErrorCode::conflict);
}

// A home whose server has published channel 290; the record that it shows of it.
struct Published290 : Ceremony {
  Published290() {
    Desk with = desk();
    FB_CHECK(sign_draft(with, draft).ok());
    take("content", *home.read("drafts/sensor.channel-290/content.json", 1U << 20U));
    server.files["/tuf/targets/" + tuf::hashed_name(path, draft.release.hex())] =
        draft.manifest_bytes;
    server.answers["POST /api/v1/releases"] = [this](const port::HttpRequest& request) {
      const json::Value body = *json::parse(request.body);
      take(body.at("role").get<std::string>(), body.at("metadata").get<std::string>());
      return port::HttpResponse{201, {}, R"({"releases":[]})"};
    };
  }
  const Draft draft = made(channel_order("290", "1,2"));
  const std::string path = "content/sensor.channel/290.manifest.json";
  const json::Value view{{"release", draft.release.text()},
                         {"kind", "content"},
                         {"component", "sensor.channel"},
                         {"version", "290"}};
};

TEST(ReleasedMark, IsSignedByTheOwningRoleAndFollowedByADevice) {
  Published290 test;
  Desk desk = test.desk();
  const auto request = request_mark(desk, test.view);
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request),
              HasSubstr("content/sensor.channel/290.manifest.json IS RELEASED since 2030-03-17"));
  EXPECT_THAT(test.words(*request), HasSubstr("sensor.channel 290, a feature release by author"));
  const auto early = test.import({*test.sign(encode(*request), "content-1")});
  EXPECT_EQ(early->answer, Answer::no);
  EXPECT_EQ(test.server.sent("POST", "/api/v1/releases"), nullptr);

  const auto done =
      test.import({*test.sign(*test.sign(encode(*request), "content-1"), "content-2")});
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_THAT(done->text, HasSubstr("marked as released: " + test.path));
  const auto trusted = test.device_refresh();
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  const auto& target = trusted->targets("content")->body.targets.at(test.path);
  EXPECT_EQ(*target.sha256(), test.draft.release);
  EXPECT_EQ(release::find_mark(target.custom)->value().since, test.clock.wall());
}

TEST(ReleasedMark, IsNotSetTwiceNorOnWhatTheServerMisnames) {
  Published290 test;
  Desk desk = test.desk();
  json::Value other = test.view;
  other["release"] = crypto::sha256("something else").text();
  EXPECT_EQ(tuf::refusal(request_mark(desk, other)), "mismatch");
  other = test.view;
  other["version"] = "289";
  EXPECT_EQ(tuf::refusal(request_mark(desk, other)), "not_found");
  ASSERT_TRUE(sign_here(desk, *request_mark(desk, test.view)).ok());
  const auto again = request_mark(desk, test.view);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().detail, HasSubstr("has been marked as released since"));
}

TEST(ReleasedMark, WaitsForARolloutThatCompleted) {
  Published290 test;
  Desk desk = test.desk();
  json::Value view = test.view;
  view["rollouts"] = {7};
  const auto doubt = [&](const json::Value& rollouts) {
    test.server.answer("GET /api/v1/rollouts", {{"rollouts", rollouts}});
    return *find_doubt(desk.server, view);
  };
  EXPECT_THAT(doubt(json::Value::array()), HasSubstr("no rollout of sensor.channel 290"));
  EXPECT_THAT(doubt({{{"rollout", 7}, {"state", "halted"}}}), HasSubstr("rollout 7 is halted"));
  EXPECT_NE(doubt({{{"rollout", 8}, {"state", "completed"}}}), "") << "another release's";
  EXPECT_EQ(doubt({{{"rollout", 7}, {"state", "completed"}}}), "");
  view["blocked"] = true;
  EXPECT_NE(doubt({{{"rollout", 7}, {"state", "completed"}}}), "");
}

}  // namespace
}  // namespace fb::publisher
