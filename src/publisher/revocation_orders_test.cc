// Revoking, flooring and unblocking: from an order to a request whose words say it, to the list
// that devices read.
#include "publisher/revocation_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "publisher/ceremony.h"
#include "publisher/desk_sim_test.h"
#include "publisher/publication.h"
#include "publisher/release_sim_test.h"
#include "publisher/request_words.h"
#include "publisher/signing.h"
#include "publisher/trust.h"
#include "statement/revocation.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;
using testing::Not;

const ComponentId kEngine = *ComponentId::parse("sensor.engine");

// A desk whose server has published sensor.channel 291 and halted it as rollout 7.
struct Bench : TestDesk {
  Bench() {
    serve_metadata();
    const Draft draft = made(channel_order("291", "20"));
    release = draft.release;
    FB_CHECK(save_draft(home, draft).ok());
    Desk with = desk();
    FB_CHECK(sign_here(with, *request_release(with, draft)).ok());
    const std::string path = release::manifest_path(draft.manifest);
    server.files["/tuf/targets/" + tuf::hashed_name(path, release.hex())] = draft.manifest_bytes;
    take("content", *home.read(draft_path(draft.name, "content.json"), 1U << 20U));
    server.answer(
        "GET /api/v1/releases",
        {{"releases",
          {{{"release", release.text()}, {"component", "sensor.channel"}, {"version", "291"}}}}});
    rollout(7, release, "2026-11-25T10:00:00Z");
  }
  void rollout(int number, const Digest& carries, const json::Value& halted_at,
               const json::Value& halted_tenant = nullptr) {
    server.answer("GET /api/v1/rollouts/" + std::to_string(number),
                  {{"rollout", number},
                   {"release", carries.text()},
                   {"component", "sensor.channel"},
                   {"version", "291"},
                   {"state", halted_at.is_null() ? "running" : "reverted"},
                   {"halted_at", halted_at},
                   {"halted_tenant", halted_tenant}});
  }
  std::string words(const Request& request) {
    const auto examined = examine(request, "", clock.wall());
    return examined.ok() ? describe_request(request, *examined)->text : examined.error().detail;
  }
  // Signed by the keys that lie here, and published; what devices read then.
  statement::Revocations publish(const Result<Request>& request) {
    FB_CHECK(request.ok());
    Desk with = desk();
    EXPECT_EQ(sign_here(with, *request)->answer, Answer::yes);
    const auto trusted = refresh_trust(with);
    return *statement::decode_revocations(*trusted_file(with, *trusted, statement::kRevokedPath));
  }
  Result<Request> revoke(const std::string& what, const std::string& reason = "a 21st field") {
    Desk with = desk();
    return request_ban(with, {{what}, reason});
  }
  Result<Request> floor(const std::string& version, const std::string& reason = "July") {
    Desk with = desk();
    return request_floor(with, {"sensor.engine", version, reason});
  }
  Result<Request> unblock(int number, const std::string& reason = "a false alarm") {
    Desk with = desk();
    return request_unblock(with, {{"sensor.channel-291"}, *RolloutId::parse(number), reason});
  }
  Digest release;
};

TEST(RevocationOrders, RevokeAReleaseByNameAndTheHoldersReadWhich) {
  Bench test;
  const auto request = test.revoke("sensor.channel-291");
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request), HasSubstr("sensor.channel 291 (" + test.release.text() +
                                              ") is revoked for good, since " +
                                              to_rfc3339(test.clock.wall()) + ": a 21st field"));
  const auto list = test.publish(request);
  ASSERT_NE(list.find_revoked(test.release), nullptr);
  EXPECT_EQ(list.find_revoked(test.release)->reason, "a 21st field");
  EXPECT_EQ(test.revoke("sensor.channel-291").error().code, ErrorCode::already_exists);
}

TEST(RevocationOrders, BelieveNoNameThatTheDigestDoesNotVouchFor) {
  Bench test;
  Request request = *test.revoke("sensor.channel-291");
  request.contents[test.release.hex()].insert(0, " ");
  EXPECT_THAT(test.words(request),
              HasSubstr("release " + test.release.text() + " is revoked for good"));
}

TEST(RevocationOrders, RevokeADigestThatTheServerNeverSawAndNoTypo) {
  Bench test;
  const Digest leaked = crypto::sha256("signed, never submitted");
  const auto list = test.publish(test.revoke(leaked.text()));
  EXPECT_NE(list.find_revoked(leaked), nullptr);
  EXPECT_EQ(test.revoke(leaked.text().substr(0, 30)).error().code, ErrorCode::not_found);
}

TEST(RevocationOrders, KeepWhatStoodInTheListAndReplaceAFloor) {
  Bench test;
  test.publish(test.revoke("sensor.channel-291"));
  test.publish(test.floor("7.12"));
  EXPECT_EQ(test.floor("7.12").error().code, ErrorCode::already_exists);
  const auto lower = test.floor("7.10", "7.12 was a mistake");
  ASSERT_TRUE(lower.ok());
  EXPECT_THAT(
      test.words(*lower),
      HasSubstr("no longer listed: no version of sensor.engine below 7.12 starts any more\n"));
  EXPECT_THAT(test.words(*lower),
              HasSubstr("no version of sensor.engine below 7.10 starts any more, since"));
  EXPECT_THAT(test.words(*lower), Not(HasSubstr("291"))) << "what stays is not repeated";
  const auto list = test.publish(lower);
  EXPECT_NE(list.find_revoked(test.release), nullptr);
  EXPECT_EQ(list.floors.size(), 1U);
  EXPECT_NE(list.find_floor(kEngine, "7.9"), nullptr);
  EXPECT_EQ(list.find_floor(kEngine, "7.11"), nullptr);
}

TEST(RevocationOrders, UnblockOnlyAHaltOfThatRelease) {
  Bench test;
  const auto request = test.unblock(7);
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_THAT(test.words(*request), HasSubstr("the halt of rollout 7 no longer blocks "
                                              "sensor.channel 291 ("));
  EXPECT_TRUE(test.publish(request).lifts(test.release, *RolloutId::parse(7)));
  EXPECT_EQ(test.unblock(7).error().code, ErrorCode::already_exists);
  test.rollout(8, test.release, nullptr);
  EXPECT_EQ(test.unblock(8).error().code, ErrorCode::conflict);
  test.rollout(9, crypto::sha256("another"), "2026-11-25T10:00:00Z");
  EXPECT_EQ(test.unblock(9).error().code, ErrorCode::conflict);
}

TEST(RevocationOrders, UnblockAHaltForOneTenantAloneToo) {
  Bench test;
  test.rollout(11, test.release, nullptr, "acme");
  const auto request = test.unblock(11);
  ASSERT_TRUE(request.ok()) << request.error().detail;
  EXPECT_TRUE(test.publish(request).lifts(test.release, *RolloutId::parse(11)));
}

TEST(RevocationOrders, NeedAReasonAndRoomInTheList) {
  Bench test;
  EXPECT_EQ(test.revoke("sensor.channel-291", "").error().code, ErrorCode::bad_usage);
  EXPECT_EQ(test.floor("8", std::string(limits::kReasonBytes + 1, 'x')).error().code,
            ErrorCode::bad_usage);
  EXPECT_EQ(test.floor("a/b").error().code, ErrorCode::malformed);
  statement::Revocations full;
  for (std::size_t i = 0; i < limits::kFloors; ++i) {
    full.floors.push_back(
        {*ComponentId::parse("sensor.c" + std::to_string(i)), "1", test.clock.wall(), "r"});
  }
  Desk with = test.desk();
  test.publish(request_trust(with, "revoked", statement::encode(full)));
  EXPECT_EQ(test.floor("7.12").error().code, ErrorCode::too_many);
}

TEST(RevocationOrders, WhatIsTakenOutOfTheListIsSaid) {
  Bench test;
  test.publish(test.revoke("sensor.channel-291"));
  Desk with = test.desk();
  const auto request = request_trust(with, "revoked", statement::encode(statement::Revocations{}));
  EXPECT_THAT(test.words(*request),
              HasSubstr("no longer listed: release " + test.release.text() +
                        " is revoked for good (devices that saw it keep it)"));
}

}  // namespace
}  // namespace fb::publisher
