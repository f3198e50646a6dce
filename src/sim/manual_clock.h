// A clock that stands still until told, and random bytes that a seed determines. One thread at a
// time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "port/clock.h"

namespace fb::sim {

class ManualClock final : public port::Clock {
 public:
  // 2024-07-19T04:00:00Z, one minute after boot 1.
  ManualClock() = default;
  explicit ManualClock(Instant wall) : wall_(wall) {}

  [[nodiscard]] Instant wall() const override { return wall_; }
  [[nodiscard]] Uptime uptime() const override { return uptime_; }
  [[nodiscard]] std::string boot_id() const override { return "boot-" + std::to_string(boots_); }

  // Both clocks go on.
  void advance(Millis by) {
    wall_ = wall_ + by;
    uptime_ = uptime_ + by;
  }
  // The wall clock steps, as it does when somebody sets it.
  void set_wall(Instant wall) { wall_ = wall; }
  // Uptime starts again; the reboot itself takes `downtime` of wall time.
  void reboot(Millis downtime = seconds(30)) {
    wall_ = wall_ + downtime;
    uptime_ = Uptime{0};
    ++boots_;
  }

 private:
  Instant wall_{1'721'361'600'000};
  Uptime uptime_{60'000};
  int boots_ = 1;
};

// SplitMix64 (Steele, Lea, Flood 2014): good enough to be distinct and reproducible, and never used
// for a real key.
class SeededEntropy final : public port::Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}
  std::string bytes(std::size_t count) override;

 private:
  std::uint64_t state_;
};

}  // namespace fb::sim
