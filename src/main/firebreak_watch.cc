#include "main/firebreak_watch.h"

#include <sys/ioctl.h>
#include <unistd.h>

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
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Where the view goes: redrawn in place, or a line for each change.
class Screen {
 public:
  explicit Screen(WatchAs form)
      : json_(form == WatchAs::json), live_(!json_ && isatty(STDOUT_FILENO) != 0) {}

  void show(const json::Value& rollout) {
    std::string now = json_ ? json::compact(rollout) + "\n" : lines(rollout);
    if (now == last_) return;
    if (live_ && !last_.empty()) std::fputs("\x1b[2A\x1b[J", stdout);
    std::fputs(now.c_str(), stdout);
    std::fflush(stdout);
    last_ = std::move(now);
  }

 private:
  [[nodiscard]] std::string lines(const json::Value& rollout) const {
    const std::string ladder = publisher::ladder_line(rollout);
    const std::string why = "  " + publisher::sentence(rollout);
    if (!live_) return ladder + (why.size() > 2 ? " —" + why.substr(1) : "") + "\n";
    const std::size_t width = terminal_width();
    return publisher::cut_to_width(ladder, width) + "\n" + publisher::cut_to_width(why, width) +
           "\n";
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
