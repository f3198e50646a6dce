// Where events come from: invented ones at a steady rate, or lines of text.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "channel.h"
#include "event.h"

namespace sensor {

// A stream of events that depends on the seed alone. Most are harmless; some match the rules of
// channel/290.rules; and one in every kBeaconPeriod is the named-pipe event that the rule added by
// channel/291.rules was written for.
class SyntheticEvents {
 public:
  static constexpr std::uint64_t kBeaconPeriod = 97;

  explicit SyntheticEvents(std::uint64_t seed) : seed_(seed), state_(seed) {}
  Event next();

 private:
  std::uint64_t draw(std::uint64_t below);
  Event make_ipc();
  Event make_beacon();
  Event make_file();
  Event make_process();
  Event make_ipc_event(std::string operation, std::string pipe, std::string first_message);

  std::uint64_t seed_;
  std::uint64_t state_;
  std::uint64_t count_ = 0;
};

// "<kind>" and the values of its fields, tab-separated, all of them in the order of the schema.
std::variant<Event, Refusal> parse_event_line(std::string_view line);

struct Quiet {};  // nothing until the deadline
struct Ended {};  // nothing ever again
using Pull = std::variant<Event, Quiet, Ended, Refusal>;
using SteadyTime = std::chrono::steady_clock::time_point;

class EventSource {
 public:
  virtual ~EventSource() = default;
  // Waits for the next event, at most until the deadline or a signal.
  virtual Pull next(SteadyTime deadline) = 0;
};

class PacedEvents : public EventSource {
 public:
  PacedEvents(std::uint64_t seed, std::uint32_t per_second);
  Pull next(SteadyTime deadline) override;

 private:
  SyntheticEvents events_;
  std::chrono::nanoseconds gap_;
  SteadyTime due_;
};

// Owns the descriptor. Empty lines and lines that begin with '#' are skipped.
class LineEvents : public EventSource {
 public:
  explicit LineEvents(int descriptor) : descriptor_(descriptor) {}
  ~LineEvents() override;
  LineEvents(const LineEvents&) = delete;
  LineEvents& operator=(const LineEvents&) = delete;
  Pull next(SteadyTime deadline) override;

 private:
  enum class Fill { kMore, kQuiet, kEnd };
  Fill fill(SteadyTime deadline);

  int descriptor_;
  std::string buffer_;
};

}  // namespace sensor
