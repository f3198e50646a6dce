#include "rollout/exact_numbers.h"

#include <cstdio>

namespace fb::rollout {

std::string exact(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}

double read_exact(json::Reader& in, std::string_view key) {
  const std::string text = in.string(key, 40);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0') in.fail(key, "'" + text + "' is not a number");
  return value;
}

}  // namespace fb::rollout
