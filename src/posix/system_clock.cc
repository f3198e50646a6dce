#include "posix/system_clock.h"

#include <sys/random.h>

#include <cerrno>
#include <ctime>

#include "base/check.h"
#include "posix/raw_file.h"

namespace fb::posix {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  FB_CHECK(clock_gettime(clock, &now) == 0);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

std::string kernel_boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  if (!text.ok()) return "";  // port::Clock: where the machine does not say
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return std::move(text).value();
}

}  // namespace

SystemClock::SystemClock() : boot_id_(kernel_boot_id()) {}

Instant SystemClock::wall() const { return {read_clock(CLOCK_REALTIME)}; }
Uptime SystemClock::uptime() const { return {read_clock(CLOCK_BOOTTIME)}; }

std::string SystemEntropy::bytes(std::size_t count) {
  std::string random(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = getrandom(random.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    FB_CHECK(got > 0);  // going on with less than random bytes would make guessable keys
    have += static_cast<std::size_t>(got);
  }
  return random;
}

}  // namespace fb::posix
