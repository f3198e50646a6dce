#include "server/config.h"

#include <algorithm>
#include <set>
#include <utility>

#include <toml++/toml.h>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::server {
namespace {

// Large enough for any budget that is lawful in some fleet.
constexpr std::int64_t kLargeFleet = 1'000'000;

// Reads one TOML table; the first mistake sticks, unknown keys are one.
class Table {
 public:
  Table(const toml::table& table, std::string where, std::optional<Error>& problem)
      : table_(table), where_(std::move(where)), problem_(problem) {}

  template <class T>
  std::optional<T> get(const std::string& key) {
    known_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto value = node->value_exact<T>()) return *value;
    fail(key, "is of the wrong type", node->source());
    return std::nullopt;
  }

  template <class T>
  void into(const std::string& key, T& target) {
    if (const auto value = get<T>(key)) target = *value;
  }

  // One text, or a list of them.
  std::vector<std::string> texts(const std::string& key) {
    known_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return {};
    if (const auto one = node->value_exact<std::string>()) return {*one};
    std::vector<std::string> out;
    if (const toml::array* list = node->as_array()) {
      for (const toml::node& each : *list) {
        if (const auto text = each.value_exact<std::string>()) out.push_back(*text);
      }
      if (!out.empty() && out.size() == list->size()) return out;
    }
    fail(key, "must be a text or a list of texts", node->source());
    return {};
  }

  std::optional<Millis> millis(const std::string& key, std::int64_t least = 1) {
    const auto value = get<std::int64_t>(key);
    if (value && *value < least) fail(key, "must be at least " + std::to_string(least));
    return value ? std::optional<Millis>(Millis{*value}) : std::nullopt;
  }

  const toml::table* table(const std::string& key) {
    known_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr && !node->is_table()) fail(key, "must be a table", node->source());
    return node == nullptr ? nullptr : node->as_table();
  }

  const toml::array* array(const std::string& key) {
    known_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr && !node->is_array()) fail(key, "must be a list", node->source());
    return node == nullptr ? nullptr : node->as_array();
  }

  void fail(const std::string& key, const std::string& what, const toml::source_region& at = {}) {
    if (problem_) return;
    const std::string line =
        at.begin.line > 0 ? "line " + std::to_string(at.begin.line) + ": " : "";
    problem_ =
        Error{ErrorCode::bad_usage, line + (where_.empty() ? "" : where_ + ".") + key + " " + what};
  }

  void done() {
    for (const auto& [key, node] : table_) {
      const std::string text(key.str());
      if (std::find(known_.begin(), known_.end(), text) != known_.end()) continue;
      const std::string near = json::nearest(text, known_);
      fail(text, "is not a known key" + (near.empty() ? "" : "; did you mean '" + near + "'?"),
           node.source());
    }
  }

 private:
  const toml::table& table_;
  std::string where_;
  std::optional<Error>& problem_;
  std::vector<std::string> known_;
};

void read_listen(Table& in, Config& config) {
  const auto listen = in.get<std::string>("listen");
  if (!listen) return;
  const auto colon = listen->rfind(':');
  const std::string digits = colon == std::string::npos ? "" : listen->substr(colon + 1);
  const bool numeric = !digits.empty() && digits.size() <= 5 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
  if (!numeric || std::stol(digits) > 65535)
    return in.fail("listen", "must be host:port, like 127.0.0.1:8440");
  config.host = listen->substr(0, colon);
  config.port = static_cast<std::uint16_t>(std::stol(digits));
}

void read_timing(const toml::table* table, Config& config, std::optional<Error>& problem) {
  if (table == nullptr) return;
  Table in(*table, "timing", problem);
  config.heartbeat = in.millis("heartbeat_ms");
  config.silence = in.millis("silence_ms");
  config.reboot_allowance = in.millis("reboot_allowance_ms", 0).value_or(Millis{});
  config.tick = in.millis("tick_ms");
  config.freshness = in.millis("freshness_ms");
  if (config.freshness && *config.freshness > limits::kFreshness) {
    in.fail("freshness_ms", "must be at most " + std::to_string(limits::kFreshness.ms) +
                                ": no device may start a halted release later than that");
  }
  in.done();
}

RolloutSettings read_settings(Table& in) {
  RolloutSettings settings;
  if (const auto* ages = in.array("horizons_ms")) {
    for (const toml::node& each : *ages) {
      const auto age = each.value_exact<std::int64_t>();
      if (!age || *age < 1)
        in.fail("horizons_ms", "must be a list of milliseconds", each.source());
      else
        settings.horizons.push_back({*age});
    }
  }
  settings.budget = in.get<std::int64_t>("budget");
  if (settings.budget && *settings.budget < 1) in.fail("budget", "must be at least 1");
  settings.holdback_bake = in.millis("holdback_bake_ms");
  return settings;
}

void read_rollout(const toml::table* table, Config& config, std::optional<Error>& problem) {
  if (table == nullptr) return;
  Table in(*table, "rollout", problem);
  config.every_kind = read_settings(in);
  for (const auto& [word, kind] : release::kind_words()) {
    const toml::table* own = in.table(std::string(word));
    if (own == nullptr) continue;
    Table of_kind(*own, "rollout." + std::string(word), problem);
    config.own_of[kind] = read_settings(of_kind);
    of_kind.done();
  }
  in.done();
}

void read_keys(const toml::table* table, Config& config, std::optional<Error>& problem) {
  if (table == nullptr) return;
  Table in(*table, "keys", problem);
  config.keys.rollouts = in.texts("rollouts");
  config.keys.snapshot = in.texts("snapshot");
  config.keys.timestamp = in.texts("timestamp");
  in.into("log", config.keys.log);
  in.done();
}

void read_tenant(const toml::table& table, Config& config, std::optional<Error>& problem) {
  Table in(table, "tenant", problem);
  TenantConfig tenant;
  const auto id = TenantId::parse(in.get<std::string>("id").value_or(""));
  if (id.ok())
    tenant.id = *id;
  else
    in.fail("id", id.error().detail);
  const auto token = Digest::parse(in.get<std::string>("enrolment_token_sha256").value_or(""));
  if (token.ok())
    tenant.enrolment_token = *token;
  else
    in.fail("enrolment_token_sha256", token.error().detail);
  if (const auto text = in.get<std::string>("policy_key")) {
    const auto value = json::parse(*text);
    const auto key =
        value.ok() ? crypto::decode_key(*value) : Result<crypto::PublicKey>(value.error());
    if (key.ok())
      tenant.policy_key = *key;
    else
      in.fail("policy_key", key.error().detail);
  }
  in.done();
  if (config.tenant(tenant.id) != nullptr) in.fail("id", "'" + tenant.id.text() + "' stands twice");
  config.tenants.push_back(std::move(tenant));
}

// The library throws; it ends here.
Result<toml::table> parse_toml(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::bad_usage, "line " + std::to_string(error.source().begin.line) + ": " +
                                           std::string(error.description())};
  }
}

// Usual horizons in which silence could not show at these times are raised, each above the one
// before.
void raise_ages(rollout::Parameters& p) {
  Millis least = p.smallest_horizon();
  for (rollout::Horizon& horizon : p.horizons) {
    horizon.age = std::max(horizon.age, least);
    least = horizon.age + milliseconds(1);
  }
}

// A name that only begins like 127.0.0.1 may lead anywhere.
bool loopback(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

const TenantConfig* Config::tenant(const TenantId& id) const {
  const auto it =
      std::find_if(tenants.begin(), tenants.end(), [&](const auto& each) { return each.id == id; });
  return it == tenants.end() ? nullptr : &*it;
}

Millis Config::heartbeat_interval() const {
  return heartbeat.value_or(rollout::defaults(profile, rollout::Lane::standard, 1000).heartbeat);
}

Millis Config::freshness_interval() const {
  return freshness.value_or(profile == rollout::Profile::lab ? seconds(2) : limits::kFreshness);
}

RolloutSettings Config::settings_of(release::Kind kind) const {
  const auto own = own_of.find(kind);
  if (own == own_of.end()) return every_kind;
  RolloutSettings out = own->second;
  if (out.horizons.empty()) out.horizons = every_kind.horizons;
  if (!out.budget) out.budget = every_kind.budget;
  if (!out.holdback_bake) out.holdback_bake = every_kind.holdback_bake;
  return out;
}

Result<rollout::Parameters> Config::parameters(release::Kind kind, rollout::Lane lane,
                                               std::int64_t fleet_size, Budget whose) const {
  FB_TRY(rollout::check_lane(kind, lane));
  const rollout::Road road{kind, lane, profile};
  const RolloutSettings own = settings_of(kind);
  auto out = rollout::defaults(road, fleet_size);
  const auto usual = rollout::defaults(profile, rollout::Lane::standard, fleet_size).budget();
  if (own.budget && (whose == Budget::configured || *own.budget < usual))
    out = rollout::with_budget(std::move(out), fleet_size, *own.budget);
  if (heartbeat) out.heartbeat = *heartbeat;
  if (silence) out.silence = *silence;
  out.reboot_allowance = reboot_allowance;
  if (tick) out.tick = *tick;
  raise_ages(out);
  for (std::size_t k = 0; k < out.horizons.size() && k < own.horizons.size(); ++k)
    out.horizons[k].age = own.horizons[k];
  if (own.holdback_bake) out.holdback_bake = *own.holdback_bake;
  FB_TRY(rollout::check(road, out, fleet_size));
  return out;
}

Result<rollout::Parameters> Config::common_parameters() const {
  using rollout::Lane;
  for (const auto& [word, kind] : release::kind_words()) {
    for (const Lane lane : {Lane::standard, Lane::fast, Lane::emergency}) {
      if (!rollout::check_lane(kind, lane).ok()) continue;
      const auto legal = parameters(kind, lane, kLargeFleet);
      if (!legal.ok()) return legal.error().in("[rollout] or [rollout." + std::string(word) + "]");
    }
  }
  return parameters(release::Kind::content, Lane::standard, kLargeFleet);
}

Result<Config> parse_config(std::string_view toml_text) {
  FB_ASSIGN(const toml::table parsed, parse_toml(toml_text));
  std::optional<Error> problem;
  Config config;
  Table in(parsed, "", problem);
  read_listen(in, config);
  in.into("behind_tls_proxy", config.behind_tls_proxy);
  in.into("state_dir", config.state_dir);
  in.into("repository", config.repository);
  in.into("api_token_file", config.api_token_file);
  in.into("webhook", config.webhook);
  if (const auto threads = in.get<std::int64_t>("threads")) {
    if (*threads < 1 || *threads > 64) in.fail("threads", "must be 1 to 64");
    config.threads = static_cast<unsigned>(*threads);
  }
  if (const auto profile = in.get<std::string>("profile")) {
    if (*profile == "lab")
      config.profile = rollout::Profile::lab;
    else if (*profile != "standard")
      in.fail("profile", "must be \"standard\" or \"lab\"");
  }
  read_keys(in.table("keys"), config, problem);
  read_timing(in.table("timing"), config, problem);
  read_rollout(in.table("rollout"), config, problem);
  if (const auto* tenants = in.array("tenant")) {
    for (const toml::node& each : *tenants) {
      if (each.is_table())
        read_tenant(*each.as_table(), config, problem);
      else
        in.fail("tenant", "must be a list of tables, each under [[tenant]]", each.source());
    }
  }
  in.done();
  if (!loopback(config.host) && !config.behind_tls_proxy) {
    in.fail("listen",
            "is not loopback: device secrets would cross the network in the clear. Put a TLS proxy "
            "in front, "
            "say behind_tls_proxy = true, and listen where only the proxy reaches you");
  }
  if (problem) return *problem;
  return config;
}

}  // namespace fb::server
