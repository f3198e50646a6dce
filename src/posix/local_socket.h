// Lines of text over a Unix socket: the door of port/local_server.h, and the way to knock on it.
//
// A client sends a line and gets a line, as often as it likes. A client that is slow, silent or
// sends a line that never ends costs the loop nothing and is dropped.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "port/local_server.h"
#include "posix/main_loop.h"

namespace fb::posix {

struct LocalSocketLimits {
  mode_t mode = 0600;                   // 0660 where a group may ask
  std::size_t line_bytes = 64U << 10U;  // one request; an explain question takes some hundred bytes
  std::size_t clients = 16;             // further ones wait in the kernel's queue
  Millis idle = seconds(30);            // without a byte moving in either direction
};

// Stops serving and removes the socket when dropped. Lives on the loop's thread.
class LocalServer {
 public:
  virtual ~LocalServer() = default;
};

// Replaces a socket that nobody serves any more. Errors: conflict (somebody serves it), bad_usage
// (path too long), io_failed.
Result<std::unique_ptr<LocalServer>> serve_local(MainLoop& loop, const std::string& path,
                                                 port::LocalAnswer answer,
                                                 const LocalSocketLimits& limits = {});

// One question from outside. Blocking. Errors: unreachable (nobody serves this path, or it hung
// up), forbidden, timed_out, too_large (an answer above 4 MiB), bad_usage.
Result<std::string> ask_local(const std::string& path, const std::string& line, Millis timeout);

}  // namespace fb::posix
