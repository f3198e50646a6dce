// The array of pointers that the matcher reads, one for each input that the build supplies. It ends
// where a page ends, and the page behind it may not be touched: the kernel pool under the
// verifier's special pool. In a real driver a read past the end finds whatever lies there, crashes
// often and lies sometimes; here it faults every time, so that the defect of 7.11 is the same
// defect on every run. One thread owns a block.
#pragma once

#include <cstddef>
#include <span>

#include "event.h"

namespace sensor {

class InputBlock {
 public:
  InputBlock();
  ~InputBlock();
  InputBlock(const InputBlock&) = delete;
  InputBlock& operator=(const InputBlock&) = delete;

  // Points at the leading fields of the event that this build supplies; the event has to outlive
  // the reads.
  void supply(const Event& event);

  // The input at `field`, from 0. A build that checks answers null past the end; 7.11 reads past
  // the end.
  const InputValue* at(std::size_t field) const;

 private:
  std::span<std::byte> pages_;
  const InputValue** end_ = nullptr;    // the first address of the untouchable page
  const InputValue** begin_ = nullptr;  // moves, so that any number of inputs ends at end_
};

}  // namespace sensor
