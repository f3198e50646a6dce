#include "port/workload.h"

#include <cstring>

namespace fb::port {

std::string Exit::in_words() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  const char* abbreviation = sigabbrev_np(signal);
  const std::string text = "signal " + std::to_string(signal);
  return abbreviation == nullptr ? text : text + " (SIG" + abbreviation + ")";
}

}  // namespace fb::port
