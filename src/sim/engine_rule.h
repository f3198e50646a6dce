// EngineRule: the rollout engine itself behind the door of a Rule; the simulation's only user of
// rollout::step.
//
// The fleet is one population in an order drawn by lot. Gates and approvals are taken as given.
#pragma once

#include "rollout/lot.h"
#include "sim/rule.h"

namespace fb::sim {

class EngineRule : public Rule {
 public:
  // Errors: bad_usage, from the engine's check of its parameters.
  static Result<std::unique_ptr<EngineRule>> start(const Scenario& scenario);

  [[nodiscard]] std::int64_t open_places() const override { return state_.open_places(); }
  void took(const Permits& permits) override;
  void see(const Sight& sight) override;
  [[nodiscard]] bool halted() const override { return state_.halt.has_value(); }
  [[nodiscard]] bool stuck() const override;
  [[nodiscard]] bool watches_without_control() const override { return false; }
  [[nodiscard]] Gauge gauge() const override;
  [[nodiscard]] std::string sentence() const override { return rollout::sentence(state_); }
  [[nodiscard]] const rollout::State& state() const { return state_; }

 private:
  EngineRule(rollout::State state, rollout::Lot lot)
      : state_(std::move(state)), lot_(std::move(lot)) {}
  void apply(const rollout::Event& event);

  rollout::State state_;
  rollout::Lot lot_;  // as Exposure has it
  Instant now_;
};

}  // namespace fb::sim
