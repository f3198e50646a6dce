// Device: one machine of the simulated fleet. It is woken when something is due, does it through
// the server's front door, and says when to wake it again.
//
// Two depths. AgentDevice runs the whole agent. ThinDevice runs the agent's state machine, outbox
// and permit check, and shares one view of the metadata with its fellows. One thread.
#pragma once

#include <optional>

#include "exact/fate.h"
#include "exact/line.h"
#include "exact/vendor.h"
#include "policy/customer.h"

namespace fb::exact {

// When thin devices say what they have to say: with the next heartbeat, which is the latest that an
// agent may and what the fast model counts with; or in between, as agents do.
enum class Telling : std::uint8_t { with_heartbeats, at_once };

struct Surroundings {
  ServerProcess& server;
  const Vendor& vendor;
  Image image;
  Instant zero;  // when the rollout opens
  Millis heartbeat;
  std::uint64_t seed = 0;  // of what the lines lose
  Losses losses{};
  Telling telling = Telling::with_heartbeats;
  Digest release{};  // that goes out; known once it is published
};

// The customer's maintenance window, as a policy: a freeze that ends when it opens.
policy::Policy closed_until(Instant window);

class Device {
 public:
  Device(const Surroundings& around, const Fate& fate, std::int64_t number)
      : around_(around),
        fate_(fate),
        line_(around.server, around.losses,
              sim::Chance(around.seed, static_cast<std::uint64_t>(number))) {}
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Enrols. Errors: what the server answers.
  virtual Status join() = 0;
  // Does what is due. When something is due again; none: it is dead.
  virtual std::optional<Instant> wake() = 0;

  // By itself or by the release, it says nothing any more.
  [[nodiscard]] bool dead() const;
  // Has never run the release, and could.
  [[nodiscard]] bool waits() const { return !activated_ && !dead(); }
  [[nodiscard]] bool has_run_it() const { return activated_.has_value(); }
  [[nodiscard]] bool runs_it() const { return activated_ && !left_; }
  // The release makes it fail at this moment, if it still runs it then.
  [[nodiscard]] std::optional<Instant> strike() const;
  // The release has made it fail by then, seen or not.
  [[nodiscard]] bool harmed_by(Instant then) const;

 protected:
  [[nodiscard]] Instant now() const { return around_.server.clock.wall(); }
  [[nodiscard]] Instant died() const { return around_.zero + fate_.dies; }
  [[nodiscard]] bool struck() const;
  void activated() { activated_ = activated_.value_or(now()); }
  void left() { left_ = left_.value_or(now()); }

  const Surroundings& around_;
  const Fate fate_;
  Line line_;

 private:
  std::optional<Instant> activated_;  // the release, for the first time
  std::optional<Instant> left_;
};

}  // namespace fb::exact
