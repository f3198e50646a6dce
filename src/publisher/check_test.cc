#include "publisher/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/desk_sim_test.h"
#include "publisher/release_sim_test.h"
#include "publisher/signing.h"
#include "publisher/sync.h"
#include "statement/inventory.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

// A fleet of 60 devices with engine 7.11, as the server tells it, signed.
class Check : public testing::Test {
 protected:
  void SetUp() override {
    Desk desk = test.desk();
    ASSERT_TRUE(sign_draft(desk, engine).ok());
    test.take("core", *test.home.read("drafts/sensor.engine-7.11/core.json", 1U << 20U));
    test.server
        .files["/tuf/targets/core/sensor.engine/" + engine.release.hex() + ".7.11.manifest.json"] =
        engine.manifest_bytes;
    serve_inventory(engine.release);
  }

  void serve_inventory(const Digest& build) {
    const statement::Inventory inventory{
        test.clock.wall(), 60, {{*ComponentId::parse("sensor.engine"), "7.11", build, 60}}};
    const auto envelope = statement::seal(statement::kInventoryType, statement::encode(inventory),
                                          *test.signer("rollouts"));
    test.server.answer("GET /api/v1/inventory", statement::encode(*envelope));
  }

  // As in the field: everything known is from the last sync, and the server is off.
  Outcome offline(const DraftOrder& order) {
    Desk desk = test.desk();
    const auto synced = sync(desk);
    EXPECT_TRUE(synced.ok()) << synced.error().detail;
    test.server.away = true;
    const std::size_t requests = test.server.requests.size();
    const auto outcome = check_draft(test.home, made(order), {{}, test.clock.wall() + seconds(12)});
    EXPECT_TRUE(outcome.ok()) << outcome.error().detail;
    EXPECT_EQ(test.server.requests.size(), requests) << "check must not touch the network";
    return outcome.ok() ? *outcome : Outcome{};
  }

  TestDesk test;
  Draft engine = made(engine_order());
};

TEST_F(Check, refuses_field_21_of_an_engine_that_supplies_20_and_counts_the_devices) {
  const Outcome outcome = offline(channel_order("291", "1,2,19,21"));
  EXPECT_EQ(outcome.answer, Answer::no);
  EXPECT_THAT(
      outcome.text,
      HasSubstr("contract: closed — reads field 21 of ipc; engine 7.11 supplies 20; 60 devices"));
  EXPECT_THAT(outcome.text, HasSubstr("inventory of 12 s ago"));
  EXPECT_EQ(outcome.document.at("open"), false);
  EXPECT_EQ(outcome.document.at("devices"), 60);
  EXPECT_EQ(outcome.document.at("inventory_age_s"), 12);
}

TEST_F(Check, lets_content_pass_that_reads_what_the_engine_supplies) {
  const Outcome outcome = offline(channel_order("290", "1,2,19,20"));
  EXPECT_EQ(outcome.answer, Answer::yes) << outcome.text;
}

TEST_F(Check, counts_builds_whose_contract_nobody_signed_against_the_release) {
  serve_inventory(crypto::sha256("some other build"));
  const Outcome outcome = offline(channel_order("290", "1"));
  EXPECT_EQ(outcome.answer, Answer::no);
  EXPECT_THAT(outcome.text, HasSubstr("60 devices run an engine whose contract nobody signed"));
}

TEST_F(Check, works_long_after_the_cached_timestamp_ran_out_and_tells_the_age) {
  Desk desk = test.desk();
  ASSERT_TRUE(sync(desk).ok());
  const auto outcome =
      check_draft(test.home, made(channel_order("290", "1")), {{}, test.clock.wall() + days(9)});
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_THAT(outcome->text, HasSubstr("inventory of 9 days ago"));
}

TEST_F(Check, believes_no_inventory_that_the_rollouts_role_did_not_sign) {
  Desk desk = test.desk();
  ASSERT_TRUE(sync(desk).ok());
  const statement::Inventory empty{test.clock.wall(), 0, {}};
  const auto forged = statement::seal(statement::kInventoryType, statement::encode(empty),
                                      tuf::TestSigner("thief"));
  const CheckOrder order{json::compact(statement::encode(*forged)), test.clock.wall()};
  const auto outcome = check_draft(test.home, made(channel_order("291", "21")), order);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::bad_signature);
}

TEST_F(Check, does_not_believe_a_manifest_that_changed_in_the_cache) {
  Desk desk = test.desk();
  ASSERT_TRUE(sync(desk).ok());
  ASSERT_TRUE(
      test.home.write_atomic(cached_manifest_path(engine.release), engine.manifest_bytes + " ")
          .ok());
  const auto outcome =
      check_draft(test.home, made(channel_order("290", "1")), {{}, test.clock.wall()});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->answer, Answer::no);
}

TEST_F(Check, names_a_blank_note) {
  DraftOrder order = channel_order("290", "1");
  order.described.notes.undo = " ";
  EXPECT_THAT(offline(order).text, HasSubstr("'undo' is blank"));
}

TEST(CheckWithoutSync, says_to_sync_once) {
  TestDesk test;
  const auto outcome =
      check_draft(test.home, made(channel_order("290", "1")), {{}, test.clock.wall()});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
  EXPECT_THAT(outcome.error().detail, HasSubstr("firebreak sync"));
}

}  // namespace
}  // namespace fb::publisher
