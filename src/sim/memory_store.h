// port::Store in memory, with faults on demand. It outlives the server under test as a disk does: a
// restart is a new server on the same store, after mend(). Any thread may call anything.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "port/store.h"
#include "sim/fault.h"

namespace fb::sim {

class MemoryStore final : public port::Store {
 public:
  Status commit(const port::Batch& batch) override;
  Result<std::optional<std::string>> get(const std::string& space, const std::string& key) override;
  // Each sees the store as it was when the scan began.
  Status scan(const std::string& space, const std::string& from, const EachRecord& each) override;
  Result<std::uint64_t> log_size() override;
  Status scan_log(std::uint64_t from, const EachEntry& each) override;

  // The nth commit from now fails (1 = the next); after an io_failed all do, until mend().
  void fail_commit(std::uint64_t nth, DoorFault fault);
  void mend();
  [[nodiscard]] bool fault_pending() const;

  [[nodiscard]] std::uint64_t commits() const;  // that were applied
  using Records = std::map<std::pair<std::string, std::string>, std::string>;
  [[nodiscard]] Records records() const;  // by space and key, for comparing two stores

 private:
  void apply(const port::Batch& batch);

  mutable std::mutex mutex_;
  Records records_;
  std::vector<std::string> log_;
  FaultPlan faults_;
  std::uint64_t commits_ = 0;
};

}  // namespace fb::sim
