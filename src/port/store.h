// The door to the server's memory: records by space and key, and the append-only log, committed
// together.
//
// One writer. commit() is atomic and durable: when it returns ok everything in the batch survives a
// power cut, when it returns an error nothing of it does, unless the error is io_failed: then
// nobody knows, and the process must end and read again what is there (a failed fsync is never
// retried and hoped about).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fb::port {

struct RecordWrite {
  std::string space;
  std::string key;
  std::optional<std::string> value;  // none: the record is removed
};

struct LogAppend {
  std::uint64_t index = 0;  // the next one, exactly; a gap or a repetition is refused as conflict
  std::string entry;        // exact bytes
};

struct Batch {
  std::vector<RecordWrite> writes;  // in order; a later write to the same key wins
  std::vector<LogAppend> log;
  [[nodiscard]] bool empty() const { return writes.empty() && log.empty(); }
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Status commit(const Batch& batch) = 0;
  virtual Result<std::optional<std::string>> get(const std::string& space,
                                                 const std::string& key) = 0;
  using EachRecord = std::function<Status(const std::string& key, const std::string& value)>;
  // In key order (bytes), keys >= `from`. Stops at the first error `each` returns, and returns it.
  virtual Status scan(const std::string& space, const std::string& from,
                      const EachRecord& each) = 0;
  virtual Result<std::uint64_t> log_size() = 0;
  using EachEntry = std::function<Status(std::uint64_t index, const std::string& entry)>;
  virtual Status scan_log(std::uint64_t from, const EachEntry& each) = 0;
};

}  // namespace fb::port
