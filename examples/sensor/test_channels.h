// Channels for tests: the shipped rules and short ones.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "rules.h"

namespace sensor {

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline Channel channel_of(const std::string& text) {
  auto compiled = compile_rules(text);
  if (const auto* refusal = std::get_if<Refusal>(&compiled)) {
    ADD_FAILURE() << refusal->reason;
    return {};
  }
  return std::get<Channel>(std::move(compiled));
}

inline std::string shipped_rules(int number) {
  return read_text(SENSOR_SOURCE_DIR "/channel/" + std::to_string(number) + ".rules");
}

}  // namespace sensor
