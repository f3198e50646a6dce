// Which call of a fake door fails, and how: fail the n-th for n = 1, 2, ... until a run completes
// untouched.
#pragma once

#include <cstdint>
#include <optional>

namespace fb::sim {

enum class DoorFault : std::uint8_t {
  not_applied,  // nothing happened, and the caller is told io_failed
  applied,      // it happened, and yet the caller is told io_failed
  no_space,     // nothing happened, and the caller is told no_space; the door works on
};

// What the door does after the failed call. A process that was told io_failed by a store must end,
// and the door holds it to that: everything fails until mend(), which stands for the restart.
enum class Afterwards : std::uint8_t { broken, works };

class FaultPlan {
 public:
  // Counting from now, the `nth` changing call (1 = the next) fails.
  void fail(std::uint64_t nth, DoorFault fault, Afterwards afterwards);
  // No fault planned, none standing.
  void mend();
  [[nodiscard]] bool planned() const { return remaining_ > 0; }  // and not yet struck
  [[nodiscard]] bool broken() const { return broken_; }

  // For doors: the fault that this changing call meets, if any.
  std::optional<DoorFault> next_call();

 private:
  std::uint64_t remaining_ = 0;
  DoorFault fault_ = DoorFault::not_applied;
  Afterwards afterwards_ = Afterwards::broken;
  bool broken_ = false;
};

}  // namespace fb::sim
