// firebreakd's parts, and how they are opened and started.
#pragma once

#include <memory>
#include <string>

#include "http/server.h"
#include "posix/system_clock.h"
#include "server/router.h"
#include "server/webhook.h"

namespace fb::daemon_main {

// What a running server consists of, in the order of construction.
struct Daemon {
  Daemon() = default;
  // The webhook speaks to the decider, which is gone before it.
  ~Daemon() {
    if (webhook) webhook->stop();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  server::Config config;
  std::string api_token;
  server::OnlineSigners signers;
  std::unique_ptr<port::Files> state, repository, blobs;
  std::unique_ptr<port::Store> store;
  posix::SystemClock clock;
  posix::SystemEntropy entropy;
  std::unique_ptr<server::Webhook> webhook;
  std::unique_ptr<server::Decider> decider;
  std::unique_ptr<server::Router> router;
  std::unique_ptr<http::Server> http;
};

// Reads the configuration and opens every door. Errors: bad_usage (configuration), not_found,
// conflict (another server has this state), io_failed.
Status open_doors(Daemon& daemon, const std::string& path);

// Loads the world, then listens. Errors: conflict (port taken); clock_doubtful; those of the world.
Status start(Daemon& daemon, server::ClockWord clock);

}  // namespace fb::daemon_main
