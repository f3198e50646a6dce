// The command line of the engine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "channel.h"

namespace sensor {

enum class Action { kRun, kCheck, kProbe, kContract, kHelp };

struct Options {
  Action action = Action::kRun;
  std::string channel;
  std::uint32_t rate = 200;  // invented events a second
  std::uint64_t seed = 1;
  std::optional<std::string>
      events;  // a path, "-" for standard input; without it events are invented
  std::optional<std::string> status;
  std::optional<pid_t> host;
};

std::variant<Options, Refusal> parse_options(std::span<char* const> arguments);

inline constexpr const char* kUsageText =
    "usage: sensor --channel FILE [--check] [--rate N] [--seed N] [--events FILE|-]\n"
    "              [--status FILE] [--host-crash PID]\n"
    "       sensor --probe STATUS-FILE\n"
    "       sensor --contract\n"
    "example: sensor --channel 290.bin --status status.json\n";

}  // namespace sensor
