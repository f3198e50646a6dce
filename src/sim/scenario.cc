#include "sim/scenario.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/limits.h"
#include "sim/toml_table.h"

namespace fb::sim {
namespace {

using rollout::Channel;
using rollout::Horizon;
using rollout::Lane;
using rollout::Parameters;
using rollout::PerMillion;

constexpr Millis kMostTime = days(30);
constexpr double kMostMinutes = 60.0 * 24 * 30;
constexpr Millis kTick = minutes(1);  // nobody beats more often than the model ticks
constexpr std::int64_t kMostDevices = 100'000'000;
constexpr std::size_t kMostShocks = 32;

Millis to_minutes(double count) {
  return Millis{static_cast<std::int64_t>(std::llround(count * 60'000))};
}

Millis minutes_at(TomlTable& in, const std::string& key, Millis otherwise) {
  return to_minutes(in.number(key, 0, kMostMinutes, static_cast<double>(otherwise.ms) / 60'000));
}

struct Between {
  Millis least;
  Millis most = kMostTime;
};

Millis seconds_at(TomlTable& in, const std::string& key, Millis otherwise, Between range = {}) {
  return seconds(in.integer(key, range.least.ms / 1000, range.most.ms / 1000, otherwise.ms / 1000));
}

struct Shares {
  double least = 0;
  double most = 1;
};

PerMillion share_at(TomlTable& in, const std::string& key, PerMillion otherwise,
                    Shares range = {}) {
  return {std::llround(1e6 * in.number(key, range.least, range.most, otherwise.fraction()))};
}

std::vector<FleetStratum> equal_strata(std::int64_t devices, std::size_t strata) {
  std::vector<FleetStratum> made;
  const auto count = static_cast<std::int64_t>(strata);
  for (std::int64_t s = 0; s < count; ++s)
    made.push_back({std::to_string(s), devices / count + (s < devices % count ? 1 : 0)});
  return made;
}

// Shares are relative: 3 and 1 are three quarters and one quarter.
std::vector<FleetStratum> named_strata(const std::vector<const toml::table*>& tables,
                                       std::int64_t devices, std::optional<Error>& problem) {
  std::vector<FleetStratum> made;
  std::vector<double> shares;
  double sum = 0;
  for (const toml::table* table : tables) {
    TomlTable in(*table, "fleet.stratum", problem);
    made.push_back({in.text("name", std::to_string(made.size())), 0});
    shares.push_back(in.number("share", 1e-6, 1e6, 1));
    for (const char* told : {"os", "arch", "core"}) in.text(told, "");
    in.done();
    sum += shares.back();
  }
  std::int64_t left = devices;
  for (std::size_t s = 0; s < made.size(); ++s) {
    const auto part = static_cast<std::int64_t>(static_cast<double>(devices) * shares[s] / sum);
    made[s].devices = s + 1 == made.size() ? left : part;
    left -= made[s].devices;
  }
  return made;
}

FleetShape read_fleet(const toml::table& table, std::optional<Error>& problem) {
  TomlTable in(table, "fleet", problem);
  FleetShape fleet;
  fleet.devices = in.integer("devices", 2, kMostDevices, 0);
  const auto strata = in.integer("strata", 1, static_cast<std::int64_t>(limits::kStrata), 1);
  const auto named = in.tables("stratum", limits::kStrata);
  if (!named.empty() && in.has("strata"))
    in.fail("strata", "and [[fleet.stratum]] contradict each other: leave one out");
  fleet.strata = named.empty() ? equal_strata(fleet.devices, static_cast<std::size_t>(strata))
                               : named_strata(named, fleet.devices, problem);
  // Silence is two heartbeats at least, and has to fit.
  fleet.heartbeat = seconds_at(in, "heartbeat_s", fleet.heartbeat, {kTick, days(15)});
  fleet.background_crash_per_hour =
      in.number("background_crash_per_hour", 0, 1, fleet.background_crash_per_hour);
  fleet.background_silence_per_hour =
      in.number("background_silence_per_hour", 0, 1, fleet.background_silence_per_hour);
  in.done();
  return fleet;
}

Channel channel_at(TomlTable& in) {
  return in.word("channel", {"silent", "explicit"}, "silent") == "silent"
             ? Channel::silence
             : Channel::explicit_failure;
}

Shock read_shock(const toml::table& table, std::optional<Error>& problem) {
  TomlTable in(table, "shock", problem);
  Shock shock;
  shock.channel = channel_at(in);
  shock.factor = in.number("factor", 0, 10'000, 1);
  shock.from = minutes_at(in, "from_min", {});
  shock.to = minutes_at(in, "to_min", to_minutes(kMostMinutes));
  shock.strata_share = in.number("strata_share", 0, 1, 1);
  shock.period = minutes_at(in, "period_min", {});
  if (shock.to <= shock.from)
    in.fail("to_min", "must be after from_min, or the shock strikes at no time");
  in.done();
  return shock;
}

Fault read_fault(const toml::table& table, const FleetShape& fleet, std::optional<Error>& problem) {
  TomlTable in(table, "fault", problem);
  Fault fault;
  fault.p = in.number("p", 0, 1, 1);
  fault.channel = channel_at(in);
  fault.onset = minutes_at(in, "onset_min", {});
  if (in.has("stratum")) {
    const auto last = static_cast<std::int64_t>(fleet.strata.size()) - 1;
    fault.stratum = static_cast<std::size_t>(in.integer("stratum", 0, last, 0));
  }
  fault.strata_share = in.number("strata_share", 0, 1, 1);
  in.done();
  return fault;
}

// A machine that is away for longer has more time to fail in than the others between two beats.
Millis restart_at(TomlTable& in, const std::string& key, Millis otherwise, Millis heartbeat) {
  const Millis restart = seconds_at(in, key, otherwise);
  if (restart > heartbeat)
    in.fail(key, "must be at most heartbeat_s = " + std::to_string(heartbeat.ms / 1000) +
                     ": a restart has to fit between two heartbeats");
  return restart;
}

DeviceTraits read_traits(const toml::table& table, const FleetShape& fleet,
                         std::optional<Error>& problem) {
  TomlTable in(table, "devices", problem);
  DeviceTraits traits;
  traits.install_error = in.number("install_error", 0, 1, 0);
  if (const toml::table* window = in.table("deferred")) {
    TomlTable deferred(*window, "devices.deferred", problem);
    traits.deferred_share = deferred.number("share", 0, 1, 0);
    traits.deferred_until = minutes_at(deferred, "by_min", {});
    if (traits.deferred_share > 0 && traits.deferred_until == Millis{})
      deferred.fail("by_min", "must say when their window opens: a number above 0");
    deferred.done();
  }
  traits.reboot = restart_at(in, "reboot_s", {}, fleet.heartbeat);
  in.done();
  return traits;
}

// The ranges from here to read_rollout() are those of rollout::check(), in the keys and units of a
// scenario: who wrote age_min is not told of age_ms.
std::vector<Horizon> read_horizons(TomlTable& in, const Parameters& p,
                                   std::optional<Error>& problem) {
  std::vector<Horizon> horizons;
  for (const toml::table* table : in.tables("horizons", p.lane == Lane::emergency ? 1 : 4)) {
    TomlTable each(*table, "rollout.horizons", problem);
    const Millis age = minutes_at(each, "age_min", {});
    const Horizon before = horizons.empty() ? Horizon{{}, 1} : horizons.back();
    if (horizons.empty() && age < p.smallest_horizon())
      each.fail("age_min", "must be at least " + in_words(p.smallest_horizon()) +
                               ": silence would not have had time to show");
    if (age <= before.age)
      each.fail("age_min", "must be more than " + in_words(before.age) + ", the one before");
    if (!each.has("budget")) each.fail("budget", "is missing: how many devices may be harmed");
    horizons.push_back({age, each.integer("budget", before.budget, 1'000'000'000, 1)});
    each.done();
  }
  return horizons.empty() ? p.horizons : horizons;
}

void read_errors(TomlTable& in, Parameters& p) {
  p.alpha = share_at(in, "alpha", p.alpha, {1e-6, .05});
  p.beta = share_at(in, "beta", p.beta, {1e-6, .1});
  p.delta = share_at(in, "delta", p.delta, {0, .05});
  p.rho0 = share_at(in, "rho0", p.rho0, {1, 2});
  p.hard_factor = in.integer("hard_factor", 1, 10, p.hard_factor);
  p.probe_growth = share_at(in, "probe_growth", p.probe_growth, {.01, 1});
  p.min_wave = share_at(in, "min_wave", p.min_wave);
  p.toe_dip = in.integer("toe_dip", 1, 1000, p.toe_dip);
  p.hold_at = in.integer("hold_at", 2, 1'000'000, p.hold_at);
  p.resume_below = in.integer("resume_below", 2, 1'000'000, p.resume_below);
  p.holdback = in.integer("holdback", 0, kMostDevices, p.holdback);
  p.holdback_bake = minutes_at(in, "holdback_bake_min", p.holdback_bake);
  p.install_failure_limit = share_at(in, "install_failure_limit", p.install_failure_limit);
  p.install_attempts = in.integer("install_attempts", 1, kMostDevices, p.install_attempts);
  if (p.hold_at < p.resume_below || static_cast<double>(p.hold_at) >= p.halt_at())
    in.fail("hold_at",
            fmt::format("= {} must be at least resume_below = {} and below 1/alpha = {:g}",
                        p.hold_at, p.resume_below, p.halt_at()));
}

// What silence, or the kind, asks of the horizons as a whole.
void check_horizons(TomlTable& in, const Scenario& so_far, const Parameters& p) {
  const Horizon& last = p.horizons.back();
  if (last.age > kMostTime)
    in.fail("horizons", "are raised to " + in_words(last.age) + " for heartbeat_s, silence_s and " +
                            "reboot_allowance_s; the most is " + in_words(kMostTime));
  if (!so_far.kind) return;
  const rollout::Road road{*so_far.kind, p.lane, rollout::Profile::production};
  const rollout::Floor floor = rollout::floor_of(road, so_far.fleet.devices);
  const std::string those_of = " for " + std::string(release::word(road.kind)) + " in the " +
                               std::string(rollout::name(p.lane)) + " lane";
  if (p.horizons.front().age < floor.bake)
    in.fail("horizons",
            "must begin with an age_min of at least " + in_words(floor.bake) + those_of);
  if (last.age < floor.last_horizon)
    in.fail("horizons",
            "must end with an age_min of at least " + in_words(floor.last_horizon) + those_of);
}

// A heartbeat slower than the usual one moves the silence deadline with it.
rollout::Times usual_times(const FleetShape& fleet, const DeviceTraits& traits) {
  const Parameters usual = rollout::defaults(rollout::Profile::production, Lane::standard, 1000);
  const Millis silence{
      std::max(usual.silence.ms, fleet.heartbeat.ms * usual.silence.ms / usual.heartbeat.ms)};
  return {fleet.heartbeat, silence, traits.reboot};
}

std::optional<release::Kind> read_kind(TomlTable& in, Lane lane) {
  if (!in.has("kind")) return std::nullopt;
  const std::string word = in.word("kind", {"core", "content", "config", "flags"}, "content");
  for (const auto& [each, kind] : release::kind_words()) {
    if (each != word) continue;
    const Status carried = rollout::check_lane(kind, lane);
    if (carried.ok()) return kind;
    in.fail("kind", "does not fit the lane: " + carried.error().detail);
  }
  return std::nullopt;
}

Parameters usual_parameters(std::optional<release::Kind> kind, Lane lane, std::int64_t devices) {
  constexpr auto kProfile = rollout::Profile::production;
  return kind ? rollout::defaults({*kind, lane, kProfile}, devices)
              : rollout::defaults(kProfile, lane, devices);
}

Parameters read_rollout(const toml::table& table, Scenario& so_far, std::optional<Error>& problem) {
  TomlTable in(table, "rollout", problem);
  const Lane lane =
      rollout::parse_lane(in.word("profile", {"standard", "fast", "emergency"}, "standard"))
          .value();
  const std::int64_t devices = so_far.fleet.devices;
  so_far.kind = read_kind(in, lane);
  Parameters p = usual_parameters(so_far.kind, lane, devices);
  const std::int64_t budget = in.integer("budget", 1, kMostDevices, p.budget());
  if (in.has("budget")) p = with_budget(std::move(p), devices, budget);
  read_errors(in, p);
  rollout::Times times = usual_times(so_far.fleet, so_far.traits);
  times.silence = seconds_at(in, "silence_s", times.silence, {times.heartbeat * 2});
  times.reboot_allowance =
      restart_at(in, "reboot_allowance_s", times.reboot_allowance, times.heartbeat);
  p = with_times(std::move(p), times);
  p.horizons = read_horizons(in, p, problem);
  p = with_longest_fault(std::move(p), minutes_at(in, "longest_fault_delay_min", {}));
  check_horizons(in, so_far, p);
  in.done();
  return p;
}

Result<toml::table> parsed(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& problem) {
    return Error{ErrorCode::bad_usage, "line " + std::to_string(problem.source().begin.line) +
                                           ": " + std::string(problem.description())};
  }
}

// An absent table is an empty one: its defaults hold.
const toml::table& table_or_empty(TomlTable& in, const std::string& key) {
  static const toml::table kEmpty;
  const toml::table* found = in.table(key);
  return found == nullptr ? kEmpty : *found;
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text) {
  FB_ASSIGN(const toml::table document, parsed(text));
  std::optional<Error> problem;
  TomlTable in(document, "", problem);
  Scenario scenario;
  scenario.fleet = read_fleet(table_or_empty(in, "fleet"), problem);
  for (const toml::table* each : in.tables("shock", kMostShocks))
    scenario.shocks.push_back(read_shock(*each, problem));
  if (const toml::table* fault = in.table("fault"))
    scenario.fault = read_fault(*fault, scenario.fleet, problem);
  scenario.traits = read_traits(table_or_empty(in, "devices"), scenario.fleet, problem);
  TomlTable gates(table_or_empty(in, "gates"), "gates", problem);
  scenario.gates.contract = gates.flag("contract", Default::on);
  gates.done();
  scenario.parameters = read_rollout(table_or_empty(in, "rollout"), scenario, problem);
  TomlTable run(table_or_empty(in, "run"), "run", problem);
  scenario.horizon = to_minutes(60 * run.number("horizon_h", 0.1, kMostMinutes / 60, 13));
  run.done();
  in.done();
  if (problem) return *problem;
  if (scenario.fleet.devices == 0)
    return Error{ErrorCode::bad_usage, "fleet.devices is missing: how many devices the fleet has"};
  FB_TRY(check(scenario));
  return scenario;
}

Status check(const Scenario& scenario) {
  const Parameters& p = scenario.parameters;
  FB_TRY(rollout::check(p, scenario.fleet.devices));
  if (scenario.kind) {
    const rollout::Road road{*scenario.kind, p.lane, rollout::Profile::production};
    FB_TRY(rollout::check(road, p, scenario.fleet.devices));
  }
  const auto whole = [&](std::string_view key, Millis time) -> Status {
    if (time.ms % p.tick.ms == 0) return {};
    return Error{ErrorCode::bad_usage, std::string(key) + " must be a multiple of " +
                                           in_words(p.tick) + ", the model's tick"};
  };
  return whole("fleet.heartbeat_s", scenario.fleet.heartbeat);
}

Scenario plain_scenario(std::int64_t devices, std::size_t strata, Lane lane) {
  Scenario scenario;
  scenario.fleet.devices = devices;
  scenario.fleet.strata = equal_strata(devices, strata);
  scenario.parameters = rollout::defaults(rollout::Profile::production, lane, devices);
  return scenario;
}

}  // namespace fb::sim
