// Descriptor: an open file descriptor with one owner, and what the operating system said as an
// Error.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace fb::posix {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }
  void close();
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

// "cannot <doing> <path>: <what errno says>; <what to do about it>". ENOENT is not_found, EEXIST
// already_exists, a full disk or quota no_space, everything else io_failed.
Error system_error(int errno_value, std::string_view doing, std::string_view path);

}  // namespace fb::posix
