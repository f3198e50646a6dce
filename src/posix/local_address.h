// The address of a Unix socket, as the socket calls want it.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>

#include "base/result.h"

namespace fb::posix {

class LocalAddress {
 public:
  // Errors: bad_usage (the kernel takes at most 107 bytes).
  static Result<LocalAddress> of(const std::string& path) {
    LocalAddress address;
    constexpr std::size_t kLongest = sizeof address.address_.sun_path - 1;
    if (path.empty() || path.size() > kLongest) {
      return Error{ErrorCode::bad_usage, "socket path '" + path + "' must have 1 to " +
                                             std::to_string(kLongest) + " bytes"};
    }
    address.address_.sun_family = AF_UNIX;
    path.copy(address.address_.sun_path, kLongest);
    return address;
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] socklen_t size() const { return sizeof address_; }

 private:
  sockaddr_un address_{};
};

}  // namespace fb::posix
