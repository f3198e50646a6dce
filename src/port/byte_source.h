// The door to one file that lies outside the tree a program owns (a bundle on a stick): bytes by
// place.
//
// Nothing in it is trusted; it may be pulled out while it is read. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace fb::port {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // As it was when it was opened.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Exactly `count` bytes from `at`. Errors: io_failed (also when there are fewer).
  [[nodiscard]] virtual Result<std::string> read(std::uint64_t at, std::size_t count) const = 0;
};

// Opens a file by its path. Errors: not_found, io_failed.
using OpenSource = std::function<Result<std::shared_ptr<const ByteSource>>(const std::string&)>;

}  // namespace fb::port
