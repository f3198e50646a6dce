#include "signals.h"

#include <csignal>

#include <array>
#include <cstddef>

namespace sensor {
namespace {

volatile std::sig_atomic_t stop_flag = 0;
volatile std::sig_atomic_t reload_flag = 0;
volatile pid_t doomed_host = 0;

// The handler may be entered because the stack ran out, so it brings its own.
constexpr std::size_t kHandlerStackBytes = 65536;
std::array<std::byte, kHandlerStackBytes> handler_stack;

extern "C" void note_signal(int signal) {
  if (signal == SIGHUP)
    reload_flag = 1;
  else
    stop_flag = 1;
}

// SA_RESETHAND has put the default action back: the signal raised here, or the faulting read tried
// again, ends us.
extern "C" void crash_host(int signal) {
  kill(doomed_host, SIGKILL);
  raise(signal);
}

void install(int signal, void (*action)(int), int flags) {
  struct sigaction wanted {};
  wanted.sa_handler = action;
  wanted.sa_flags = flags;
  sigemptyset(&wanted.sa_mask);
  sigaction(signal, &wanted, nullptr);
}

}  // namespace

// Without SA_RESTART: a sleeping or polling loop must wake up.
void listen_to_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) install(signal, note_signal, 0);
}

bool stop_asked() { return stop_flag != 0; }

bool take_reload_request() {
  const bool asked = reload_flag != 0;
  reload_flag = 0;
  return asked;
}

void take_host_along(pid_t host) {
  doomed_host = host;
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  sigaltstack(&stack, nullptr);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    install(signal, crash_host, SA_ONSTACK | static_cast<int>(SA_RESETHAND));
  }
}

}  // namespace sensor
