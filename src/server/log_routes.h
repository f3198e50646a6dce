// The event log over HTTP: checkpoint, hash tiles and entry bundles below /log/ (C2SP tlog-tiles).
//
// Checkpoint and hashes are for everybody: devices, witnesses, mirrors. Entries name tenants,
// devices and people, and want the API token. On the I/O threads.
#pragma once

#include <string>

#include "audit/tile.h"
#include "port/http_server.h"
#include "server/decider.h"

namespace fb::server {

class LogRoutes {
 public:
  LogRoutes(const Decider& decider, port::Store& store, std::string api_token)
      : decider_(decider), store_(store), api_token_(std::move(api_token)) {}
  // Whether the path begins with /log/; if so, `reply` will be called.
  bool handle(const port::ServerRequest& request, const port::Reply& reply);

 private:
  [[nodiscard]] port::ServerResponse answer(const port::ServerRequest& request) const;
  [[nodiscard]] port::ServerResponse checkpoint() const;
  [[nodiscard]] port::ServerResponse tile(const audit::TileName& name) const;

  const Decider& decider_;
  port::Store& store_;
  std::string api_token_;
};

}  // namespace fb::server
