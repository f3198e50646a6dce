// Exact numbers: doubles as hexadecimal text, so that what is read back is bit for bit what was
// written. Several stand in one string, parted by blanks. Pure.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"

namespace fb::rollout {

std::string exact(double value);
double read_exact(json::Reader& in, std::string_view key);

template <class Numbers>
std::string exact_row(const Numbers& numbers) {
  std::string text;
  for (const double each : numbers) text += (text.empty() ? "" : " ") + exact(each);
  return text;
}

// As many as `Numbers` holds; fewer or more fail.
template <class Numbers>
Numbers read_exact_row(json::Reader& in, std::string_view key) {
  const std::string text = in.string(key);
  Numbers numbers{};
  const char* at = text.c_str();
  for (double& each : numbers) {
    char* end = nullptr;
    each = std::strtod(at, &end);
    if (end == at) in.fail(key, "has too few numbers");
    at = end;
  }
  if (*at != '\0') in.fail(key, "has too many numbers");
  return numbers;
}

}  // namespace fb::rollout
