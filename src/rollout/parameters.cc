#include "rollout/parameters.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "json/reader.h"

namespace fb::rollout {
namespace {

constexpr std::size_t kMostHorizons = 4;
constexpr std::int64_t kMostDevices = 1'000'000'000;
constexpr Millis kMostTime = days(30);
constexpr std::int64_t kMillion = 1'000'000;

const std::vector<std::pair<std::string_view, Lane>>& lanes() {
  static const std::vector<std::pair<std::string_view, Lane>> kLanes = {
      {"standard", Lane::standard}, {"fast", Lane::fast}, {"emergency", Lane::emergency}};
  return kLanes;
}

std::int64_t default_budget(std::int64_t fleet_size) {
  const auto wished = std::clamp<std::int64_t>(fleet_size / 200, 20, 100);
  return std::min(wished, std::max<std::int64_t>(2, fleet_size / 25));
}

std::vector<Millis> horizon_ages(Profile profile, Lane lane) {
  std::vector<Millis> ages = {minutes(15), hours(1), hours(4)};
  if (profile == Profile::lab) ages = {seconds(6), seconds(8)};
  if (lane == Lane::fast) ages.resize(2);
  if (lane == Lane::emergency) ages.resize(1);
  return ages;
}

std::int64_t horizon_budget(const Parameters& p, std::size_t k, std::int64_t b, std::int64_t n) {
  if (p.lane == Lane::emergency) return kEmergencyBudgetFactor * b;
  if (k == 0) return b;
  if (p.lane == Lane::fast) return std::max(10 * b, n / 8);
  if (k == 1) return std::max({b, std::min(10 * b, n / 10), n / 100});
  return std::max({b, std::min(100 * b, 3 * n / 10), n / 10});
}

std::int64_t default_holdback(std::int64_t n) {
  return std::max(n / 100, std::min<std::int64_t>(n / 5, 500));
}

Error refused(std::string_view parameter, std::string_view value, std::string_view rule) {
  return Error{ErrorCode::bad_usage, std::string(parameter) + " = " + std::string(value) +
                                         " is not allowed: " + std::string(rule)};
}

Status within(std::string_view parameter, std::int64_t value, std::int64_t least,
              std::int64_t most) {
  if (value >= least && value <= most) return {};
  return refused(parameter, std::to_string(value),
                 "it must be " + std::to_string(least) + " to " + std::to_string(most));
}

Status check_errors(const Parameters& p) {
  FB_TRY(within("alpha_ppm", p.alpha.ppm, 1, 50'000));
  FB_TRY(within("beta_ppm", p.beta.ppm, 1, 100'000));
  FB_TRY(within("delta_ppm", p.delta.ppm, 0, 50'000));
  FB_TRY(within("rho0_ppm", p.rho0.ppm, kMillion, 2 * kMillion));
  FB_TRY(within("hard_factor", p.hard_factor, 1, 10));
  FB_TRY(within("probe_growth_ppm", p.probe_growth.ppm, 10'000, kMillion));
  FB_TRY(within("min_wave_ppm", p.min_wave.ppm, 0, kMillion));
  FB_TRY(within("resume_below", p.resume_below, 2, kMillion));
  FB_TRY(within("hold_at", p.hold_at, p.resume_below, kMillion));
  if (static_cast<double>(p.hold_at) < p.halt_at()) return {};
  return refused("hold_at", std::to_string(p.hold_at),
                 "it must be below 1/alpha = " + std::to_string(kMillion / p.alpha.ppm));
}

// A machine that is away for longer has more time to fail in than any of the others has between two
// heartbeats, and good releases would be halted for it.
Status check_restart(const Parameters& p) {
  FB_TRY(within("reboot_allowance_ms", p.reboot_allowance.ms, 0, kMostTime.ms));
  if (p.reboot_allowance <= p.heartbeat) return {};
  return refused(
      "reboot_allowance_ms", std::to_string(p.reboot_allowance.ms),
      "a restart must fit between two heartbeats; the smallest legal heartbeat_ms for it "
      "is " +
          std::to_string(p.reboot_allowance.ms));
}

Status check_times(const Parameters& p) {
  FB_TRY(within("heartbeat_ms", p.heartbeat.ms, 100, kMostTime.ms));
  FB_TRY(within("tick_ms", p.tick.ms, 10, p.heartbeat.ms));
  FB_TRY(within("silence_ms", p.silence.ms, 2 * p.heartbeat.ms, kMostTime.ms));
  FB_TRY(check_restart(p));
  FB_TRY(within("holdback_bake_ms", p.holdback_bake.ms, 0, kMostTime.ms));
  return within("freeze_page_ms", p.freeze_page.ms, 0, kMostTime.ms);
}

Status check_horizons(const Parameters& p) {
  FB_TRY(within("number of horizons", static_cast<std::int64_t>(p.horizons.size()), 1,
                static_cast<std::int64_t>(kMostHorizons)));
  Horizon before{p.smallest_horizon(), 1};
  for (std::size_t k = 0; k < p.horizons.size(); ++k) {
    const Horizon& horizon = p.horizons[k];
    const std::string which = "horizons[" + std::to_string(k) + "]";
    if (k == 0 && horizon.age < before.age) {
      return refused(which + ".age_ms", std::to_string(horizon.age.ms),
                     "silence would not have had time to show; the smallest legal one is " +
                         std::to_string(before.age.ms) +
                         " (silence + reboot allowance + 0.6 heartbeats)");
    }
    if (k > 0) FB_TRY(within(which + ".age_ms", horizon.age.ms, before.age.ms + 1, kMostTime.ms));
    FB_TRY(within(which + ".budget", horizon.budget, before.budget, kMostDevices));
    before = horizon;
  }
  return {};
}

// Two waves at least: somebody must come first, and not everybody.
Status check_waves(const Parameters& p, std::int64_t n) {
  FB_TRY(within("fleet size", n, 1, kMostDevices));
  if (n > 1 && p.toe_dip >= n) {
    return refused("toe_dip", std::to_string(p.toe_dip),
                   "a rollout has at least two waves; the largest legal one for " +
                       std::to_string(n) + " devices is " + std::to_string(n - 1));
  }
  FB_TRY(within("toe_dip", p.toe_dip, 1, 1000));
  return within("holdback", p.holdback, 0, n - 1);
}

json::Value encode_horizons(const std::vector<Horizon>& horizons) {
  json::Value list = json::Value::array();
  for (const Horizon& h : horizons) list.push_back({{"age_ms", h.age.ms}, {"budget", h.budget}});
  return list;
}

}  // namespace

std::string_view name(Lane lane) {
  switch (lane) {
    case Lane::standard: return "standard";
    case Lane::fast: return "fast";
    case Lane::emergency: return "emergency";
  }
  FB_CHECK(false);
}

Result<Lane> parse_lane(std::string_view text) {
  for (const auto& [word, lane] : lanes()) {
    if (word == text) return lane;
  }
  return Error{ErrorCode::malformed,
               "'" + std::string(text) + "' is not a lane: standard, fast, emergency"};
}

std::string_view name(Profile profile) {
  switch (profile) {
    case Profile::production: return "production";
    case Profile::lab: return "lab";
  }
  FB_CHECK(false);
}

Millis Parameters::smallest_horizon() const {
  return silence_deadline() + Millis{(heartbeat.ms * 6 + 9) / 10};
}

Parameters defaults(Profile profile, Lane lane, std::int64_t fleet_size) {
  Parameters p;
  p.lane = lane;
  if (fleet_size < 1000) p.beta = {50'000};
  if (profile == Profile::lab) {
    p.heartbeat = seconds(1);
    p.silence = seconds(5);
    p.tick = milliseconds(100);
    p.holdback_bake = seconds(2);
  }
  for (const Millis age : horizon_ages(profile, lane)) p.horizons.push_back({age, 0});
  p.holdback = lane == Lane::emergency ? 0 : default_holdback(fleet_size);
  return with_budget(std::move(p), fleet_size, default_budget(fleet_size));
}

Parameters with_budget(Parameters p, std::int64_t fleet_size, std::int64_t budget) {
  for (std::size_t k = 0; k < p.horizons.size(); ++k) {
    p.horizons[k].budget = horizon_budget(p, k, budget, fleet_size);
  }
  p.toe_dip = std::clamp<std::int64_t>(budget / 3, 3, 10);
  // Never three of four machines that do the same work.
  p.toe_dip = std::min(p.toe_dip, std::max<std::int64_t>(1, fleet_size / 2));
  return p;
}

Parameters with_larger_budget(Parameters p, std::int64_t fleet_size, std::int64_t budget) {
  for (std::size_t k = 0; k < p.horizons.size(); ++k) {
    const std::int64_t follows = k == 0 ? budget : horizon_budget(p, k, budget, fleet_size);
    p.horizons[k].budget = std::max(p.horizons[k].budget, follows);
  }
  return p;
}

Parameters with_times(Parameters p, const Times& times) {
  p.heartbeat = times.heartbeat;
  p.silence = times.silence;
  p.reboot_allowance = times.reboot_allowance;
  Millis least = p.smallest_horizon();
  for (Horizon& horizon : p.horizons) {
    horizon.age = std::max(horizon.age, least);
    least = horizon.age * 2;
  }
  return p;
}

Parameters with_longest_fault(Parameters p, Millis longest_fault_delay) {
  p.horizons.back().age = std::max(p.horizons.back().age, longest_fault_delay);
  return p;
}

Parameters for_retry(Parameters p) {
  p.alpha.ppm = std::max<std::int64_t>(1, p.alpha.ppm / 2);
  return p;
}

Status check(const Parameters& parameters, std::int64_t fleet_size) {
  FB_TRY(check_errors(parameters));
  FB_TRY(check_times(parameters));
  FB_TRY(check_horizons(parameters));
  if (parameters.lane == Lane::emergency) {
    FB_TRY(within("number of horizons in the emergency lane",
                  static_cast<std::int64_t>(parameters.horizons.size()), 1, 1));
  }
  FB_TRY(check_waves(parameters, fleet_size));
  FB_TRY(within("install_failure_limit_ppm", parameters.install_failure_limit.ppm, 0, kMillion));
  return within("install_attempts", parameters.install_attempts, 1, kMostDevices);
}

std::vector<std::string> warnings(const Parameters& p, std::int64_t fleet_size) {
  std::vector<std::string> said;
  const std::int64_t usual = std::max<std::int64_t>(2, fleet_size / 25);
  if (p.lane != Lane::emergency && p.budget() > usual) {
    said.push_back("the budget of " + std::to_string(p.budget()) +
                   " devices is more than a 25th of " + std::to_string(fleet_size) +
                   ": the promise holds, but promises little");
  }
  if (p.lane != Lane::emergency && p.holdback == 0) {
    said.emplace_back("without a holdback the last wave has no control");
  }
  if (p.alpha.ppm > 1000) said.emplace_back("more than one good release in 1,000 may be halted");
  return said;
}

json::Value encode(const Parameters& p) {
  return {{"format", "firebreak.rollout-parameters/1"},
          {"lane", name(p.lane)},
          {"alpha_ppm", p.alpha.ppm},
          {"beta_ppm", p.beta.ppm},
          {"delta_ppm", p.delta.ppm},
          {"rho0_ppm", p.rho0.ppm},
          {"horizons", encode_horizons(p.horizons)},
          {"hard_factor", p.hard_factor},
          {"probe_growth_ppm", p.probe_growth.ppm},
          {"min_wave_ppm", p.min_wave.ppm},
          {"toe_dip", p.toe_dip},
          {"hold_at", p.hold_at},
          {"resume_below", p.resume_below},
          {"holdback", p.holdback},
          {"holdback_bake_ms", p.holdback_bake.ms},
          {"heartbeat_ms", p.heartbeat.ms},
          {"silence_ms", p.silence.ms},
          {"reboot_allowance_ms", p.reboot_allowance.ms},
          {"tick_ms", p.tick.ms},
          {"freeze_page_ms", p.freeze_page.ms},
          {"install_failure_limit_ppm", p.install_failure_limit.ppm},
          {"install_attempts", p.install_attempts}};
}

Result<Parameters> decode_parameters(const json::Value& value, std::string where) {
  json::Reader in(value, std::move(where));
  const auto ppm = [&in](std::string_view key) {
    return PerMillion{in.integer(key, 0, 10 * kMillion)};
  };
  const auto count = [&in](std::string_view key) { return in.integer(key, 0, kMostDevices); };
  const auto time = [&in](std::string_view key) { return in.millis(key, Millis{0}, kMostTime); };
  in.literal("format", "firebreak.rollout-parameters/1");
  Parameters p;
  p.lane = in.word<Lane>("lane", lanes());
  p.alpha = ppm("alpha_ppm");
  p.beta = ppm("beta_ppm");
  p.delta = ppm("delta_ppm");
  p.rho0 = ppm("rho0_ppm");
  in.objects("horizons", kMostHorizons, [&p](json::Reader& each) {
    p.horizons.push_back(
        {each.millis("age_ms", Millis{1}, kMostTime), each.integer("budget", 1, kMostDevices)});
  });
  if (p.horizons.empty()) in.fail("horizons", "at least one is needed");
  p.hard_factor = count("hard_factor");
  p.probe_growth = ppm("probe_growth_ppm");
  p.min_wave = ppm("min_wave_ppm");
  p.toe_dip = count("toe_dip");
  p.hold_at = count("hold_at");
  p.resume_below = count("resume_below");
  p.holdback = count("holdback");
  p.holdback_bake = time("holdback_bake_ms");
  p.heartbeat = time("heartbeat_ms");
  p.silence = time("silence_ms");
  p.reboot_allowance = time("reboot_allowance_ms");
  p.tick = time("tick_ms");
  p.freeze_page = time("freeze_page_ms");
  p.install_failure_limit = ppm("install_failure_limit_ppm");
  p.install_attempts = count("install_attempts");
  FB_TRY(in.done());
  return p;
}

}  // namespace fb::rollout
