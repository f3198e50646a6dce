// The router: every request that comes in, to whom it belongs. Implements port::HttpHandler.
#pragma once

#include "port/files.h"
#include "server/device_routes.h"
#include "server/log_routes.h"
#include "server/management_routes.h"

namespace fb::server {

class Router final : public port::HttpHandler {
 public:
  Router(Decider& decider, ManagementRoutes::Parts management, port::Files& repository)
      : decider_(decider),
        devices_(decider),
        log_(decider, management.store, management.api_token),
        management_(std::move(management)),
        repository_(repository) {}

  [[nodiscard]] std::size_t body_limit(std::string_view method,
                                       std::string_view path) const override;
  void handle(port::ServerRequest request, port::Reply reply) override;
  [[nodiscard]] port::ServerResponse refusal(int status, std::string_view detail) const override;

 private:
  void serve_file(const port::ServerRequest& request, const port::Reply& reply) const;
  void serve_operations(const port::ServerRequest& request, const port::Reply& reply) const;

  Decider& decider_;
  DeviceRoutes devices_;
  LogRoutes log_;
  ManagementRoutes management_;
  port::Files& repository_;
};

}  // namespace fb::server
