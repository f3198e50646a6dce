#include "publisher/policy_orders.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "policy/key_rotation.h"
#include "publisher/home.h"
#include "statement/envelope.h"

namespace fb::publisher {
namespace {

constexpr std::string_view kPolicyPrefix = "policy-";
constexpr std::string_view kKeyPrefix = "policy-key-";

std::string numbered_file(const TenantId& tenant, std::string_view prefix, std::int64_t version) {
  return tenant_path(tenant, std::string(prefix) + std::to_string(version) + ".json");
}

std::string policy_file(const TenantId& tenant, std::int64_t version) {
  return numbered_file(tenant, kPolicyPrefix, version);
}

// The newest version that lies in the tenant's folder under such a name; 0 when there is none.
std::int64_t newest_version(port::Files& home, const TenantId& tenant,
                            std::string_view prefix = kPolicyPrefix) {
  std::int64_t newest = 0;
  const auto names = home.list("tenants/" + tenant.text());
  if (!names.ok()) return 0;
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    std::int64_t version = 0;
    const auto [end, problem] =
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), version);
    if (problem == std::errc() && std::string_view(end) == ".json")
      newest = std::max(newest, version);
  }
  return newest;
}

Result<TenantId> known_tenant(port::Files& home, const std::string& text) {
  FB_ASSIGN(TenantId tenant, TenantId::parse(text));
  if (home.size(tenant_path(tenant, "policy.pem")).ok()) return tenant;
  const auto names = home.list("tenants");
  std::string detail = "there is no tenant '" + text + "' here";
  if (names.ok() && !names->empty()) {
    detail += "; there are:";
    for (const std::string& name : *names) detail += " " + name;
  }
  return Error{ErrorCode::not_found, detail};
}

Result<Instant> parse_moment(const std::string& text) {
  auto moment = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (moment.ok()) return moment;
  return Error{ErrorCode::bad_usage,
               "'" + text + "': a day or a time is expected, 2026-12-20 or 2026-12-20T18:00:00Z"};
}

std::string rule_text(const policy::Rule& rule) {
  std::string text = "  " + rule.id + ": " + rule.component;
  if (rule.freeze)
    text += " frozen from " + to_rfc3339(rule.freeze->from) + " to " + to_rfc3339(rule.freeze->to);
  if (rule.delay) text += " waits " + in_words(*rule.delay) + " after a release is first seen";
  if (rule.pin) text += " stays at version " + *rule.pin;
  if (!rule.approvals.empty())
    text += " wants approvals of different people: " + policy::listed(rule.approvals);
  return text + "\n";
}

std::string policy_text(const policy::Policy& policy) {
  std::string text = policy.tenant.text() + " version " + std::to_string(policy.version) +
                     ", issued " + to_rfc3339(policy.issued) + "; on a halt devices " +
                     (policy.on_halt == policy::OnHalt::revert ? "revert" : "hold") + "\n";
  for (const policy::Rule& rule : policy.rules) text += rule_text(rule);
  return policy.rules.empty() ? text + "  no rules: everything that passes the gates may start\n"
                              : text;
}

Result<policy::Policy> compose(Desk& desk, const PolicyOrder& order, const TenantId& tenant) {
  const std::int64_t newest = newest_version(desk.home, tenant);
  const std::int64_t version = order.version == 0 ? newest + 1 : order.version;
  if (version <= newest) {
    return Error{ErrorCode::already_exists, "version " + std::to_string(newest) +
                                                " is signed already and versions only grow; use " +
                                                std::to_string(newest + 1) +
                                                " or leave --version out"};
  }
  const policy::Policy policy{tenant, version, desk.clock.wall(), order.on_halt, order.rules};
  return policy::decode_policy(policy::encode(policy));
}

}  // namespace

Result<policy::Freeze> parse_freeze(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos)
    return Error{ErrorCode::bad_usage,
                 "--freeze '" + text + "': FROM..TO is expected, 2026-12-20..2027-01-05"};
  FB_ASSIGN(const Instant from, parse_moment(text.substr(0, dots)));
  FB_ASSIGN(const Instant to, parse_moment(text.substr(dots + 2)));
  if (to <= from)
    return Error{ErrorCode::bad_usage, "--freeze '" + text + "' ends before it begins"};
  return policy::Freeze{from, to};
}

Result<Millis> parse_delay(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const bool counted = problem == std::errc() && number > 0 && number < 1'000'000;
  if (counted && unit == "s") return seconds(number);
  if (counted && unit == "min") return minutes(number);
  if (counted && unit == "h") return hours(number);
  if (counted && unit == "d") return days(number);
  return Error{ErrorCode::bad_usage,
               "'" + text + "': a delay like 90s, 30min, 24h or 7d is expected"};
}

Result<std::vector<statement::Role>> parse_roles(const std::vector<std::string>& texts) {
  std::vector<statement::Role> roles;
  for (const std::string& text : texts) {
    const auto& words = statement::role_words();
    const auto it = std::find_if(words.begin(), words.end(),
                                 [&](const auto& pair) { return pair.first == text; });
    if (it == words.end()) {
      return Error{ErrorCode::bad_usage,
                   "'" + text + "' is no role: author, reviewer, operations, security or customer"};
    }
    roles.push_back(it->second);
  }
  return roles;
}

Result<Outcome> sign_policy(Desk& desk, const PolicyOrder& order) {
  FB_ASSIGN(const TenantId tenant, known_tenant(desk.home, order.tenant));
  FB_ASSIGN(const policy::Policy policy, compose(desk, order, tenant));
  const std::string key_path = tenant_path(tenant, "policy.pem");
  FB_ASSIGN(const std::string pem, read_text(desk.home, key_path));
  FB_ASSIGN(const auto signer, desk.keys.open(pem, key_path));
  FB_ASSIGN(const auto envelope,
            statement::seal(statement::kPolicyType, policy::encode(policy), *signer));
  const std::string path = policy_file(tenant, policy.version);
  FB_TRY(desk.home.write_atomic(path, json::pretty(statement::encode(envelope))));
  return Outcome{
      Answer::yes,
      policy_text(policy) + "signed: " + path + "\nnext: firebreak policy submit " +
          desk.home.absolute(path) + "\n",
      {{"tenant", tenant.text()}, {"version", policy.version}, {"file", desk.home.absolute(path)}}};
}

// The old key stays readable: whoever has to prove what was signed with it needs it. Every write is
// one that may be repeated.
Result<Outcome> rotate_policy_key(Desk& desk, const KeyRotationOrder& order) {
  FB_ASSIGN(const TenantId tenant, known_tenant(desk.home, order.tenant));
  const std::string key_path = tenant_path(tenant, "policy.pem");
  FB_ASSIGN(const std::string old_pem, read_text(desk.home, key_path));
  FB_ASSIGN(const auto old_key, desk.keys.open(old_pem, key_path));
  FB_ASSIGN(const auto new_key, desk.keys.open(order.pem, order.pem_path));
  if (old_key->key().id() == new_key->key().id())
    return Error{ErrorCode::bad_usage, order.pem_path + " is the key of today; make another one"};
  const std::int64_t version = newest_version(desk.home, tenant, kKeyPrefix) + 1;
  const policy::KeyRotation rotation{tenant, version, desk.clock.wall(), new_key->key()};
  FB_ASSIGN(auto envelope,
            statement::seal(policy::kPolicyKeyType, policy::encode(rotation), *old_key));
  FB_ASSIGN(envelope, statement::add_signature(std::move(envelope), *new_key));
  const std::string path = numbered_file(tenant, kKeyPrefix, version);
  FB_TRY(desk.home.write_atomic(
      tenant_path(tenant, "policy.before-" + std::to_string(version) + ".pem"), old_pem));
  FB_TRY(desk.home.write_atomic(path, json::pretty(statement::encode(envelope))));
  FB_TRY(desk.home.write_atomic(tenant_path(tenant, "policy.pub.json"),
                                json::pretty(new_key->key().document)));
  FB_TRY(desk.home.write_atomic(key_path, order.pem));
  return Outcome{Answer::yes,
                 "rotation " + std::to_string(version) + " of " + tenant.text() + "'s key to " +
                     new_key->key().id() + ", signed by the old and the new\nsigned: " + path +
                     "\nnext: firebreak policy submit " + desk.home.absolute(path) +
                     "\nthen: firebreak policy sign, so that new machines can read your policy\n",
                 {{"tenant", tenant.text()},
                  {"version", version},
                  {"key", new_key->key().id()},
                  {"file", desk.home.absolute(path)}}};
}

Result<Outcome> submit_policy(Desk& desk, const std::string& bytes) {
  FB_ASSIGN(const auto envelope, statement::parse_envelope(bytes));
  const bool key = envelope.type == policy::kPolicyKeyType;
  FB_ASSIGN(json::Value answer, desk.server.post(key ? "/api/v1/policy-keys" : "/api/v1/policies",
                                                 statement::encode(envelope)));
  return Outcome{Answer::yes, "the server has it; devices take it at their next check-in\n",
                 std::move(answer)};
}

Result<Outcome> show_policy(Desk& desk, const std::string& name) {
  FB_ASSIGN(const TenantId tenant, known_tenant(desk.home, name));
  const std::int64_t version = newest_version(desk.home, tenant);
  if (version == 0)
    return Error{ErrorCode::not_found,
                 name + " has signed no policy here; `firebreak policy sign` makes one"};
  FB_ASSIGN(const std::string bytes, read_text(desk.home, policy_file(tenant, version)));
  FB_ASSIGN(const auto envelope, statement::parse_envelope(bytes));
  FB_ASSIGN(const std::string key_text,
            read_text(desk.home, tenant_path(tenant, "policy.pub.json")));
  FB_ASSIGN(const json::Value key_value, json::parse(key_text));
  FB_ASSIGN(const crypto::PublicKey key, crypto::decode_key(key_value));
  FB_ASSIGN(const std::string payload,
            statement::open(envelope, statement::kPolicyType, {{{key.id(), key}}, {key.id()}, 1}));
  FB_ASSIGN(const policy::Policy policy, policy::decode_policy(payload));
  FB_ASSIGN(json::Value document, json::parse(payload));
  return Outcome{Answer::yes, policy_text(policy), std::move(document)};
}

}  // namespace fb::publisher
