#include "http/server.h"

#include <atomic>
#include <vector>

#include "http/io_loop.h"
#include "http/listener.h"

namespace fb::http {

struct Server::Parts {
  std::uint16_t port = 0;
  // Loops may outlive this in a Reply that somebody kept, but not their connections, which are what
  // it counts.
  std::atomic<std::size_t> open_connections{0};
  std::vector<std::shared_ptr<IoLoop>> loops;
};

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                              port::HttpHandler& handler) {
  FB_CHECK(options.threads > 0);
  FB_ASSIGN(Listeners listeners, listen_on(options.host, options.port, options.threads));
  auto parts = std::make_unique<Parts>();
  parts->port = listeners.port;
  for (FileDescriptor& socket : listeners.sockets) {
    parts->loops.push_back(
        std::make_shared<IoLoop>(options, handler, std::move(socket), parts->open_connections));
  }
  for (const auto& loop : parts->loops) loop->start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { stop(Millis{0}); }

std::uint16_t Server::port() const { return parts_->port; }

void Server::stop(Millis grace) {
  for (const auto& loop : parts_->loops) loop->begin_stop(grace);
  for (const auto& loop : parts_->loops) loop->join();
  parts_->loops.clear();
}

}  // namespace fb::http
