// The doors to time and chance.
#pragma once

#include <string>

#include "base/time.h"

namespace fb::port {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant wall() const = 0;
  [[nodiscard]] virtual Uptime uptime() const = 0;
  // Changes with every boot of this machine; "" where the machine does not say.
  [[nodiscard]] virtual std::string boot_id() const = 0;
};

// Random bytes fit for keys, salts and nonces; for nothing else (jitter and order are hashes).
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::string bytes(std::size_t count) = 0;
};

}  // namespace fb::port
