// The device API over HTTP: decode on the I/O thread, decide on the decider's, answer when it is
// durable.
#pragma once

#include "port/http_server.h"
#include "server/decider.h"

namespace fb::server {

class DeviceRoutes {
 public:
  explicit DeviceRoutes(Decider& decider) : decider_(decider) {}
  // Whether the path is one of ours; if so, `reply` will be called.
  bool handle(const port::ServerRequest& request, const port::Reply& reply);

 private:
  void enroll(const port::ServerRequest& request, const port::Reply& reply);
  void check_in(const port::ServerRequest& request, const port::Reply& reply);
  void permit(const port::ServerRequest& request, const port::Reply& reply);
  void policy(const port::ServerRequest& request, const port::Reply& reply);
  void policy_keys(const port::ServerRequest& request, const port::Reply& reply);

  Decider& decider_;
};

}  // namespace fb::server
