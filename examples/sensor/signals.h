// The signals that an engine obeys and the ones that kill it.
#pragma once

#include <sys/types.h>

namespace sensor {

// SIGTERM and SIGINT ask to stop, SIGHUP asks to read the channel file again.
void listen_to_signals();
bool stop_asked();
bool take_reload_request();

// Models kernel mode: a driver's crash takes the machine's user space along. When this process dies
// by a fatal signal, `host` (the agent that supervises it) is killed first. Everything the handler
// does is async-signal-safe. The number is used as it stands: give the parent's, which cannot be
// reused while the parent lives.
void take_host_along(pid_t host);

}  // namespace sensor
