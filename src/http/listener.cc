#include "http/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace fb::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  // In the same place in both families.
  [[nodiscard]] in_port_t& port() { return reinterpret_cast<sockaddr_in*>(&storage)->sin_port; }
};

Result<Address> address_of(const std::string& host, std::uint16_t port) {
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  const std::string numeric = host == "localhost" ? "127.0.0.1" : host;
  if (::inet_pton(AF_INET, numeric.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    address.size = sizeof *four;
  } else if (::inet_pton(AF_INET6, numeric.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    address.size = sizeof *six;
  } else {
    return Error{ErrorCode::bad_usage,
                 "'" + host + "' is not an address to listen on, like 127.0.0.1, 0.0.0.0 or ::"};
  }
  address.port() = htons(port);
  return address;
}

Error listen_error(int reason, const std::string& host, std::uint16_t port) {
  const std::string where = "port " + std::to_string(port) + " on " + host;
  if (reason == EADDRINUSE)
    return {ErrorCode::conflict,
            where + " is in use by another program; stop it or choose another port"};
  if (reason == EACCES) {
    return {ErrorCode::forbidden, where +
                                      " needs privileges (root or CAP_NET_BIND_SERVICE); "
                                      "choose a port above 1023"};
  }
  if (reason == EADDRNOTAVAIL)
    return {ErrorCode::bad_usage, "no network interface of this machine has the address " + host};
  return {ErrorCode::io_failed, "cannot listen on " + where + ": " + ::strerrordesc_np(reason)};
}

bool set(const FileDescriptor& socket, int option) {
  const int on = 1;
  return ::setsockopt(socket.get(), SOL_SOCKET, option, &on, sizeof on) == 0;
}

// The first socket is bound without SO_REUSEPORT, which fails when anybody else is there, and
// shares the port only afterwards, with the others of ours.
bool bind_one(const FileDescriptor& socket, Address& address, bool first) {
  if (!set(socket, SO_REUSEADDR) || (!first && !set(socket, SO_REUSEPORT))) return false;
  if (::bind(socket.get(), address.get(), address.size) != 0) return false;
  if (!first) return true;
  return set(socket, SO_REUSEPORT) &&
         ::getsockname(socket.get(), address.get(), &address.size) == 0;
}

}  // namespace

Result<Listeners> listen_on(const std::string& host, std::uint16_t port, unsigned count) {
  FB_ASSIGN(Address address, address_of(host, port));
  Listeners listeners;
  for (unsigned i = 0; i < count; ++i) {
    FileDescriptor socket(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.open() || !bind_one(socket, address, i == 0))
      return listen_error(errno, host, port);
    listeners.sockets.push_back(std::move(socket));
  }
  for (const FileDescriptor& socket : listeners.sockets)
    if (::listen(socket.get(), SOMAXCONN) != 0) return listen_error(errno, host, port);
  listeners.port = ntohs(address.port());
  return listeners;
}

}  // namespace fb::http
