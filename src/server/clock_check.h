// Clock check: is this machine's clock one that a server may sign with?
//
// Devices keep the `issued` time of replies and permits as a lower bound for ever, so one start in
// 2038 would make every device call today's metadata expired. A server therefore compares its clock
// with its own last log entry before it speaks.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "port/store.h"

namespace fb::server {

// Whether somebody looked at the clock and says that it is right (firebreakd --clock-is-right).
enum class ClockWord : std::uint8_t { unknown, vouched };

// Errors: clock_doubtful, with both times and what to do: the clock is behind the last entry
// (limits::kClockBack), or further ahead of it than a server is ever off (limits::kClockAhead).
// Only the latter can be vouched for: entries of a log never go back in time.
Status check_clock(port::Store& store, Instant now, ClockWord word);

}  // namespace fb::server
