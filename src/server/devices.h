// The devices: who they are, when they were last heard, what they run. On the decider's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fleet/device.h"
#include "port/clock.h"
#include "server/config.h"
#include "server/transaction.h"
#include "statement/inventory.h"
#include "wire/device_api.h"

namespace fb::server {

using DeviceIndex = std::uint32_t;  // position in Devices; stable while the process lives

struct Denied {
  wire::Denial denial;
  Instant at;
};

struct DeviceEntry {
  fleet::Device record;
  std::optional<Instant> last_heard;  // since this process started
  std::optional<Instant> last_beat;   // the last heartbeat; words with news come in between
  std::vector<wire::ComponentReport> components;
  std::optional<Denied> last_denial;
};

class Devices {
 public:
  Devices(const Config& config, port::Entropy& entropy) : config_(config), entropy_(entropy) {}

  Status load(port::Store& store);

  // The same token hash again is the same device. Errors: forbidden (unknown tenant or wrong
  // enrolment token, told alike).
  Result<wire::EnrolmentReply> enroll(const wire::Enrolment& ask, Transaction& tx, Instant now);
  // By the SHA-256 of the bearer secret. Errors: unauthenticated.
  Result<DeviceIndex> authenticate(const Digest& token_hash) const;

  // What sequence number means: nothing new, new events, or a repetition whose stored reply is the
  // answer.
  enum class Sequence : std::uint8_t { none, next, repeated };
  Result<Sequence> judge_sequence(DeviceIndex device, std::uint64_t sequence) const;
  // Takes note of a check-in: heard now, runs this. Writes the record when something durable
  // changed.
  void hear(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx, Instant now);
  void touch(DeviceIndex device, Instant now) { entries_[device].last_heard = now; }
  // The device has checked in: how long it is to wait for its next heartbeat. Who came in between
  // is told what is left, so news does not make a device beat more often than the others.
  Millis keep_beat(DeviceIndex device, Instant now);
  // Its clock starts anew: it was dispatched just now.
  void start_beat(DeviceIndex device, Instant now) { entries_[device].last_beat = now; }
  void deny(DeviceIndex device, wire::Denial denial, Instant now) {
    entries_[device].last_denial = Denied{std::move(denial), now};
  }

  [[nodiscard]] std::optional<DeviceIndex> find(const DeviceId& id) const;
  [[nodiscard]] const DeviceEntry& at(DeviceIndex device) const { return entries_[device]; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const wire::ComponentReport* component(DeviceIndex device,
                                                       const ComponentId& component) const;
  // How many devices run which build, and how many devices there are.
  [[nodiscard]] statement::Inventory inventory(Instant now) const;

 private:
  void add(fleet::Device record);

  const Config& config_;
  port::Entropy& entropy_;
  std::vector<DeviceEntry> entries_;
  std::unordered_map<Digest, DeviceIndex> by_token_;
  std::unordered_map<DeviceId, DeviceIndex> by_id_;
};

}  // namespace fb::server
