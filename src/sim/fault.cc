#include "sim/fault.h"

namespace fb::sim {

void FaultPlan::fail(std::uint64_t nth, DoorFault fault, Afterwards afterwards) {
  remaining_ = nth;
  fault_ = fault;
  afterwards_ = afterwards;
}

void FaultPlan::mend() {
  remaining_ = 0;
  broken_ = false;
}

std::optional<DoorFault> FaultPlan::next_call() {
  if (broken_) return DoorFault::not_applied;
  if (remaining_ == 0 || --remaining_ > 0) return std::nullopt;
  broken_ = afterwards_ == Afterwards::broken && fault_ != DoorFault::no_space;
  return fault_;
}

}  // namespace fb::sim
