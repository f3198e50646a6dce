#include "exact/agreement.h"

#include <algorithm>
#include <cmath>

namespace fb::exact {

double distance(std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const auto share_up_to = [](const std::vector<std::int64_t>& sorted, std::int64_t value) {
    const auto end = std::upper_bound(sorted.begin(), sorted.end(), value);
    return static_cast<double>(end - sorted.begin()) / static_cast<double>(sorted.size());
  };
  double largest = 0;
  for (const auto* values : {&a, &b}) {
    for (const std::int64_t value : *values)
      largest = std::max(largest, std::abs(share_up_to(a, value) - share_up_to(b, value)));
  }
  return largest;
}

double allowed_distance(std::size_t a, std::size_t b, double level) {
  const auto n = static_cast<double>(a);
  const auto m = static_cast<double>(b);
  return std::sqrt(-std::log(level / 2) * (n + m) / (2 * n * m));
}

}  // namespace fb::exact
