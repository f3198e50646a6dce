// A firebreakd without sockets: the real router, decider and world on a store and disks in memory,
// on the caller's thread.
//
// open() is a new process on what the last one left; kill() ends it as a power cut does, with
// whatever it had not answered. A commit that the store reports as failed ends it, too, as it ends
// firebreakd. Store and disks outlive it; time is the caller's. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "port/http_client.h"
#include "server/router.h"
#include "sim/manual_clock.h"
#include "sim/memory_files.h"
#include "sim/memory_store.h"

namespace fb::exact {

class ServerProcess final : public port::HttpClient {
 public:
  // The signers must outlive it.
  ServerProcess(server::Config config, const server::OnlineSigners& signers, std::uint64_t seed);

  // Errors: those of Decider::open.
  Status open();
  void kill();
  [[nodiscard]] bool running() const { return decider_ != nullptr; }
  // Time has passed: decides what has fallen due.
  void turn();

  // The answer; none when there was no server, or it ended before it gave one.
  std::optional<port::ServerResponse> ask(port::ServerRequest request);
  // The same as a client sees it, files included. Errors: unreachable.
  Result<port::HttpResponse> send(const port::HttpRequest& request) override;

  // Looks at the world between two decisions; only while it runs.
  template <class Look>
  void look(const Look& look) {
    const Status taken = decider_->submit(
        {[&look](server::World& world, server::Transaction&, Instant) { look(world); }, {}});
    if (taken.ok()) turn();
  }

  sim::MemoryStore store;
  sim::MemoryFiles repository, blobs;
  sim::ManualClock clock;
  const std::string api_token = std::string(40, 'T');

 private:
  [[nodiscard]] Result<std::string> read_file(const std::string& path);

  server::Config config_;
  const server::OnlineSigners& signers_;
  sim::SeededEntropy entropy_;
  std::unique_ptr<server::Decider> decider_;
  std::unique_ptr<server::Router> router_;
  bool dying_ = false;
};

}  // namespace fb::exact
