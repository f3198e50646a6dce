#include "main/firebreak_watch.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "publisher/acts.h"
#include "publisher/columns.h"
#include "publisher/rollout_view.h"

namespace fb::cli {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr Millis kPatience = seconds(10);

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Where the view goes: redrawn in place, or a line for each change.
class Screen {
 public:
  explicit Screen(WatchAs form)
      : json_(form == WatchAs::json), live_(!json_ && isatty(STDOUT_FILENO) != 0) {}

  void show(const json::Value& rollout) {
    std::string now = json_ ? json::compact(rollout) + "\n" : text(rollout);
    if (now == last_) return;
    if (live_ && !last_.empty()) {
      std::printf("\x1b[%tdA\x1b[J", std::count(last_.begin(), last_.end(), '\n'));
    }
    std::fputs(now.c_str(), stdout);
    std::fflush(stdout);
    last_ = std::move(now);
  }

 private:
  [[nodiscard]] std::string text(const json::Value& rollout) const {
    const std::string ladder = publisher::ladder_line(rollout);
    const std::string why = publisher::sentence(rollout);
    if (!live_) return ladder + (why.empty() ? "" : " — " + why) + "\n";
    std::string lines;
    const std::size_t width = terminal_width();
    for (const std::string& line : publisher::wrapped(ladder, width)) lines += line + "\n";
    for (const std::string& line : publisher::wrapped(why, width - 2)) lines += "  " + line + "\n";
    return lines;
  }

  bool json_;
  bool live_;
  std::string last_;
};

}  // namespace

Result<publisher::Outcome> watch_rollout(publisher::Desk& desk, const std::string& id,
                                         WatchAs form) {
  FB_ASSIGN(const RolloutId rollout, publisher::parse_rollout(id));
  const std::string path = "/api/v1/rollouts/" + rollout.text();
  Screen screen(form);
  Uptime heard = desk.clock.uptime();
  while (true) {
    const auto record = desk.server.get(path);
    if (record.ok()) {
      heard = desk.clock.uptime();
      screen.show(*record);
      if (publisher::is_over(*record)) {
        const auto answer =
            publisher::went_wrong(*record) ? publisher::Answer::no : publisher::Answer::yes;
        return publisher::Outcome{answer, "", nullptr};
      }
    } else if (!retryable(record.error().code) || desk.clock.uptime() - heard > kPatience) {
      return record.error();
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace fb::cli
