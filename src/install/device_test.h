// A component under test: state and clocks, and the story so far in one word per step.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "install/judgement.h"
#include "install/step.h"

namespace fb::install {

inline Digest digest_of(const std::string& version) { return crypto::sha256("release " + version); }
inline RolloutId rollout_id(std::int64_t number) { return *RolloutId::parse(number); }

struct Device {
  State state = fresh(*ComponentId::parse("sensor.channel"));
  Now now{{1'900'000'000'000}, {60'000}};
  std::string boot = "boot-1";
  std::vector<Effect> effects;  // of the last step
  std::string reason;
  std::optional<Digest> linked;

  // Engine of the tests: 290 is last-known-good.
  static Device provisioned() {
    Device device;
    device.feed(Recovered{device.boot, {}});
    device.feed(Provisioned{{digest_of("290"), "290"}});
    device.linked = digest_of("290");
    return device;
  }

  Device& feed(const Event& event) {
    Step next = step(state, event, now);
    state = std::move(next.next);
    effects = std::move(next.effects);
    reason = std::move(next.reason);
    for (const Effect& effect : effects) {
      if (const auto* activate = std::get_if<Activate>(&effect)) linked = activate->release;
      if (const auto* back = std::get_if<FallBack>(&effect)) linked = back->to;
    }
    return *this;
  }
  Device& wait(Millis span) {
    now.wall = now.wall + span;
    now.uptime = now.uptime + span;
    return *this;
  }
  Device& reboot() {
    boot += "+";
    now.uptime = {1000};
    return feed(Recovered{boot, linked});
  }
  Device& restart() { return feed(Recovered{boot, linked}); }

  static Candidate candidate(const std::string& version) {
    Candidate made;
    made.rollout = rollout_id(7);
    made.slot = {digest_of(version), version};
    made.probation = minutes(1);
    made.restarts = 1;
    made.probe_failures = 2;
    return made;
  }
  static Judged open() {
    Judged judged;
    judged.device = *DeviceId::parse(std::string(32, 'a'));
    judged.limits = statement::SpeedLimits{
        {{release::Kind::content, release::Class::feature, {{{0}, 1'000'000}}}}};
    return judged;
  }
  static Judged blocked(const std::string& version, int rollout = 7) {
    Judged judged = open();
    judged.bans.blocked = {{digest_of(version), rollout_id(rollout), {}, "7 of 10 harmed"}};
    return judged;
  }

  Device& offered(const std::string& version = "291") {
    return feed(Offered{rollout_id(7), digest_of(version), {}});
  }
  Device& staged(const std::string& version = "291") {
    return offered(version).feed(Fetched{candidate(version), {}});
  }
  Device& ready(const std::string& version = "291") { return staged(version).feed(open()); }
  Device& asked(const std::string& version = "291") {
    return ready(version).feed(Invited{rollout_id(7), digest_of(version), "nonce-1"});
  }
  Device& permitted(const std::string& version = "291") {
    return asked(version).feed(PermitGranted{"nonce-1", seconds(60)});
  }
  Device& tasted(const std::string& version = "291") {
    return permitted(version).feed(
        TasteEnded{digest_of(version), Trial::passed, "fine", "nonce-2"});
  }
  Device& activating(const std::string& version = "291") {
    return tasted(version).feed(PermitGranted{"nonce-2", seconds(60)});
  }
  Device& on_probation(const std::string& version = "291") {
    return activating(version).feed(Switched{});
  }
  Device& healthy(const std::string& version = "291") {
    return on_probation(version).wait(minutes(1)).feed(ProbePassed{});
  }
  Device& rolled_back() {
    return on_probation().feed(Crashed{"signal 11"}).feed(Crashed{"signal 11"});
  }

  [[nodiscard]] std::string phase() const { return std::string(word(state.phase)); }
  template <class P>
  [[nodiscard]] const P& in() const {
    return std::get<P>(state.phase);
  }
  template <class E>
  [[nodiscard]] const E* effect() const {
    for (const Effect& each : effects) {
      if (const auto* found = std::get_if<E>(&each)) return found;
    }
    return nullptr;
  }
  [[nodiscard]] bool keeps(const std::string& version) const {
    const auto* prune = effect<Prune>();
    return prune == nullptr || std::find(prune->keep.begin(), prune->keep.end(),
                                         digest_of(version)) != prune->keep.end();
  }
  [[nodiscard]] int reported(ReportKind kind) const {
    return static_cast<int>(std::count_if(state.reports.begin(), state.reports.end(),
                                          [&](const Report& each) { return each.kind == kind; }));
  }
  [[nodiscard]] std::string active() const {
    return state.active ? state.active->version : "nothing";
  }
  [[nodiscard]] std::string lkg() const { return state.lkg ? state.lkg->version : "nothing"; }
  [[nodiscard]] std::string newest_rule() const {
    return state.decisions.empty() ? "" : state.decisions.back().rule;
  }
};

// How a device comes to some phase with a release: &Device::staged and the like.
using Reach = Device& (Device::*)(const std::string&);

}  // namespace fb::install
