#include "sim/manual_clock.h"

namespace fb::sim {

std::string SeededEntropy::bytes(std::size_t count) {
  std::string random;
  while (random.size() < count) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t word = state_;
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
    word ^= word >> 31U;
    for (unsigned shift = 0; shift < 64 && random.size() < count; shift += 8)
      random += static_cast<char>((word >> shift) & 0xFFU);
  }
  return random;
}

}  // namespace fb::sim
