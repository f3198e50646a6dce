// Outbox: events on their way to the server, each delivered once.
//
// A batch keeps its sequence number until the server has acknowledged it, and a batch that is sent
// again is the same batch. A device that lost its outbox no longer knows its number: it asks with
// one that cannot be right, and the server's refusal names the one that comes next. Everything is
// durable before it is sent. Owned by the main loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
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

  // Whether an event of this kind still waits for the server's word that it has it.
  [[nodiscard]] bool awaits(const ComponentId& component, wire::EventKind kind,
                            std::int32_t rollout) const;

  // Nobody here knows which numbers the server has seen of this device.
  void forget_sequence();
  // The server refused a batch and named the number that comes next. Errors: those of the disk.
  Status renumber(std::uint64_t next);
  // Whether there was a file. One that is set aside as damaged counts as none.
  [[nodiscard]] bool found() const { return found_; }
  // After damage: an empty outbox; the damaged file is kept beside it.
  static Outbox start_over(port::Files& files);

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
  bool found_ = false;
  std::uint64_t sequence_ = 0;  // of the newest batch
  std::size_t in_flight_ = 0;   // this many of events_ are that batch, not yet acknowledged
  std::deque<wire::DeviceEvent> events_;
  std::map<ComponentId, std::uint64_t> taken_;
};

// The number in "sequence N where M comes next", the server's refusal of a batch; none: it is
// another refusal.
std::optional<std::uint64_t> expected_sequence(const Error& error);

}  // namespace fb::agent
