// Parameters: every number of the rollout decision, with its default and its floor.
//
// Integers throughout (devices, milliseconds, parts per million), so that they can stand in signed
// plans. defaults() gives what the decision was designed with; check() refuses what would void its
// promises and names the smallest legal value; it accepts what only weakens them and warnings()
// says what that costs. A value, fixed at the start of a rollout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::rollout {

struct PerMillion {
  std::int64_t ppm = 0;

  [[nodiscard]] double fraction() const { return static_cast<double>(ppm) / 1e6; }
  friend constexpr auto operator<=>(PerMillion, PerMillion) = default;
};

enum class Lane : std::uint8_t { standard, fast, emergency };
std::string_view name(Lane lane);
Result<Lane> parse_lane(std::string_view text);

// The emergency lane has one horizon, and this many times the budget B for it.
inline constexpr std::int64_t kEmergencyBudgetFactor = 5;

// Production: minutes and hours. Lab: seconds, for trying the whole thing out in minutes.
enum class Profile : std::uint8_t { production, lab };
std::string_view name(Profile profile);

// No more than `budget` devices harmed before the first ones have lived `age`.
struct Horizon {
  Millis age;
  std::int64_t budget = 0;

  friend bool operator==(const Horizon&, const Horizon&) = default;
};

// Whether a word that comes `since` the last heartbeat is the next one. Devices with news speak in
// between; counted as heartbeats those words would put them at risk more often than the others.
constexpr bool is_heartbeat(Millis since, Millis heartbeat) {
  return 10 * since.ms >= 9 * heartbeat.ms;
}

struct Parameters {
  Lane lane = Lane::standard;
  PerMillion alpha{1000};  // P(ever halting a release that is no worse)
  PerMillion beta{10000};  // error of each horizon's pacing bound
  PerMillion delta{1000};  // excess rate below which pacing stops caring; the halt test never does
  PerMillion rho0{1'000'000};     // hazard ratio that the halt test tolerates
  std::vector<Horizon> horizons;  // ascending in age; the first budget is B
  std::int64_t hard_factor = 2;   // H: H*B_k is never exceeded; 1 switches probing off
  PerMillion probe_growth{250'000};
  // Smallest wave as a share of the dispatched, while the last one is not resolved (note 0056).
  PerMillion min_wave{1'000'000};
  std::int64_t toe_dip = 10;  // w0
  std::int64_t hold_at = 20;  // E_hold: stop growing
  std::int64_t resume_below = 10;
  std::int64_t holdback = 0;  // devices kept as the last control
  Millis holdback_bake = minutes(30);
  Millis heartbeat = minutes(5);  // T_hb
  Millis silence = minutes(12);   // D_s
  Millis reboot_allowance;        // R, both arms; at most a heartbeat
  Millis tick = seconds(60);
  Millis freeze_page = minutes(15);          // an outage longer than this pages
  PerMillion install_failure_limit{50'000};  // of at least install_attempts: hold, never harm
  std::int64_t install_attempts = 20;

  [[nodiscard]] std::int64_t budget() const { return horizons.front().budget; }
  // Age bins are one first horizon wide, so that the first silence bin ends where the first
  // verdicts are in.
  [[nodiscard]] Millis age_bin() const { return horizons.front().age; }
  // A heartbeat not followed by another one for this long is silence.
  [[nodiscard]] Millis silence_deadline() const { return silence + reboot_allowance; }
  // The youngest age a horizon may have: D_s + R + 0.6 T_hb.
  [[nodiscard]] Millis smallest_horizon() const;
  // 1/alpha.
  [[nodiscard]] double halt_at() const { return 1e6 / static_cast<double>(alpha.ppm); }

  friend bool operator==(const Parameters&, const Parameters&) = default;
};

// The defaults for a fleet of `fleet_size` eligible devices. In the lab profile: heartbeat 1 s,
// silence 5 s, tick 100 ms, horizons 6 s and 8 s (fast and standard alike) and a 2 s holdback bake;
// budgets and errors as in production.
Parameters defaults(Profile profile, Lane lane, std::int64_t fleet_size);

// Another budget B for the first horizon; the later budgets and the toe-dip follow as in
// defaults().
Parameters with_budget(Parameters parameters, std::int64_t fleet_size, std::int64_t budget);

// The same for a rollout that runs: no budget shrinks, and the toe-dip stays what it was.
Parameters with_larger_budget(Parameters parameters, std::int64_t fleet_size, std::int64_t budget);

// Another heartbeat, silence deadline and reboot allowance. Horizons too young for them are raised.
struct Times {
  Millis heartbeat;
  Millis silence;
  Millis reboot_allowance;
};
Parameters with_times(Parameters parameters, const Times& times);

// The last horizon raised to what a component says about its slowest fault; others stay. No-op if
// already that long.
Parameters with_longest_fault(Parameters parameters, Millis longest_fault_delay);

// A retry after a halt: alpha is halved, so that all tries together still err at most twice alpha.
Parameters for_retry(Parameters parameters);

// Errors: bad_usage, naming parameter, value and the smallest legal one.
Status check(const Parameters& parameters, std::int64_t fleet_size);

// What legal but unusual values cost, one sentence each; empty for defaults.
std::vector<std::string> warnings(const Parameters& parameters, std::int64_t fleet_size);

// "firebreak.rollout-parameters/1": integers only. Decoding checks the format; check() the meaning.
json::Value encode(const Parameters& parameters);
Result<Parameters> decode_parameters(const json::Value& value, std::string where = "parameters");

}  // namespace fb::rollout
