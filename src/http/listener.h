// Listening sockets: several on one port, one for each I/O thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/file_descriptor.h"

namespace fb::http {

struct Listeners {
  std::vector<FileDescriptor> sockets;
  std::uint16_t port = 0;
};

// `count` SO_REUSEPORT sockets on host:port; port 0 picks a free one. Another program on the port
// is a conflict even when it allows sharing: two servers behind one port would answer from two
// different memories. Errors: conflict, forbidden, bad_usage, io_failed.
Result<Listeners> listen_on(const std::string& host, std::uint16_t port, unsigned count);

}  // namespace fb::http
