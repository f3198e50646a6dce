#include "posix/local_socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "posix/descriptor.h"
#include "posix/local_address.h"

namespace fb::posix {
namespace {

class LineServer final : public LocalServer {
 public:
  LineServer(MainLoop& loop, Descriptor listener, std::string path, port::LocalAnswer answer,
             const LocalSocketLimits& limits)
      : loop_(loop),
        listener_(std::move(listener)),
        path_(std::move(path)),
        answer_(std::move(answer)),
        limits_(limits) {
    listen_for_clients();
  }
  ~LineServer() override {
    if (listening_) loop_.unwatch(listener_.get());
    while (!clients_.empty()) drop(clients_.begin()->first);
    ::unlink(path_.c_str());
  }
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

 private:
  struct Client {
    Descriptor socket;
    std::string incoming, outgoing;
    MainLoop::TimerId idle = 0;
  };

  void listen_for_clients() {
    loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_client(); });
    listening_ = true;
  }

  void accept_client() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.open()) return;
    const int number = socket.get();
    clients_[number].socket = std::move(socket);
    loop_.watch(number, EPOLLIN, [this, number](std::uint32_t) { receive(number); });
    put_off_idle(number);
    if (clients_.size() < limits_.clients) return;
    loop_.unwatch(listener_.get());
    listening_ = false;
  }

  void put_off_idle(int number) {
    loop_.cancel(clients_[number].idle);
    clients_[number].idle = loop_.run_after(limits_.idle, [this, number] { drop(number); });
  }

  void receive(int number) {
    Client& client = clients_[number];
    std::array<char, 4096> piece{};
    const ssize_t got = ::recv(number, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return drop(number);
    client.incoming.append(piece.data(), static_cast<std::size_t>(got));
    put_off_idle(number);
    answer_lines(number);
  }

  // Answers one line after the other; waits for the client to take an answer before it looks at the
  // next line.
  void answer_lines(int number) {
    Client& client = clients_[number];
    while (client.outgoing.empty()) {
      const std::size_t end = client.incoming.find('\n');
      if (std::min(end, client.incoming.size()) > limits_.line_bytes) return drop(number);
      if (end == std::string::npos) break;
      const std::string line = client.incoming.substr(0, end);
      client.incoming.erase(0, end + 1);
      client.outgoing = answer_(line) + "\n";
      if (!send_some(client)) return drop(number);
    }
    wait_for(number, client.outgoing.empty() ? EPOLLIN : EPOLLOUT);
  }

  void wait_for(int number, std::uint32_t events) {
    loop_.watch(number, events, [this, number](std::uint32_t ready) {
      (ready & EPOLLOUT) != 0 ? resume_sending(number) : receive(number);
    });
  }

  void resume_sending(int number) {
    Client& client = clients_[number];
    if (!send_some(client)) return drop(number);
    put_off_idle(number);
    if (client.outgoing.empty()) answer_lines(number);
  }

  // False: the client has gone.
  static bool send_some(Client& client) {
    while (!client.outgoing.empty()) {
      const ssize_t sent =
          ::send(client.socket.get(), client.outgoing.data(), client.outgoing.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;
      client.outgoing.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
  }

  void drop(int number) {
    loop_.cancel(clients_[number].idle);
    loop_.unwatch(number);
    clients_.erase(number);
    if (!listening_) listen_for_clients();
  }

  MainLoop& loop_;
  Descriptor listener_;
  std::string path_;
  port::LocalAnswer answer_;
  LocalSocketLimits limits_;
  std::map<int, Client> clients_;
  bool listening_ = false;
};

// A socket file whose server has died refuses connections; one that is served accepts them.
Result<bool> is_served(const LocalAddress& address, const std::string& path) {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.open()) return system_error(errno, "create a socket for", path);
  if (::connect(probe.get(), address.get(), address.size()) == 0 || errno == EAGAIN) return true;
  if (errno == ECONNREFUSED || errno == ENOENT) return false;
  return system_error(errno, "connect to", path);
}

Result<Descriptor> listen_at(const LocalAddress& address, const std::string& path, mode_t mode) {
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.open()) return system_error(errno, "create a socket for", path);
  // The mode is set before listen(): until then nobody can connect.
  if (::bind(listener.get(), address.get(), address.size()) != 0)
    return system_error(errno, "create the socket", path);
  if (::chmod(path.c_str(), mode) != 0) return system_error(errno, "set the mode of", path);
  if (::listen(listener.get(), 16) != 0) return system_error(errno, "listen on", path);
  return listener;
}

}  // namespace

Result<std::unique_ptr<LocalServer>> serve_local(MainLoop& loop, const std::string& path,
                                                 port::LocalAnswer answer,
                                                 const LocalSocketLimits& limits) {
  FB_ASSIGN(const LocalAddress address, LocalAddress::of(path));
  FB_ASSIGN(const bool served, is_served(address, path));
  if (served)
    return Error{ErrorCode::conflict, path + " is served by another process; stop that one first"};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(errno, "replace", path);
  FB_ASSIGN(Descriptor listener, listen_at(address, path, limits.mode));
  return std::unique_ptr<LocalServer>(
      std::make_unique<LineServer>(loop, std::move(listener), path, std::move(answer), limits));
}

}  // namespace fb::posix
