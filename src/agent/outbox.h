// Outbox: events on their way to the server, each delivered once.
//
// A batch keeps its sequence number until the server has acknowledged it; the number never
// restarts, and a batch that is sent again is the same batch. Everything is durable before it is
// sent. Owned by the main loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "install/state.h"
#include "port/files.h"
#include "wire/device_api.h"

namespace fb::agent {

struct OutboxBatch {
  std::uint64_t sequence = 0;  // 0: no events
  std::vector<wire::DeviceEvent> events;
};

class Outbox {
 public:
  // Errors: malformed (a damaged file), io_failed.
  static Result<Outbox> load(port::Files& files);

  // Takes over reports that are newer than those taken before. Durable when it returns ok.
  Status take(const ComponentId& component, const std::vector<install::Report>& reports);
  // The number of the newest report taken over.
  [[nodiscard]] std::uint64_t taken(const ComponentId& component) const;

  // What to send now. Errors: those of the disk.
  Result<OutboxBatch> batch();
  // The server has this batch.
  Status acknowledge(std::uint64_t sequence);

  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  explicit Outbox(port::Files& files) : files_(&files) {}
  [[nodiscard]] Status store() const;

  port::Files* files_;
  std::uint64_t sequence_ = 0;  // of the newest batch
  std::size_t in_flight_ = 0;   // this many of events_ are that batch, not yet acknowledged
  std::deque<wire::DeviceEvent> events_;
  std::map<ComponentId, std::uint64_t> taken_;
};

}  // namespace fb::agent
