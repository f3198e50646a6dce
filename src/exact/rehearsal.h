// Rehearsal: one rollout on one made-up fleet in the exact model: the real server, and devices that
// speak to it, on a virtual clock.
//
// prepare() enrols the fleet, publishes a release, starts its rollout under a hold, and lets every
// device stage it. The clock then stands at zero, where the hold ends; each step() lives until the
// next tick. Equal scenario and chance give equal runs. A network that loses things and a server
// that dies are whoever plays it to ask for (lose(), server()): a scenario says what both models
// can play. What is left out: telemetry outages, devices that return, downloads that take time. One
// thread.
//
//   FB_ASSIGN(auto run, exact::Rehearsal::prepare(scenario, sim::Chance(1, 0),
//   exact::Depth::thin)); while (run->step()) {} const sim::Play play = run->result();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "exact/agent_device.h"
#include "exact/thin_device.h"
#include "sim/simulation.h"

namespace fb::exact {

enum class Depth : std::uint8_t { agents, thin };

// Whether the exact model can play it. Errors: bad_usage, naming the parameter, or the fleet's size
// and the largest one.
Status check(const sim::Scenario& scenario, Depth depth);
// Whole agents as long as the fleet is small enough.
Depth depth_for(const sim::Scenario& scenario);

class Rehearsal {
 public:
  // Errors: those of check; what the server answers.
  static Result<std::unique_ptr<Rehearsal>> prepare(const sim::Scenario& scenario,
                                                    const sim::Chance& chance, Depth depth);

  // Until the next tick is decided. False: nothing can change any more, or the time is over.
  bool step();
  [[nodiscard]] sim::Play result() const;

  // Since zero.
  [[nodiscard]] Millis now() const { return server_.clock.wall() - around_.zero; }
  // As the server decided at its last tick.
  [[nodiscard]] const rollout::State& state() const { return state_; }
  [[nodiscard]] RolloutId rollout() const { return rollout_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Device>>& devices() const { return devices_; }

  // For whoever wants to kill it. A server that has ended is started again after `pause`; at once
  // means: before anything else happens.
  [[nodiscard]] ServerProcess& server() { return server_; }
  void restart_after(Millis pause) { pause_ = pause; }
  // From now on the line of every device loses so much.
  void lose(Losses losses) { around_.losses = losses; }
  // So do thin devices speak from now on.
  void tell(Telling telling) { around_.telling = telling; }
  // Called just before the server decides a tick. A fault of the store that is planned here and not
  // met by that tick is forgotten.
  using BeforeTick = std::function<void(ServerProcess&)>;
  void before_ticks(BeforeTick strike) { before_tick_ = std::move(strike); }
  [[nodiscard]] int restarts() const { return restarts_; }

 private:
  struct Waking {
    Instant at;
    std::size_t device = 0;
    friend bool operator>(const Waking& a, const Waking& b) {
      return a.at != b.at ? a.at > b.at : a.device > b.device;
    }
  };

  Rehearsal(const sim::Scenario& scenario, std::uint64_t seed);
  Status set_up(sim::Chance chance, Depth depth);
  Status make_devices(const std::vector<Fate>& fates, Depth depth);
  Status stage_everywhere();
  void live_until(Instant end);
  void tick();
  void pass_to(Instant then);
  void keep_running();
  void look();
  void note_progress();
  [[nodiscard]] bool over() const;
  [[nodiscard]] bool anybody_can_still_fail() const;

  const sim::Scenario scenario_;
  Vendor vendor_;
  ServerProcess server_;
  Surroundings around_;
  std::unique_ptr<MetadataView> metadata_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::priority_queue<Waking, std::vector<Waking>, std::greater<>> queue_;
  RolloutId rollout_;
  rollout::State state_;
  Instant next_tick_;
  BeforeTick before_tick_;
  Millis pause_{};
  std::optional<Instant> restart_at_;
  int restarts_ = 0;
  std::optional<std::int64_t> halt_minute_, t100_minute_;
};

// One run from beginning to end: what sim::play is in the fast model. Errors: those of prepare.
Result<sim::Play> play(const sim::Scenario& scenario, const sim::Chance& chance, Depth depth);

}  // namespace fb::exact
