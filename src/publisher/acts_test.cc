#include "publisher/acts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/trust.h"

namespace fb::publisher {
namespace {

using statement::ActKind;
using testing::HasSubstr;

const Digest kRelease = crypto::sha256("a manifest");

json::Value record(const Digest& digest, const std::string& version) {
  return {{"release", digest.text()}, {"component", "sensor.channel"}, {"version", version}};
}

statement::People people_of(Desk& desk) {
  const auto trusted = refresh_trust(desk);
  return *statement::decode_people(*trusted_file(desk, *trusted, statement::kPeoplePath));
}

ActOrder order_of(ActKind kind, const std::string& person, const std::string& reason = "because") {
  ActOrder order;
  order.kind = kind;
  order.person = person;
  order.reason = reason;
  return order;
}

TEST(Acts, are_verified_by_the_people_that_targets_signed) {
  TestDesk test;
  Desk desk = test.desk();
  test.server.answer("GET /api/v1/releases", {{"releases", {record(kRelease, "290")}}});
  test.server.answer("POST /api/v1/acts", {{"result", "recorded"}});
  const auto outcome =
      act_on_release(desk, order_of(ActKind::approve, "reviewer"), {"sensor.channel", "290"});
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;

  const auto* sent = test.server.sent("POST", "/api/v1/acts");
  ASSERT_NE(sent, nullptr);
  const auto envelope = statement::parse_envelope(sent->body);
  ASSERT_TRUE(envelope.ok()) << envelope.error().detail << sent->body;
  const auto act = statement::verify_act(*envelope, people_of(desk), test.clock.wall());
  ASSERT_TRUE(act.ok()) << act.error().detail;
  EXPECT_EQ(act->act.release, kRelease);
  EXPECT_EQ(act->act.kind, ActKind::approve);
}

TEST(Acts, on_a_rollout_name_it_and_its_release) {
  TestDesk test;
  Desk desk = test.desk();
  test.server.answer("GET /api/v1/rollouts/7", record(kRelease, "290"));
  test.server.answer("POST /api/v1/acts", {{"result", "halted"}});
  ASSERT_TRUE(act_on_rollout(desk, order_of(ActKind::halt, "operator"), "7").ok());
  const auto envelope = statement::parse_envelope(test.server.sent("POST", "/api/v1/acts")->body);
  const auto act = statement::decode_act(envelope->payload);
  ASSERT_TRUE(act.ok());
  EXPECT_EQ(act->rollout->number(), 7);
  EXPECT_EQ(act->release, kRelease);
}

TEST(Acts, of_start_name_whose_evidence_they_borrow) {
  TestDesk test;
  Desk desk = test.desk();
  ActOrder order = order_of(ActKind::start, "operator");
  order.borrow = {*RolloutId::parse(1), *RolloutId::parse(3)};
  EXPECT_EQ(statement::decode_act(make_act(desk, order)->payload)->borrow, order.borrow);
}

TEST(Acts, of_resume_reach_devices_that_were_off_for_weeks_and_orders_do_not_linger) {
  TestDesk test;
  Desk desk = test.desk();
  const auto later = test.clock.wall() + days(21);
  for (const auto kind : {ActKind::resume, ActKind::halt}) {
    ActOrder order = order_of(kind, "operator");
    order.rollout = *RolloutId::parse(7);
    const auto seen = statement::verify_act(*make_act(desk, order), people_of(desk), later);
    EXPECT_EQ(seen.ok(), kind == ActKind::resume);
  }
}

TEST(Acts, never_repeat_a_nonce) {
  TestDesk test;
  Desk desk = test.desk();
  const ActOrder order = order_of(ActKind::approve, "reviewer");
  EXPECT_NE(statement::decode_act(make_act(desk, order)->payload)->nonce,
            statement::decode_act(make_act(desk, order)->payload)->nonce);
}

TEST(Acts, want_a_reason_where_somebody_will_ask_for_one) {
  TestDesk test;
  Desk desk = test.desk();
  for (const ActKind kind :
       {ActKind::waive, ActKind::hold, ActKind::halt, ActKind::resume, ActKind::revert}) {
    EXPECT_EQ(make_act(desk, order_of(kind, "security", "")).error().code, ErrorCode::bad_usage)
        << word(kind);
  }
  EXPECT_TRUE(make_act(desk, order_of(ActKind::approve, "reviewer", "")).ok());
}

TEST(Acts, say_whose_keys_are_here) {
  TestDesk test;
  Desk desk = test.desk();
  const auto envelope = make_act(desk, order_of(ActKind::approve, "mallory"));
  ASSERT_FALSE(envelope.ok());
  EXPECT_THAT(envelope.error().detail, HasSubstr("author, customer, operator, reviewer, security"));
}

TEST(Acts, take_a_release_by_any_name_it_has) {
  TestDesk test;
  Desk desk = test.desk();
  test.server.answer(
      "GET /api/v1/releases",
      {{"releases", {record(kRelease, "290"), record(crypto::sha256("other"), "291")}}});
  test.server.answer("POST /api/v1/acts", {{"result", "recorded"}});
  const std::vector<std::vector<std::string>> names{
      {kRelease.text()},      {kRelease.brief()},     {"sensor.channel", "290"},
      {"sensor.channel@290"}, {"sensor.channel-290"}, {"drafts/sensor.channel-290/"}};
  for (const auto& name : names) {
    EXPECT_TRUE(act_on_release(desk, order_of(ActKind::approve, "reviewer"), name).ok())
        << name.front();
  }
  const auto wrong =
      act_on_release(desk, order_of(ActKind::approve, "reviewer"), {"sensor.chanel", "290"});
  EXPECT_THAT(wrong.error().detail, HasSubstr("did you mean sensor.channel-290?"));
}

TEST(Acts, do_not_let_authors_approve_their_own_releases) {
  TestDesk test;
  Desk desk = test.desk();
  json::Value own = record(kRelease, "290");
  own["author"] = "author";
  test.server.answer("GET /api/v1/releases", {{"releases", json::Value::array({own})}});
  const auto outcome =
      act_on_release(desk, order_of(ActKind::approve, "author"), {"sensor.channel", "290"});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::forbidden);
  EXPECT_EQ(test.server.sent("POST", "/api/v1/acts"), nullptr);
}

TEST(Acts, waive_only_gates_that_the_release_has) {
  TestDesk test;
  Desk desk = test.desk();
  json::Value own = record(kRelease, "290");
  own["gates"] = json::Value::array({{{"gate", "contract"}, {"verdict", "closed"}}});
  test.server.answer("GET /api/v1/releases", {{"releases", json::Value::array({own})}});
  test.server.answer("POST /api/v1/acts", {{"result", "recorded"}});
  ActOrder order = order_of(ActKind::waive, "security");
  order.gate = "contrat";
  EXPECT_EQ(act_on_release(desk, order, {kRelease.text()}).error().code, ErrorCode::bad_usage);
  order.gate = "contract";
  EXPECT_TRUE(act_on_release(desk, order, {kRelease.text()}).ok());
}

TEST(Acts, pass_on_the_servers_own_words_when_it_refuses) {
  TestDesk test;
  Desk desk = test.desk();
  test.server.answer("GET /api/v1/releases", {{"releases", {record(kRelease, "290")}}});
  test.server.refuse("POST /api/v1/acts",
                     {ErrorCode::conflict, "the gate 'approval' is closed: 0 of 1 approvals"});
  const auto outcome =
      act_on_release(desk, order_of(ActKind::start, "operator"), {kRelease.text()});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_EQ(outcome.error().detail, "the gate 'approval' is closed: 0 of 1 approvals");
}

}  // namespace
}  // namespace fb::publisher
