#include "exact/rehearsal.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace fb::exact {
namespace {

// Fleets above a thousand take only devices that were enrolled a day ago.
constexpr Millis kEnrolledBefore = hours(26);
// Heartbeats before zero: one in which everybody is heard, one that brings the offer, and one that
// says that it is staged.
constexpr std::int64_t kWarmUp = 3;
// Within which devices go back after a halt, once they have heard of it.
constexpr Millis kRevertWithin = minutes(6);
// Where the server's clock begins; the zero of the scenario follows on a whole minute.
constexpr Millis kWholeHour = hours(1);

server::Config config_for(const sim::Scenario& scenario, const Vendor& vendor) {
  const rollout::Parameters& p = scenario.parameters;
  server::Config config;
  config.tenants.push_back(vendor.tenant_config());
  config.heartbeat = p.heartbeat;
  config.silence = p.silence;
  config.reboot_allowance = p.reboot_allowance;
  config.tick = p.tick;
  // Younger horizons than the floors of production allow are a lab's, and so are its signed limits.
  const rollout::Road road{release::Kind::content, p.lane, rollout::Profile::production};
  if (!rollout::check(road, p, scenario.fleet.devices).ok()) {
    config.profile = rollout::Profile::lab;
    config.freshness = limits::kFreshness;
  }
  server::RolloutSettings& own = config.own_of[release::Kind::content];  // what goes out here
  own.holdback_bake = p.holdback_bake;
  for (const rollout::Horizon& horizon : p.horizons) own.horizons.push_back(horizon.age);
  const auto usual = rollout::defaults(config.profile, p.lane, scenario.fleet.devices);
  if (p.budget() != usual.budget()) own.budget = p.budget();
  return config;
}

statement::Lane plan_lane(rollout::Lane lane) {
  return lane == rollout::Lane::fast ? statement::Lane::fast : statement::Lane::standard;
}

// The first parameter that the server's configuration cannot be given.
std::string first_difference(const rollout::Parameters& wanted, const rollout::Parameters& had) {
  const json::Value a = rollout::encode(wanted);
  const json::Value b = rollout::encode(had);
  for (const auto& [key, value] : a.items()) {
    if (b.at(key) != value)
      return key + " = " + json::compact(value) + " (the server has " + json::compact(b.at(key)) +
             ")";
  }
  return "";
}

Error beyond(std::int64_t devices, std::int64_t most, const std::string& instead) {
  return {ErrorCode::bad_usage, "the exact model plays at most " + std::to_string(most) +
                                    " devices, each with all its " +
                                    "words to a real server; the scenario has " +
                                    std::to_string(devices) + ". " + instead};
}

}  // namespace

Depth depth_for(const sim::Scenario& scenario) {
  return scenario.fleet.devices <= limits::kExactAgents ? Depth::agents : Depth::thin;
}

Status check(const sim::Scenario& scenario, Depth depth) {
  const std::int64_t devices = scenario.fleet.devices;
  if (depth == Depth::agents && devices > limits::kExactAgents)
    return beyond(devices, limits::kExactAgents, "Thin devices do for more");
  if (devices > limits::kExactDevices)
    return beyond(devices, limits::kExactDevices,
                  "--model fast plays any number; both agree in distribution");
  if (scenario.parameters.lane == rollout::Lane::emergency)
    return Error{ErrorCode::bad_usage, "the exact model plays the standard and the fast lane"};
  if (scenario.parameters.heartbeat != scenario.fleet.heartbeat)
    return Error{ErrorCode::bad_usage,
                 "the exact model's devices beat as often as its server says"};
  const server::Config config = config_for(scenario, Vendor());
  FB_ASSIGN(const auto had,
            config.parameters(release::Kind::content, scenario.parameters.lane, devices));
  const std::string difference = first_difference(scenario.parameters, had);
  if (difference.empty()) return {};
  return Error{ErrorCode::bad_usage,
               "the exact model runs a real server, and no server can be configured with " +
                   difference + "; leave it out, or use --model fast"};
}

Rehearsal::Rehearsal(const sim::Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario),
      server_(config_for(scenario, vendor_), vendor_.online(), seed),
      around_{server_, vendor_, {}, {}, scenario.fleet.heartbeat, seed} {
  const Millis since_hour{server_.clock.wall().ms % kWholeHour.ms};
  around_.zero = server_.clock.wall() - since_hour + kWholeHour + kEnrolledBefore;
}

Result<std::unique_ptr<Rehearsal>> Rehearsal::prepare(const sim::Scenario& scenario,
                                                      const sim::Chance& chance, Depth depth) {
  FB_TRY(check(scenario, depth));
  sim::Chance mine = chance;
  std::unique_ptr<Rehearsal> run(new Rehearsal(scenario, mine.bits()));
  FB_TRY(run->set_up(mine, depth));
  return run;
}

Status Rehearsal::set_up(sim::Chance chance, Depth depth) {
  server_.clock.advance((around_.zero - kEnrolledBefore) - server_.clock.wall());
  FB_TRY(vendor_.found(server_.repository, server_.clock.wall()));
  FB_TRY(server_.open());
  server_.turn();
  FB_ASSIGN(around_.image, vendor_.release_image(server_));
  FB_TRY(make_devices(draw_fates(scenario_, chance), depth));
  FB_TRY(stage_everywhere());
  look();
  return {};
}

Status Rehearsal::make_devices(const std::vector<Fate>& fates, Depth depth) {
  const Instant first = around_.zero - around_.heartbeat * kWarmUp;
  std::optional<DeviceImage> image;
  if (depth == Depth::agents) {
    FB_ASSIGN(image, DeviceImage::make(server_, vendor_));
  } else {
    metadata_ = std::make_unique<MetadataView>(server_, vendor_.root());
  }
  for (const Fate& fate : fates) {
    const auto number = static_cast<std::int64_t>(devices_.size());
    if (image)
      devices_.push_back(std::make_unique<AgentDevice>(around_, fate, number, *image));
    else
      devices_.push_back(std::make_unique<ThinDevice>(around_, fate, number, *metadata_));
    FB_TRY(devices_.back()->join());
    queue_.push({first + fate.beat, devices_.size() - 1});
  }
  next_tick_ = first;
  return {};
}

// The hold ends at zero, just after a tick: what a simulation measures begins when everybody has
// it, and the first places are given a tick later, as in the fast model.
Status Rehearsal::stage_everywhere() {
  live_until(next_tick_ + around_.heartbeat);
  FB_ASSIGN(around_.release, vendor_.release_channel(server_, "291"));
  FB_ASSIGN(rollout_,
            vendor_.start_held(server_, around_.release, plan_lane(scenario_.parameters.lane)));
  live_until(around_.zero);
  pass_to(around_.zero + milliseconds(1));
  return vendor_.go_on(server_, around_.release, rollout_);
}

// --- time ---

bool Rehearsal::step() {
  if (over()) return false;
  live_until(next_tick_);
  look();
  note_progress();
  return true;
}

// Ticks at `end` included. A device that is woken on a tick comes after it.
void Rehearsal::live_until(Instant end) {
  while (true) {
    const Instant next = queue_.empty() ? next_tick_ : std::min(next_tick_, queue_.top().at);
    if (next > end) break;
    pass_to(next);
    keep_running();
    if (next == next_tick_) {
      tick();
    } else {
      const std::size_t device = queue_.top().device;
      queue_.pop();
      if (const auto again = devices_[device]->wake()) queue_.push({*again, device});
    }
    keep_running();
  }
  pass_to(end);
}

void Rehearsal::tick() {
  next_tick_ = next_tick_ + scenario_.parameters.tick;
  if (before_tick_) before_tick_(server_);
  server_.turn();
  if (before_tick_) server_.store.mend();
}

void Rehearsal::pass_to(Instant then) {
  if (then > server_.clock.wall()) server_.clock.advance(then - server_.clock.wall());
}

void Rehearsal::keep_running() {
  if (server_.running()) return;
  if (!restart_at_) restart_at_ = server_.clock.wall() + pause_;
  if (server_.clock.wall() < *restart_at_) return;
  restart_at_.reset();
  ++restarts_;
  FB_CHECK(server_.open().ok());
  server_.turn();
}

void Rehearsal::look() {
  if (!server_.running()) return;
  server_.look([this](server::World& world) {
    if (const auto* run = world.rollouts->find(rollout_)) state_ = run->state();
  });
}

// --- what came of it ---

void Rehearsal::note_progress() {
  const std::int64_t minute = (now().ms + 59'999) / 60'000;
  if (state_.halt && !halt_minute_) halt_minute_ = minute;
  const bool waits = std::any_of(devices_.begin(), devices_.end(),
                                 [](const auto& device) { return device->waits(); });
  if (!waits && !t100_minute_) t100_minute_ = minute;
}

bool Rehearsal::over() const {
  if (now() >= scenario_.horizon) return true;
  if (!halt_minute_) return t100_minute_ && state_.remaining() == 0;
  const Millis after = now() - minutes(*halt_minute_);
  return !anybody_can_still_fail() || after > around_.heartbeat * 2 + kRevertWithin;
}

bool Rehearsal::anybody_can_still_fail() const {
  return std::any_of(devices_.begin(), devices_.end(), [this](const auto& device) {
    const auto strike = device->strike();
    return strike && *strike > server_.clock.wall() && device->runs_it() && !device->dead();
  });
}

sim::Play Rehearsal::result() const {
  sim::Play play;
  // Ended early and not halted, the doomed still fail until the horizon.
  const Instant end = halt_minute_ ? server_.clock.wall() : around_.zero + scenario_.horizon;
  for (const auto& device : devices_) play.harmed += device->harmed_by(end) ? 1 : 0;
  play.exposed = state_.dispatched();
  play.halted = halt_minute_.has_value();
  play.halt_minute = halt_minute_.value_or(-1);
  play.t100_minute = t100_minute_.value_or(-1);
  play.unfinished = !play.halted && (!t100_minute_ || state_.phase == rollout::Phase::held);
  for (const rollout::Pacing& pacing : state_.served().pacing)
    play.lowest_bound = std::min(play.lowest_bound, pacing.lowest);
  play.sentence = rollout::sentence(state_);
  return play;
}

Result<sim::Play> play(const sim::Scenario& scenario, const sim::Chance& chance, Depth depth) {
  FB_ASSIGN(const auto run, Rehearsal::prepare(scenario, chance, depth));
  while (run->step()) {
  }
  return run->result();
}

}  // namespace fb::exact
