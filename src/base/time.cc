#include "base/time.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace fb {
namespace {

// Reads exactly `text` as decimal digits; -1 when it is anything else.
int digits(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool clean = failure == std::errc() && end == text.data() + text.size() && text[0] != '-';
  return clean ? value : -1;
}

}  // namespace

std::string in_words(Millis duration) {
  struct Unit {
    std::int64_t ms;
    const char* word;
  };
  constexpr std::array kUnits{Unit{86'400'000, "days"}, Unit{3'600'000, "h"}, Unit{60'000, "min"},
                              Unit{1000, "s"}};
  for (const auto& [ms, word] : kUnits) {
    if (duration.ms == 0 || duration.ms % ms != 0) continue;
    const std::int64_t count = duration.ms / ms;
    return std::to_string(count) + " " +
           (count == 1 && std::string_view(word) == "days" ? "day" : word);
  }
  return std::to_string(duration.ms) + " ms";
}

std::string to_rfc3339(Instant t) {
  using namespace std::chrono;
  const sys_seconds second = floor<std::chrono::seconds>(
      sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(t.ms)));
  const sys_days day = floor<std::chrono::days>(second);
  const year_month_day date(day);
  const hh_mm_ss time(second - day);
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

Result<Instant> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const Error wrong{ErrorCode::malformed, "'" + std::string(text.substr(0, 40)) +
                                              "' is not a time like 2024-07-19T04:09:00Z"};
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text[19] != 'Z') {
    return wrong;
  }
  const int y = digits(text.substr(0, 4)), mo = digits(text.substr(5, 2)),
            d = digits(text.substr(8, 2));
  const int h = digits(text.substr(11, 2)), mi = digits(text.substr(14, 2)),
            s = digits(text.substr(17, 2));
  if (mo < 0 || d < 0) return wrong;
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                            day(static_cast<unsigned>(d))};
  if (y < 1970 || !date.ok() || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59)
    return wrong;
  const auto since = sys_days(date).time_since_epoch();
  return Instant{duration_cast<std::chrono::milliseconds>(since).count() +
                 ((h * 60 + mi) * 60 + s) * 1000LL};
}

}  // namespace fb
