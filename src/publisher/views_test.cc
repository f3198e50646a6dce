#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/sha256.h"
#include "policy/key_rotation.h"
#include "publisher/ages.h"
#include "publisher/columns.h"
#include "publisher/desk_sim_test.h"
#include "publisher/device_view.h"
#include "publisher/keys_view.h"
#include "publisher/plan_view.h"
#include "publisher/policy_orders.h"
#include "publisher/release_view.h"
#include "publisher/rollout_view.h"

namespace fb::publisher {
namespace {

using testing::HasSubstr;

json::Value rollout(const std::string& state) {
  return {{"rollout", 7},
          {"component", "sensor.channel"},
          {"version", "291"},
          {"state", state},
          {"eligible", 60},
          {"exposed", 12},
          {"healthy", 9},
          {"harmed", 2},
          {"silent", 1},
          {"limit", 15},
          {"bound", 0.2134},
          {"evidence", 3.25},
          {"reason", "2 of 12 were harmed"}};
}

TEST(RolloutView, shows_a_ladder_on_one_line) {
  EXPECT_EQ(ladder_line(rollout("running")),
            "sensor.channel 291  running [####................] 12/60 exposed  healthy 9  harmed 2 "
            " silent 1"
            "  bound 0.213  evidence 3.2:1");
}

TEST(RolloutView, shows_the_first_exposed_device_and_fills_the_bar_only_for_all) {
  json::Value one = rollout("running");
  one["exposed"] = 1;
  one["eligible"] = 100'000;
  EXPECT_THAT(ladder_line(one), HasSubstr("[#..................."));
  one["exposed"] = 99'999;
  EXPECT_THAT(ladder_line(one), HasSubstr("###.]"));
}

TEST(RolloutView, says_for_whom_alone_it_was_halted) {
  json::Value held = rollout("held");
  EXPECT_THAT(rollout_text(held), testing::Not(HasSubstr("halted for")));
  held["held"] = "tenant";
  held["halted_tenant"] = "acme";
  EXPECT_THAT(rollout_text(held), HasSubstr("291  held (tenant) "));
  EXPECT_THAT(rollout_text(held), HasSubstr("halted for    acme\n"));
}

TEST(RolloutView, knows_when_nothing_will_change_any_more) {
  for (const char* state : {"completed", "reverted", "superseded"})
    EXPECT_TRUE(is_over(rollout(state))) << state;
  for (const char* state : {"running", "held", "halted", "reverting"})
    EXPECT_FALSE(is_over(rollout(state))) << state;
  json::Value untouched = rollout("halted");
  untouched["exposed"] = 0;
  EXPECT_TRUE(is_over(untouched));
}

TEST(ReleaseView, says_which_ban_keeps_it_from_starting_since_when_and_why) {
  json::Value record{{"component", "sensor.channel"}, {"version", "291"}, {"blocked", false}};
  EXPECT_THAT(release_text(record), testing::Not(HasSubstr("FLOOR")));
  record["below_floor"] = {
      {"version", "292"}, {"since", "2026-11-25T10:00:00Z"}, {"reason", "the July fault"}};
  EXPECT_THAT(release_text(record), HasSubstr("BELOW FLOOR\n"));
  EXPECT_THAT(release_text(record),
              HasSubstr("nothing below 292 starts since 2026-11-25T10:00:00Z: the July fault"));
  record["blocked"] = true;
  EXPECT_THAT(release_text(record), HasSubstr("BLOCKED\n"));
  record["revoked"] = {{"since", "2026-11-25T11:00:00Z"}, {"reason", "a 21st field"}};
  EXPECT_THAT(release_text(record), HasSubstr("REVOKED\n"));
  EXPECT_THAT(release_text(record),
              HasSubstr("since 2026-11-25T11:00:00Z, for good: a 21st field"));
  EXPECT_THAT(releases_text(json::Value::array({record})), HasSubstr("REVOKED"));
}

TEST(ReleaseView, says_how_late_a_fault_may_show_and_who_said_more) {
  json::Value record = {{"longest_fault_delay_ms", 0}, {"longest_fault_delay_of_others_ms", 0}};
  EXPECT_THAT(release_text(record), testing::Not(HasSubstr("late faults")));
  record["longest_fault_delay_ms"] = hours(26).ms;
  EXPECT_THAT(release_text(record), HasSubstr("late faults   show up to 26 h after activation\n"));
  record["longest_fault_delay_of_others_ms"] = hours(48).ms;
  EXPECT_THAT(release_text(record),
              HasSubstr("activation; another release of this component said 2 days\n"));
  record["longest_fault_delay_ms"] = 0;
  EXPECT_THAT(release_text(record), HasSubstr("late faults   nothing said; another release"));
}

TEST(Explain, says_what_a_device_waits_for) {
  const json::Value device{{"device", "d"},
                           {"components",
                            {{{"component", "sensor.channel"},
                              {"version", "290"},
                              {"waiting", "acme's rule quarter-end: frozen"}}}}};
  const auto sentences =
      explain(device, json::Value::array({rollout("running")}), "sensor.channel");
  ASSERT_EQ(sentences.size(), 2U);
  EXPECT_EQ(sentences[0], "runs sensor.channel 290");
  EXPECT_EQ(sentences[1],
            "did not get sensor.channel 291 by rollout 7: the device waits: acme's rule "
            "quarter-end: frozen");
}

TEST(Explain, tells_numbers_of_the_place_a_device_has_not_got_yet) {
  const json::Value device{{"device", "d"}};
  EXPECT_THAT(explain(device, json::Value::array({rollout("running")}), "").front(),
              HasSubstr("12 of 60 devices have it, up to 15 may have it now"));
  EXPECT_THAT(explain(device, json::Value::array({rollout("halted")}), "").front(),
              HasSubstr("it is halted — 2 of 12 were harmed"));
}

TEST(Explain, tells_how_it_went_where_the_release_was_given) {
  const json::Value exposures{{{"rollout", 7},
                               {"dispatched_at_ms", 1'900'000'000'000},
                               {"harmed", true},
                               {"reverted", true}}};
  const json::Value device{{"device", "d"}, {"exposures", exposures}};
  EXPECT_THAT(explain(device, json::Value::array({rollout("halted")}), "").front(),
              HasSubstr("went back to its last-known-good"));
}

TEST(PlanView, says_what_whoever_borrows_takes_upon_themselves) {
  TestDesk test;
  Desk desk = test.desk();
  const std::string release = crypto::sha256("a manifest").text();
  test.server.answer(
      "GET /api/v1/releases",
      {{"releases",
        {{{"release", release}, {"component", "sensor.channel"}, {"version", "290"}}}}});
  const auto parameters =
      rollout::defaults(rollout::Profile::production, rollout::Lane::standard, 50);
  const rollout::Scope alone{parameters, {{{"linux", 50}}}};
  rollout::Loan loan{{*RolloutId::parse(1), *RolloutId::parse(3)}, 5000, {}};
  loan.horizons.resize(parameters.horizons.size(), {{5000, 0}, {}});
  const std::string path = "GET /api/v1/releases/" + release + "/scope?lane=standard";
  test.server.answer(path, rollout::encode(alone));
  test.server.answer(path + "&borrow=1,3", rollout::encode(rollout::for_loan(alone, loan)));
  PlanOrder order{{"sensor.channel", "290"}, "standard", {}};
  const auto without = plan_rollout(desk.server, order);
  order.borrow = loan.from;
  const auto with = plan_rollout(desk.server, order);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_THAT(without->text, testing::Not(HasSubstr("5000 machines")));
  EXPECT_THAT(with->text, HasSubstr("the bound counts 5000 machines of rollout 1, 3, too"));
  EXPECT_THAT(with->text, HasSubstr("only if machines here fail no more often than those did"));
  EXPECT_EQ(with->document.at("loan").at("rollouts"), (json::Value{1, 3}));
  EXPECT_LT(with->document.at("waves").size(), without->document.at("waves").size());
}

// A release whose faults show within `delay`, planned in a lane that watches for `watched`.
Result<Outcome> planned(Millis delay, Millis watched, rollout::Lane lane, bool at_once = false) {
  TestDesk test;
  Desk desk = test.desk();
  const std::string release = crypto::sha256("a manifest").text();
  const std::string word(rollout::name(lane));
  test.server.answer("GET /api/v1/releases", {{"releases",
                                               {{{"release", release},
                                                 {"component", "sensor.channel"},
                                                 {"version", "290"},
                                                 {"longest_fault_delay_ms", delay.ms}}}}});
  auto parameters = rollout::defaults(rollout::Profile::production, lane, 20'000);
  parameters = rollout::with_longest_fault(parameters, watched);
  test.server.answer("GET /api/v1/releases/" + release + "/scope?lane=" + word,
                     rollout::encode(rollout::Scope{parameters, {{{"linux", 20'000}}}}));
  if (at_once) return refuse_at_once(desk.server, {"sensor.channel", "290"});
  return plan_rollout(desk.server, {{"sensor.channel", "290"}, word, {}});
}

TEST(PlanView, says_when_it_does_not_wait_for_what_the_release_says) {
  const char* told = "may show up to 26 h after activation:\nthis plan does not halt those";
  const struct {
    Millis delay, watched;
    rollout::Lane lane;
    bool falls_short;
  } cases[] = {{hours(26), hours(26), rollout::Lane::standard, false},
               {hours(26), {}, rollout::Lane::standard, true},
               {hours(26), {}, rollout::Lane::emergency, true},
               {{}, {}, rollout::Lane::emergency, false}};
  for (const auto& each : cases) {
    const auto plan = planned(each.delay, each.watched, each.lane);
    ASSERT_TRUE(plan.ok()) << plan.error().detail;
    EXPECT_EQ(plan->document.at("falls_short"), each.falls_short);
    EXPECT_EQ(plan->document.at("longest_fault_delay_ms"), each.delay.ms);
    EXPECT_EQ(plan->text.find(told) != std::string::npos, each.falls_short) << plan->text;
  }
  EXPECT_TRUE((PlannedRelease{{}, hours(26)}.falls_short())) << "a fleet too small for evidence";
  EXPECT_FALSE((PlannedRelease{}.falls_short())) << "and a release that says nothing";
  const auto refused = planned(hours(26), {}, rollout::Lane::emergency, true);
  ASSERT_TRUE(refused.ok()) << refused.error().detail;
  EXPECT_THAT(refused->text, HasSubstr(told));
  EXPECT_EQ(refused->document.at("plan").at("falls_short"), true);
}

TEST(Columns, align_by_code_points) {
  Columns columns({"A", "B"});
  columns.row({"é", "x"});
  columns.row({"long", "y"});
  EXPECT_EQ(columns.text(), "A     B\né     x\nlong  y\n");
  EXPECT_EQ(cut_to_width("aé—z", 3), "aé—");
}

TEST(Wrapping, breaks_at_spaces_and_cuts_words_that_fit_nowhere) {
  EXPECT_THAT(wrapped("one two  three", 7), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("é— incomprehensible", 4), testing::ElementsAre("é—", "inco"));
  EXPECT_THAT(wrapped("", 4), testing::ElementsAre(""));
}

TEST(Ages, are_told_in_one_unit) {
  EXPECT_EQ(age_in_words(milliseconds(-5)), "0 s");
  EXPECT_EQ(age_in_words(seconds(119)), "119 s");
  EXPECT_EQ(age_in_words(seconds(3725)), "62 min");
  EXPECT_EQ(age_in_words(hours(30)), "30 h");
  EXPECT_EQ(age_in_words(hours(50)), "2 days");
}

TEST(KeysView, says_what_a_thief_of_each_key_could_sign) {
  TestDesk test;
  Desk desk = test.desk();
  const auto outcome = list_keys(desk);
  ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
  EXPECT_THAT(outcome->text,
              testing::ContainsRegex("content-1 .*nothing alone; with 1 more: content"));
  EXPECT_THAT(outcome->text, testing::ContainsRegex("rollouts +rollouts .*plans, permits"));
  EXPECT_EQ(outcome->document.at("keys").size(), 11U + 4U + 5U + 1U);
}

TEST(KeysView, answers_no_when_a_roles_metadata_runs_out_soon) {
  TestDesk test;
  Desk desk = test.desk();
  EXPECT_EQ(key_status(desk, days(7))->answer, Answer::yes);
  test.clock.advance(days(25));
  EXPECT_EQ(key_status(desk, days(7))->answer, Answer::no);  // content lasts 30 days
  EXPECT_EQ(key_status(desk, days(3))->answer, Answer::yes);
}

TEST(PolicyOrders, sign_a_policy_that_the_tenants_key_verifies_and_number_it_upwards) {
  TestDesk test;
  Desk desk = test.desk();
  const PolicyOrder order{
      "acme",
      0,
      {{"quarter-end", "sensor.*", parse_freeze("2030-03-20..2030-04-02").value(), {}, {}}}};
  ASSERT_TRUE(sign_policy(desk, order).ok());
  const auto second = sign_policy(desk, order);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->document.at("version"), 2);
  const auto shown = show_policy(desk, "acme");
  ASSERT_TRUE(shown.ok()) << shown.error().detail;
  EXPECT_THAT(
      shown->text,
      HasSubstr("quarter-end: sensor.* frozen from 2030-03-20T00:00:00Z to 2030-04-02T00:00:00Z"));
}

TEST(PolicyOrders, refuse_a_version_that_does_not_grow_and_a_tenant_that_is_not_here) {
  TestDesk test;
  Desk desk = test.desk();
  ASSERT_TRUE(sign_policy(desk, {"acme", 5, {}}).ok());
  EXPECT_EQ(sign_policy(desk, {"acme", 5, {}}).error().code, ErrorCode::already_exists);
  EXPECT_THAT(sign_policy(desk, {"acne", 0, {}}).error().detail, HasSubstr("there are: acme"));
}

TEST(PolicyOrders, rotate_a_key_that_both_sign_and_sign_policies_with_the_new_one_from_then_on) {
  TestDesk test;
  Desk desk = test.desk();
  const tuf::TestSigner before(*test.home.read("tenants/acme/policy.pem", 4096));
  policy::KeyChain chain(*TenantId::parse("acme"), before.key());
  EXPECT_EQ(rotate_policy_key(desk, {"acme", "acme two", "two.pem"})->document.at("version"), 1);
  EXPECT_EQ(rotate_policy_key(desk, {"acme", "acme three", "three.pem"})->document.at("version"),
            2);
  EXPECT_EQ(rotate_policy_key(desk, {"acme", "acme three", "three.pem"}).error().code,
            ErrorCode::bad_usage);
  for (const char* file : {"policy-key-1.json", "policy-key-2.json"}) {
    const std::string bytes = *test.home.read(std::string("tenants/acme/") + file, 1U << 16U);
    ASSERT_TRUE(chain.follow(*statement::parse_envelope(bytes)).ok()) << file;
    test.server.answer("POST /api/v1/policy-keys", {{"tenant", "acme"}, {"version", 1}});
    EXPECT_TRUE(submit_policy(desk, bytes).ok());
  }
  EXPECT_EQ(chain.current().id(), tuf::TestSigner("acme three").key().id());
  ASSERT_TRUE(sign_policy(desk, {"acme", 0, {}}).ok());
  EXPECT_TRUE(show_policy(desk, "acme").ok()) << "verified with the public half beside it";
  const std::string signed_file = *test.home.read("tenants/acme/policy-1.json", 1U << 16U);
  EXPECT_TRUE(statement::open(*statement::parse_envelope(signed_file), statement::kPolicyType,
                              chain.signers())
                  .ok());
  EXPECT_EQ(*test.home.read("tenants/acme/policy.before-2.pem", 4096), "acme two");
}

TEST(PolicyOrders, say_whose_approval_a_rule_wants) {
  TestDesk test;
  Desk desk = test.desk();
  const auto roles = parse_roles({"reviewer", "customer"});
  ASSERT_TRUE(roles.ok());
  const auto made = sign_policy(desk, {"acme", 0, {{"two-eyes", "*", {}, {}, {}, *roles}}});
  ASSERT_TRUE(made.ok()) << made.error().detail;
  EXPECT_THAT(made->text,
              HasSubstr("two-eyes: * wants approvals of different people: reviewer, customer"));
  EXPECT_EQ(parse_roles({"boss"}).error().code, ErrorCode::bad_usage);
}

TEST(PolicyOrders, read_times_as_people_write_them) {
  EXPECT_EQ(parse_delay("90s")->ms, 90'000);
  EXPECT_EQ(parse_delay("30min")->ms, 1'800'000);
  EXPECT_EQ(*parse_delay("24h"), hours(24));
  EXPECT_EQ(*parse_delay("7d"), days(7));
  for (const char* text : {"", "24", "h", "-1h", "0s", "24 h", "1w"})
    EXPECT_FALSE(parse_delay(text).ok()) << text;
  for (const char* text : {"2030-01-01", "2030-02-01..2030-01-01", "x..y"})
    EXPECT_FALSE(parse_freeze(text).ok()) << text;
}

}  // namespace
}  // namespace fb::publisher
