#include "publisher/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/release_sim_test.h"
#include "publisher/trust.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

const std::string kReads = "1,2";

TEST(Signing, makes_metadata_that_a_device_trusts_once_it_is_published) {
  TestDesk test;
  Desk desk = test.desk();
  const Draft draft = made(channel_order("290", kReads));
  ASSERT_TRUE(save_draft(test.home, draft).ok());
  const auto outcome = sign_draft(desk, draft);
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;

  test.take("content", *test.home.read("drafts/sensor.channel-290/content.json", 1U << 20U));
  const auto trusted = refresh_trust(desk);
  ASSERT_TRUE(trusted.ok()) << trusted.error().detail;
  const auto found = trusted->find_target("content/sensor.channel/290.manifest.json");
  ASSERT_TRUE(found.ok());
  const auto* target = std::get_if<tuf::FoundTarget>(&*found);
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(*target->file.sha256(), draft.release);
  EXPECT_EQ(target->role, "content");
}

TEST(Signing, goes_over_the_local_copy_when_the_server_is_away_and_says_so) {
  TestDesk test;
  Desk desk = test.desk();
  test.server.away = true;
  const auto outcome = sign_draft(desk, made(channel_order("290", kReads)));
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_THAT(outcome->text, HasSubstr("local copy"));
  EXPECT_EQ(outcome->document.at("from_server"), false);
}

TEST(Signing, refuses_a_version_that_is_published) {
  TestDesk test;
  Desk desk = test.desk();
  ASSERT_TRUE(sign_draft(desk, made(channel_order("290", kReads))).ok());
  test.take("content", *test.home.read("drafts/sensor.channel-290/content.json", 1U << 20U));
  const auto again = sign_draft(desk, made(channel_order("290", "1,3")));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_THAT(again.error().detail, HasSubstr("published already"));
}

TEST(Signing, refuses_to_sign_below_the_threshold) {
  TestDesk test;
  Desk desk = test.desk();
  ASSERT_TRUE(test.home.remove("keys/content-2.pem").ok());
  const auto outcome = sign_draft(desk, made(channel_order("290", kReads)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().detail, HasSubstr("1 of the 2 keys"));
}

TEST(Signing, does_not_count_a_key_of_another_role) {
  TestDesk test;
  Desk desk = test.desk();
  ASSERT_TRUE(
      test.home.write_atomic("keys/content-2.pem", *test.home.read("keys/core-1.pem", 4096)).ok());
  EXPECT_FALSE(sign_draft(desk, made(channel_order("290", kReads))).ok());
}

TEST(Submitting, uploads_every_artifact_and_the_manifest_before_the_metadata) {
  TestDesk test;
  Desk desk = test.desk();
  const Draft draft = made(channel_order("290", kReads));
  ASSERT_TRUE(sign_draft(desk, draft).ok());
  test.server.answer("POST /api/v1/releases",
                     {{"releases", {{{"release", draft.release.text()}}}}});
  const auto outcome = submit_draft(desk, draft);
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_EQ(outcome->answer, Answer::yes);

  const auto* artifact =
      test.server.sent("PUT", "/api/v1/blobs/" + draft.manifest.artifacts[0].digest.hex());
  const auto* manifest = test.server.sent("PUT", "/api/v1/blobs/" + draft.release.hex());
  const auto* metadata = test.server.sent("POST", "/api/v1/releases");
  ASSERT_TRUE(artifact != nullptr && manifest != nullptr && metadata != nullptr);
  EXPECT_LT(artifact, metadata);
  EXPECT_LT(manifest, metadata);
  EXPECT_EQ(artifact->body, "rules of 290");
  EXPECT_EQ(metadata->headers.at("authorization"), "Bearer secret");
}

TEST(Submitting, answers_no_when_a_gate_that_nobody_can_approve_away_is_closed) {
  TestDesk test;
  Desk desk = test.desk();
  const Draft draft = made(channel_order("291", "21"));
  ASSERT_TRUE(sign_draft(desk, draft).ok());
  const json::Value gates{
      {{"gate", "contract"}, {"verdict", "closed"}, {"reasons", {"reads field 21"}}}};
  test.server.answer("POST /api/v1/releases",
                     {{"releases", {{{"release", draft.release.text()}, {"gates", gates}}}}});
  const auto outcome = submit_draft(desk, draft);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->answer, Answer::no);
  EXPECT_THAT(outcome->text, HasSubstr("contract: closed — reads field 21"));
}

TEST(Submitting, is_yes_while_only_approvals_are_missing) {
  TestDesk test;
  Desk desk = test.desk();
  const Draft draft = made(channel_order("290", kReads));
  ASSERT_TRUE(sign_draft(desk, draft).ok());
  const json::Value gates{{{"gate", "approval"}, {"verdict", "closed"}, {"reasons", {"0 of 1"}}}};
  test.server.answer("POST /api/v1/releases",
                     {{"releases", {{{"release", draft.release.text()}, {"gates", gates}}}}});
  EXPECT_EQ(submit_draft(desk, draft)->answer, Answer::yes);
}

TEST(Submitting, needs_a_signed_draft) {
  TestDesk test;
  Desk desk = test.desk();
  const auto outcome = submit_draft(desk, made(channel_order("290", kReads)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().detail, HasSubstr("firebreak release sign sensor.channel-290"));
}

TEST(Submitting, says_to_sign_again_when_somebody_else_published_in_between) {
  TestDesk test;
  Desk desk = test.desk();
  const Draft draft = made(channel_order("290", kReads));
  ASSERT_TRUE(sign_draft(desk, draft).ok());
  test.server.refuse("POST /api/v1/releases",
                     {ErrorCode::rolled_back, "content version 2 is not newer"});
  const auto outcome = submit_draft(desk, draft);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_THAT(outcome.error().detail, HasSubstr("sign again"));
}

TEST(Drafts, may_be_made_again_until_they_are_submitted) {
  TestDesk test;
  Desk desk = test.desk();
  ASSERT_TRUE(save_draft(test.home, made(channel_order("290", "1"))).ok());
  const Draft draft = made(channel_order("290", "2"));
  ASSERT_TRUE(save_draft(test.home, draft).ok());
  ASSERT_TRUE(sign_draft(desk, draft).ok());
  test.server.answer("POST /api/v1/releases", {{"releases", json::Value::array()}});
  ASSERT_TRUE(submit_draft(desk, draft).ok());
  EXPECT_EQ(save_draft(test.home, made(channel_order("290", "3"))).error().code,
            ErrorCode::conflict);
}

TEST(Drafts, suggest_the_near_name) {
  TestDesk test;
  ASSERT_TRUE(save_draft(test.home, made(channel_order("290", "1"))).ok());
  EXPECT_TRUE(load_draft(test.home, "drafts/sensor.channel-290/").ok());
  const auto draft = load_draft(test.home, "sensor.chanel-290");
  ASSERT_FALSE(draft.ok());
  EXPECT_THAT(draft.error().detail, HasSubstr("did you mean sensor.channel-290?"));
}

TEST(Drafts, notice_an_artifact_that_changed_after_the_manifest) {
  TestDesk test;
  ASSERT_TRUE(save_draft(test.home, made(channel_order("290", "1"))).ok());
  ASSERT_TRUE(
      test.home.write_atomic("drafts/sensor.channel-290/artifacts/channel.bin", "edited").ok());
  EXPECT_EQ(load_draft(test.home, "sensor.channel-290").error().code, ErrorCode::mismatch);
}

TEST(Drafts, refuse_what_the_kind_may_not_carry) {
  DraftOrder commands = channel_order("290", "1");
  commands.definition = "{}";
  EXPECT_EQ(compose_draft(commands).error().code, ErrorCode::bad_usage);
  DraftOrder readerless = channel_order("290", "1");
  readerless.described.reader.reset();
  EXPECT_THAT(compose_draft(readerless).error().detail, HasSubstr("--reader"));
  DraftOrder core = engine_order();
  core.needs = "{}";
  EXPECT_EQ(compose_draft(core).error().code, ErrorCode::bad_usage);
}

}  // namespace
}  // namespace fb::publisher
