// A transaction: what one batch of commands writes, and what happens once it is durable.
//
// Commands run one after another on the decider's thread against the World; each adds its records,
// its log entries and its promises (replies, effects). Nothing promised here is done before the
// store has committed.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/entry.h"
#include "base/time.h"
#include "json/json.h"
#include "port/store.h"

namespace fb::server {

class Transaction {
 public:
  // `log_size`: how many entries the log has.
  explicit Transaction(std::uint64_t log_size) : next_entry_(log_size) {}

  void put(std::string space, std::string key, std::string value) {
    batch_.writes.push_back({std::move(space), std::move(key), std::move(value)});
  }
  void remove(std::string space, std::string key) {
    batch_.writes.push_back({std::move(space), std::move(key), std::nullopt});
  }
  // What this transaction has put there so far.
  [[nodiscard]] const std::string* pending(std::string_view space, std::string_view key) const {
    const auto& writes = batch_.writes;
    const auto it = std::find_if(writes.rbegin(), writes.rend(), [&](const auto& write) {
      return write.space == space && write.key == key;
    });
    return it == writes.rend() || !it->value ? nullptr : &*it->value;
  }
  // Appends to the event log; the entry's index.
  std::uint64_t log(Instant at, std::string kind, json::Value data) {
    const std::uint64_t index = next_entry_++;
    batch_.log.push_back({index, audit::encode({index, at, std::move(kind), std::move(data)})});
    return index;
  }
  // Runs after the commit, in order.
  void afterwards(std::function<void()> act) { afterwards_.push_back(std::move(act)); }

  [[nodiscard]] const port::Batch& batch() const { return batch_; }
  [[nodiscard]] const std::vector<std::function<void()>>& promises() const { return afterwards_; }

 private:
  port::Batch batch_;
  std::uint64_t next_entry_;
  std::vector<std::function<void()>> afterwards_;
};

}  // namespace fb::server
