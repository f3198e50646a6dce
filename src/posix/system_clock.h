// The clock and the random device of this machine, behind the doors of port/clock.h.
// Both are stateless after construction and may be called from any thread.
#pragma once

#include <string>

#include "port/clock.h"

namespace fb::posix {

class SystemClock final : public port::Clock {
 public:
  // The kernel's boot id, read once.
  SystemClock();
  // Another boot id than the kernel's, so that a demonstration can model a reboot.
  explicit SystemClock(std::string boot_id) : boot_id_(std::move(boot_id)) {}

  [[nodiscard]] Instant wall() const override;   // CLOCK_REALTIME
  [[nodiscard]] Uptime uptime() const override;  // CLOCK_BOOTTIME
  [[nodiscard]] std::string boot_id() const override { return boot_id_; }

 private:
  std::string boot_id_;
};

// getrandom(2). Waits, early at boot, until the kernel has gathered enough.
class SystemEntropy final : public port::Entropy {
 public:
  std::string bytes(std::size_t count) override;
};

}  // namespace fb::posix
