#include "sim/memory_store.h"

namespace fb::sim {
namespace {

Error injected(DoorFault fault) {
  if (fault == DoorFault::no_space)
    return {ErrorCode::no_space, "memory store: injected: disk full"};
  return {ErrorCode::io_failed, "memory store: injected: commit failed"};
}

}  // namespace

Status MemoryStore::commit(const port::Batch& batch) {
  const std::lock_guard lock(mutex_);
  if (batch.empty()) return {};
  std::uint64_t next = log_.size();
  for (const port::LogAppend& append : batch.log) {
    if (append.index != next++) {
      return Error{ErrorCode::conflict, "log entry " + std::to_string(append.index) + " where " +
                                            std::to_string(next - 1) + " is next"};
    }
  }
  const std::optional<DoorFault> fault = faults_.next_call();
  if (!fault || fault == DoorFault::applied) apply(batch);
  return fault ? Status(injected(*fault)) : Status();
}

void MemoryStore::apply(const port::Batch& batch) {
  for (const port::RecordWrite& write : batch.writes) {
    if (write.value) {
      records_[{write.space, write.key}] = *write.value;
    } else {
      records_.erase({write.space, write.key});
    }
  }
  for (const port::LogAppend& append : batch.log) log_.push_back(append.entry);
  ++commits_;
}

Result<std::optional<std::string>> MemoryStore::get(const std::string& space,
                                                    const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find({space, key});
  if (found == records_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Status MemoryStore::scan(const std::string& space, const std::string& from,
                         const EachRecord& each) {
  std::vector<std::pair<std::string, std::string>> seen;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = records_.lower_bound({space, from}); it != records_.end(); ++it) {
      if (it->first.first != space) break;
      seen.emplace_back(it->first.second, it->second);
    }
  }
  for (const auto& [key, value] : seen) FB_TRY(each(key, value));
  return {};
}

Result<std::uint64_t> MemoryStore::log_size() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(log_.size());
}

Status MemoryStore::scan_log(std::uint64_t from, const EachEntry& each) {
  std::vector<std::string> seen;
  {
    const std::lock_guard lock(mutex_);
    for (std::uint64_t index = from; index < log_.size(); ++index) seen.push_back(log_[index]);
  }
  for (const std::string& entry : seen) FB_TRY(each(from++, entry));
  return {};
}

void MemoryStore::fail_commit(std::uint64_t nth, DoorFault fault) {
  const std::lock_guard lock(mutex_);
  faults_.fail(nth, fault, Afterwards::broken);
}

void MemoryStore::mend() {
  const std::lock_guard lock(mutex_);
  faults_.mend();
}

bool MemoryStore::fault_pending() const {
  const std::lock_guard lock(mutex_);
  return faults_.planned();
}

std::uint64_t MemoryStore::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

MemoryStore::Records MemoryStore::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

}  // namespace fb::sim
