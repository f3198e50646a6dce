// Time as values: durations, wall time, and time since boot. Nothing here reads a clock; `now` is
// always an argument.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb {

// A duration in whole milliseconds.
struct Millis {
  std::int64_t ms = 0;

  friend constexpr auto operator<=>(Millis, Millis) = default;
  friend constexpr Millis operator+(Millis a, Millis b) { return {a.ms + b.ms}; }
  friend constexpr Millis operator-(Millis a, Millis b) { return {a.ms - b.ms}; }
  friend constexpr Millis operator*(Millis a, std::int64_t n) { return {a.ms * n}; }
  friend constexpr Millis operator/(Millis a, std::int64_t n) { return {a.ms / n}; }
};

constexpr Millis milliseconds(std::int64_t n) { return {n}; }
constexpr Millis seconds(std::int64_t n) { return {n * 1000}; }
constexpr Millis minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Millis hours(std::int64_t n) { return minutes(n * 60); }
constexpr Millis days(std::int64_t n) { return hours(n * 24); }

// "250 ms", "12 s", "15 min", "4 h", "30 days": the largest unit that is exact, for sentences
// people read.
std::string in_words(Millis duration);

// Wall time, UTC, in milliseconds since 1970-01-01. May step; compare only with other wall times.
struct Instant {
  std::int64_t ms = 0;

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Millis d) { return {t.ms + d.ms}; }
  friend constexpr Instant operator-(Instant t, Millis d) { return {t.ms - d.ms}; }
  friend constexpr Millis operator-(Instant a, Instant b) { return {a.ms - b.ms}; }
};

// Time since this machine booted, suspended time included (CLOCK_BOOTTIME). Never steps;
// meaningless after a reboot.
struct Uptime {
  std::int64_t ms = 0;

  friend constexpr auto operator<=>(Uptime, Uptime) = default;
  friend constexpr Uptime operator+(Uptime t, Millis d) { return {t.ms + d.ms}; }
  friend constexpr Uptime operator-(Uptime t, Millis d) { return {t.ms - d.ms}; }
  friend constexpr Millis operator-(Uptime a, Uptime b) { return {a.ms - b.ms}; }
};

// RFC 3339, UTC, whole seconds: "2024-07-19T04:09:00Z". Rounds down; the only form our formats and
// TUF use.
std::string to_rfc3339(Instant t);
// Accepts exactly that form, years 1970 to 9999, real calendar days. Errors: malformed.
Result<Instant> parse_rfc3339(std::string_view text);

}  // namespace fb
