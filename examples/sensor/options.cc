#include "options.h"

#include <charconv>
#include <cstddef>
#include <limits>
#include <string_view>

namespace sensor {
namespace {

// A busy server; beyond that reading the clock costs more than scanning.
constexpr std::uint64_t kMaxRate = 100'000;

std::optional<std::uint64_t> parse_within(std::string_view text, std::uint64_t low,
                                          std::uint64_t high) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < low || number > high) return std::nullopt;
  return number;
}

bool take_flag(Options& options, std::string_view name) {
  if (name == "--check")
    options.action = Action::kCheck;
  else if (name == "--contract")
    options.action = Action::kContract;
  else if (name == "--help")
    options.action = Action::kHelp;
  else
    return false;
  return true;
}

bool take_number(Options& options, std::string_view name, std::string_view value) {
  if (name == "--rate") {
    const auto rate = parse_within(value, 1, kMaxRate);
    if (rate) options.rate = static_cast<std::uint32_t>(*rate);
    return rate.has_value();
  }
  if (name == "--seed") {
    const auto seed = parse_within(value, 0, std::numeric_limits<std::uint64_t>::max());
    if (seed) options.seed = *seed;
    return seed.has_value();
  }
  if (name != "--host-crash") return false;
  // From 2: kill() gives 0 and negative numbers a meaning of their own, and 1 is not ours to take.
  const auto pid = parse_within(value, 2, std::numeric_limits<pid_t>::max());
  if (pid) options.host = static_cast<pid_t>(*pid);
  return pid.has_value();
}

bool take_value(Options& options, std::string_view name, std::string_view value) {
  if (name == "--channel") {
    options.channel = value;
  } else if (name == "--events") {
    options.events = value;
  } else if (name == "--status") {
    options.status = value;
  } else if (name == "--probe") {
    options.action = Action::kProbe;
    options.status = value;
  } else {
    return take_number(options, name, value);
  }
  return !value.empty();
}

}  // namespace

std::variant<Options, Refusal> parse_options(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name = arguments[i];
    if (take_flag(options, name)) continue;
    if (i + 1 == arguments.size()) return Refusal{name + " is unknown or lacks its value"};
    ++i;
    if (!take_value(options, name, arguments[i]))
      return Refusal{name + " is unknown or cannot be " + arguments[i]};
  }
  const bool wants_channel = options.action == Action::kRun || options.action == Action::kCheck;
  if (wants_channel && options.channel.empty()) return Refusal{"--channel is missing"};
  return options;
}

}  // namespace sensor
