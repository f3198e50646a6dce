// The management API over HTTP (docs/protocol.md, section 3).
#pragma once

#include <string>
#include <vector>

#include "port/files.h"
#include "port/http_server.h"
#include "server/decider.h"

namespace fb::server {

class ManagementRoutes {
 public:
  struct Parts {
    const Config& config;
    Decider& decider;
    port::Files& blobs;
    port::Store& store;
    const OnlineSigners& signers;
    std::string api_token;
  };
  explicit ManagementRoutes(Parts parts) : p_(std::move(parts)) {}
  // Whether the path begins with /api/; if so, `reply` will be called.
  bool handle(const port::ServerRequest& request, const port::Reply& reply);

 private:
  using Segments = std::vector<std::string>;
  void route(const Segments& path, const port::ServerRequest& request, const port::Reply& reply);
  bool route_writes(const Segments& path, const port::ServerRequest& request,
                    const port::Reply& reply);
  void put_blob(const std::string& name, const std::string& body, const port::Reply& reply);
  void post_release(const std::string& body, const port::Reply& reply);
  void post_metadata(const std::string& body, const port::Reply& reply);
  void post_act(const std::string& body, const port::Reply& reply);
  void post_evidence(const std::string& release, const std::string& body, const port::Reply& reply);
  using TakeTenantsWord = Result<TenantPolicies::Accepted> (TenantPolicies::*)(
      const statement::Envelope&, Transaction&, Instant);
  void post_policy(const std::string& body, TakeTenantsWord take, const port::Reply& reply);
  void get_incident(std::string id, const port::Reply& reply);
  // Reads the world on the decider's thread.
  using Read = std::function<Result<port::ServerResponse>(World& world, Instant now)>;
  void read(const port::Reply& reply, Read read);

  Parts p_;
};

}  // namespace fb::server
