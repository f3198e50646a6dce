// The door for people on the same machine: one JSON request line in, one JSON reply line out, over
// a local socket.
#pragma once

#include <functional>
#include <string>

namespace fb::port {

// Called on the owner's main loop. Returns the reply, one line without its end.
using LocalAnswer = std::function<std::string(const std::string& request_line)>;

}  // namespace fb::port
