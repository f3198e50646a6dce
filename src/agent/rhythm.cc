#include "agent/rhythm.h"

#include <algorithm>

#include "base/check.h"

namespace fb::agent {
namespace {

// A server that comes back hears everybody within so many heartbeats, or this long.
constexpr std::int64_t kLongestPauseBeats = 16;
constexpr Millis kLongestPause = minutes(5);
// A reply that asks for more haste is not obeyed.
constexpr Millis kShortestPause = milliseconds(200);

bool harm(const install::Report& report) {
  switch (report.kind) {
    case install::ReportKind::crashed:
    case install::ReportKind::probe_failed:
    case install::ReportKind::boot_loop:
    case install::ReportKind::rolled_back: return true;
    case install::ReportKind::staged:
    case install::ReportKind::refused:
    case install::ReportKind::deferred:
    case install::ReportKind::tasted:
    case install::ReportKind::install_failed:
    case install::ReportKind::handed_back:
    case install::ReportKind::activated:
    case install::ReportKind::healthy:
    case install::ReportKind::reverted_on_halt: return false;
  }
  FB_CHECK(false);
}

}  // namespace

std::optional<Haste> haste_of(const std::vector<install::Report>& reports) {
  if (reports.empty()) return std::nullopt;
  return std::any_of(reports.begin(), reports.end(), harm) ? Haste::urgent : Haste::usual;
}

void Rhythm::hasten(Haste haste) {
  if (failures_ > 0) return;
  due_ = std::min(due_, last_ + (haste == Haste::urgent ? milliseconds(100) : heartbeat_ / 10));
}

void Rhythm::spoke(Uptime now) {
  last_ = now;
  due_ = now + heartbeat_;
}

void Rhythm::answered(Uptime now, Millis next, const Jitter& jitter) {
  failures_ = 0;
  next = std::max(next, kShortestPause);
  // Who came early, with news, is told what is left of the heartbeat.
  if (last_ >= expected_) heartbeat_ = next;
  expected_ = due_ = now + jitter(next);
}

Millis Rhythm::missed(Uptime now, const Jitter& jitter) {
  failures_ = std::min(failures_ + 1, 16);
  const Millis most = std::clamp(heartbeat_ * kLongestPauseBeats, seconds(10), kLongestPause);
  const Millis pause = std::min(seconds(1) * (std::int64_t{1} << failures_), most);
  // News that was lost on its way does not put off the heartbeat that was due after it.
  const bool early = last_ < expected_;
  const Millis wait = std::max(pause, early ? expected_ - now : heartbeat_);
  due_ = now + (early ? wait : jitter(wait));
  return wait;
}

}  // namespace fb::agent
