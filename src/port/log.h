// The door to the log: one line at a time, for people. Never a secret.
#pragma once

#include <cstdint>
#include <string>

namespace fb::port {

enum class LogLevel : std::uint8_t { debug, note, warning, trouble };

// May be called from any thread.
class Log {
 public:
  virtual ~Log() = default;
  virtual void line(LogLevel level, const std::string& text) = 0;
};

}  // namespace fb::port
