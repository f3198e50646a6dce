#include "policy/customer.h"

#include <algorithm>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::policy {
namespace {

// "2 of 3 approvals that count here (rita, sven); still wanted: security".
std::optional<Refusal> judge_approvals(const Rule& rule, const std::string& whose,
                                       const Question& question) {
  const auto missing = still_wanted(rule.approvals, question.approvers);
  if (missing.empty()) return std::nullopt;
  std::string who;
  for (const Approver& each : question.approvers)
    who += (who.empty() ? " (" : ", ") + each.person.text();
  const std::string wanted = listed(missing);
  return Refusal{rule.id, std::nullopt,
                 whose + std::to_string(rule.approvals.size() - missing.size()) + " of " +
                     std::to_string(rule.approvals.size()) + " approvals that count here" +
                     (who.empty() ? "" : who + ")") + "; still wanted: " + wanted,
                 "an approval by " + wanted};
}

bool applies(const Rule& rule, const ComponentId& component) {
  if (rule.component == "*" || rule.component == component.text()) return true;
  if (!rule.component.ends_with(".*")) return false;
  const std::string_view product =
      std::string_view(rule.component).substr(0, rule.component.size() - 1);
  return component.text().starts_with(product);
}

std::optional<Refusal> judge_rule(const Policy& policy, const Rule& rule,
                                  const Question& question) {
  const std::string whose = policy.tenant.text() + "'s rule " + rule.id + ": ";
  if (rule.freeze && question.now >= rule.freeze->from && question.now < rule.freeze->to) {
    return Refusal{rule.id, rule.freeze->to, whose + "frozen until " + to_rfc3339(rule.freeze->to)};
  }
  if (rule.delay && question.now < question.first_seen + *rule.delay) {
    const Instant until = question.first_seen + *rule.delay;
    return Refusal{
        rule.id, until,
        whose + "waits " + in_words(*rule.delay) + " after first seen, until " + to_rfc3339(until)};
  }
  if (rule.pin && *rule.pin != question.version) {
    return Refusal{rule.id, std::nullopt,
                   whose + question.component.text() + " is pinned to " + *rule.pin};
  }
  if (!rule.approvals.empty()) return judge_approvals(rule, whose, question);
  return std::nullopt;
}

bool later(const Refusal& a, const Refusal& b) {
  if (!a.until || !b.until) return !a.until && b.until.has_value();
  return *a.until > *b.until;
}

bool legal_pattern(const std::string& pattern) {
  if (pattern == "*" || ComponentId::parse(pattern).ok()) return true;
  return pattern.ends_with(".*") &&
         ComponentId::parse(pattern.substr(0, pattern.size() - 1) + "x").ok();
}

std::vector<statement::Role> read_roles(json::Reader& in) {
  std::vector<statement::Role> out;
  for (const std::string& text : in.strings("approvals", limits::kApprovalsAsked, 32)) {
    const auto& words = statement::role_words();
    const auto it = std::find_if(words.begin(), words.end(),
                                 [&](const auto& pair) { return pair.first == text; });
    if (it == words.end())
      in.fail("approvals",
              "'" + text + "' is no role: author, reviewer, operations, security, customer");
    else
      out.push_back(it->second);
  }
  if (!in.failed() && out.empty()) in.fail("approvals", "at least one role is expected");
  return out;
}

Rule read_rule(json::Reader& in) {
  Rule rule{in.string("id", 64), in.string("component", 100), {}, {}, {}};
  if (!in.failed() && !legal_pattern(rule.component))
    in.fail("component", "expected sensor.channel, sensor.* or *");
  if (in.has("freeze")) {
    json::Reader freeze = in.object("freeze");
    rule.freeze = Freeze{freeze.instant("from"), freeze.instant("to")};
    if (!in.failed() && rule.freeze->to <= rule.freeze->from)
      freeze.fail("to", "must be after from");
  }
  if (in.has("delay_s")) rule.delay = seconds(in.integer("delay_s", 1, 365LL * 86'400));
  if (in.has("pin")) rule.pin = in.string("pin", 64);
  if (in.has("approvals")) rule.approvals = read_roles(in);
  const int set = (rule.freeze ? 1 : 0) + (rule.delay ? 1 : 0) + (rule.pin ? 1 : 0) +
                  (rule.approvals.empty() ? 0 : 1);
  if (!in.failed() && set != 1)
    in.fail("", "exactly one of freeze, delay_s, pin and approvals is expected");
  return rule;
}

}  // namespace

std::optional<Refusal> judge(const Policy& policy, const Question& question) {
  std::optional<Refusal> last;
  for (const Rule& rule : policy.rules) {
    if (!applies(rule, question.component)) continue;
    auto refusal = judge_rule(policy, rule, question);
    if (refusal && (!last || later(*refusal, *last))) last = std::move(refusal);
  }
  return last;
}

Result<Policy> decode_policy(std::string_view payload) {
  FB_ASSIGN(const json::Value value, json::parse(payload));
  json::Reader in(value, "policy");
  in.literal("format", "firebreak.policy/1");
  Policy policy;
  policy.tenant = in.id<TenantId>("tenant");
  policy.version = in.integer("version", 1, std::int64_t{1} << 53U);
  policy.issued = in.instant("issued");
  policy.on_halt = in.word<OnHalt>("on_halt", {{"revert", OnHalt::revert}, {"hold", OnHalt::hold}});
  in.objects("rules", 256, [&](json::Reader& each) { policy.rules.push_back(read_rule(each)); });
  FB_TRY(in.done());
  return policy;
}

std::string encode(const Policy& policy) {
  json::Value rules = json::Value::array();
  for (const Rule& rule : policy.rules) {
    json::Value each{{"id", rule.id}, {"component", rule.component}};
    if (rule.freeze)
      each["freeze"] = {{"from", to_rfc3339(rule.freeze->from)},
                        {"to", to_rfc3339(rule.freeze->to)}};
    if (rule.delay) each["delay_s"] = rule.delay->ms / 1000;
    if (rule.pin) each["pin"] = *rule.pin;
    for (const statement::Role role : rule.approvals) each["approvals"].push_back(word(role));
    rules.push_back(std::move(each));
  }
  return json::pretty({{"format", "firebreak.policy/1"},
                       {"tenant", policy.tenant.text()},
                       {"version", policy.version},
                       {"issued", to_rfc3339(policy.issued)},
                       {"on_halt", policy.on_halt == OnHalt::revert ? "revert" : "hold"},
                       {"rules", std::move(rules)}});
}

}  // namespace fb::policy
