#include "policy/customer.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace fb::policy {
namespace {

constexpr Instant kNow{1'721'362'140'000};  // 2024-07-19T04:09:00Z

Rule freeze(const std::string& id, Instant from, Instant to, const std::string& component = "*") {
  return {id, component, Freeze{from, to}, {}, {}};
}
Rule delay(const std::string& id, Millis by, const std::string& component = "*") {
  return {id, component, {}, by, {}};
}
Rule pin(const std::string& id, const std::string& to, const std::string& component = "*") {
  return {id, component, {}, {}, to};
}

Policy policy(std::vector<Rule> rules) {
  return {*TenantId::parse("acme"), 3, kNow, OnHalt::revert, std::move(rules)};
}

Question question(const std::string& component = "sensor.channel") {
  return {*ComponentId::parse(component), "291", kNow - hours(1), kNow};
}

std::string rule_that_refuses(std::vector<Rule> rules, const Question& asked = question()) {
  const auto refusal = judge(policy(std::move(rules)), asked);
  return refusal ? refusal->rule : "";
}

TEST(Policies, WithoutRulesAllowEverything) { EXPECT_EQ(rule_that_refuses({}), ""); }

TEST(Freezes, HoldFromTheirFirstMomentUntilTheirEnd) {
  struct Row {
    Millis from, to;  // from now
    bool refused;
  };
  const Row rows[] = {{hours(-1), hours(1), true},
                      {{0}, {1}, true},
                      {hours(-1), {0}, false},
                      {{1}, hours(1), false},
                      {hours(-2), hours(-1), false}};
  for (const auto& [from, to, refused] : rows) {
    EXPECT_EQ(!rule_that_refuses({freeze("f", kNow + from, kNow + to)}).empty(), refused)
        << from.ms << " to " << to.ms;
  }
}

TEST(Delays, CountFromWhenTheDeviceFirstSawTheRelease) {
  EXPECT_EQ(rule_that_refuses({delay("d", hours(1) + milliseconds(1))}), "d");
  EXPECT_EQ(rule_that_refuses({delay("d", hours(1))}), "");
}

TEST(Pins, AllowOneVersionOnly) {
  EXPECT_EQ(rule_that_refuses({pin("p", "291")}), "");
  for (const char* other : {"290", "2910", "29", "291 "}) {
    EXPECT_EQ(rule_that_refuses({pin("p", other)}), "p") << other;
  }
}

TEST(Refusals, NameTenantRuleAndEnd) {
  struct Row {
    Rule rule;
    const char* sentence;
    std::optional<Instant> until;
  };
  const Row rows[] = {
      {freeze("quarter-end", kNow, kNow + days(3)),
       "acme's rule quarter-end: frozen until 2024-07-22T04:09:00Z", kNow + days(3)},
      {delay("a-day", hours(24)),
       "acme's rule a-day: waits 1 day after first seen, until 2024-07-20T03:09:00Z",
       kNow + hours(23)},
      {pin("old", "290"), "acme's rule old: sensor.channel is pinned to 290", std::nullopt},
  };
  for (const Row& row : rows) {
    const auto refusal = judge(policy({row.rule}), question());
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->sentence, row.sentence);
    EXPECT_EQ(refusal->until, row.until);
  }
}

TEST(Refusals, AreTheOneThatEndsLastInAnyOrder) {
  const Rule day = freeze("day", kNow, kNow + days(1));
  const Rule week = delay("week", days(7));
  const Rule ever = pin("ever", "290");
  const Rule past = freeze("past", kNow - days(9), kNow - days(8));
  EXPECT_EQ(rule_that_refuses({day, week}), "week");
  EXPECT_EQ(rule_that_refuses({week, day}), "week");
  EXPECT_EQ(rule_that_refuses({day, past}), "day");
  EXPECT_EQ(rule_that_refuses({ever, week}), "ever");
  EXPECT_EQ(rule_that_refuses({day, ever, week}), "ever");
}

TEST(Refusals, OfEqualEndAreTheFirstRule) {
  EXPECT_EQ(rule_that_refuses({pin("one", "1"), pin("two", "2")}), "one");
  EXPECT_EQ(
      rule_that_refuses({freeze("a", kNow, kNow + days(1)), freeze("b", kNow, kNow + days(1))}),
      "a");
}

TEST(Patterns, ChooseComponents) {
  struct Row {
    const char* pattern;
    const char* component;
    bool applies;
  };
  const Row rows[] = {{"*", "sensor.channel", true},
                      {"sensor.*", "sensor.channel", true},
                      {"sensor.*", "sensor.engine", true},
                      {"sensor.*", "sensors.engine", false},
                      {"sensor.*", "other.sensor", false},
                      {"sensor.channel", "sensor.channel", true},
                      {"sensor.channel", "sensor.channels", false},
                      {"sensor.engine", "sensor.channel", false}};
  for (const auto& [pattern, component, applies] : rows) {
    EXPECT_EQ(!rule_that_refuses({pin("p", "290", pattern)}, question(component)).empty(), applies)
        << pattern << " for " << component;
  }
}

std::string problem(const json::Value& rule) {
  json::Value value = *json::parse(encode(policy({})));
  value["rules"] = json::Value::array({rule});
  const auto decoded = decode_policy(json::compact(value));
  return decoded.ok() ? "" : decoded.error().detail;
}

TEST(PolicyFormat, SurvivesTheRoundTrip) {
  const Policy all = policy({freeze("f", kNow, kNow + days(3)), delay("d", hours(24), "sensor.*"),
                             pin("p", "7.11", "sensor.engine")});
  const auto again = decode_policy(encode(all));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(all));
}

TEST(PolicyFormat, RefusesPatternsThatChooseNothing) {
  for (const char* pattern : {"", "**", "sensor", "sensor.", "*.channel", "Sensor.*", "sensor.*.*",
                              "sensor.ch*", ".*", "../x.*"}) {
    EXPECT_NE(problem({{"id", "x"}, {"component", pattern}, {"pin", "1"}}), "") << pattern;
  }
  for (const char* pattern : {"*", "sensor.*", "sensor.channel"}) {
    EXPECT_EQ(problem({{"id", "x"}, {"component", pattern}, {"pin", "1"}}), "") << pattern;
  }
}

TEST(PolicyFormat, RefusesRulesThatSayNothingOrTwoThings) {
  const std::string one =
      "policy.rules[0]: exactly one of freeze, delay_s, pin and approvals is expected";
  EXPECT_EQ(problem({{"id", "x"}, {"component", "*"}}), one);
  EXPECT_EQ(problem({{"id", "x"}, {"component", "*"}, {"pin", "1"}, {"delay_s", 5}}), one);
}

TEST(PolicyFormat, RefusesFreezesThatEndBeforeTheyBegin) {
  const json::Value empty{{"from", "2024-07-19T04:09:00Z"}, {"to", "2024-07-19T04:09:00Z"}};
  EXPECT_EQ(problem({{"id", "x"}, {"component", "*"}, {"freeze", empty}}),
            "policy.rules[0].freeze.to: must be after from");
}

TEST(PolicyFormat, RefusesDelaysOfNothingAndOfForever) {
  for (const int delay_s : {0, -1, 365 * 86'400 + 1}) {
    EXPECT_NE(problem({{"id", "x"}, {"component", "*"}, {"delay_s", delay_s}}), "") << delay_s;
  }
}

}  // namespace
}  // namespace fb::policy
