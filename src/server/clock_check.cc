#include "server/clock_check.h"

#include <optional>
#include <string>

#include "audit/entry.h"
#include "base/limits.h"

namespace fb::server {
namespace {

Result<std::optional<Instant>> last_entry(port::Store& store) {
  FB_ASSIGN(const std::uint64_t size, store.log_size());
  std::optional<Instant> last;
  if (size == 0) return last;
  FB_TRY(store.scan_log(size - 1, [&](std::uint64_t, const std::string& bytes) -> Status {
    FB_ASSIGN(const auto entry, audit::decode_entry(bytes));
    last = entry.at;
    return {};
  }));
  return last;
}

}  // namespace

Status check_clock(port::Store& store, Instant now, ClockWord word) {
  FB_ASSIGN(const auto last, last_entry(store));
  if (!last) return {};
  const std::string both = "this machine's clock says " + to_rfc3339(now) +
                           ", the event log's last entry is of " + to_rfc3339(*last) + "; ";
  if (now + limits::kClockBack < *last)
    return Error{ErrorCode::clock_doubtful, both + "set the clock, then start again"};
  if (word == ClockWord::vouched || now < *last + limits::kClockAhead) return {};
  return Error{ErrorCode::clock_doubtful,
               both +
                   "devices keep the time that a server tells them for ever. If the clock is "
                   "right, start once with --clock-is-right"};
}

}  // namespace fb::server
