#include "publisher/ages.h"

#include <algorithm>

namespace fb::publisher {

std::string age_in_words(Millis age) {
  const std::int64_t s = std::max<std::int64_t>(0, age.ms / 1000);
  if (s < 120) return std::to_string(s) + " s";
  if (s < 120 * 60) return std::to_string(s / 60) + " min";
  if (s < 48 * 3600) return std::to_string(s / 3600) + " h";
  return std::to_string(s / 86'400) + " days";
}

}  // namespace fb::publisher
