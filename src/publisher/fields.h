// Looking at JSON that the server answered, for showing it: what is missing reads as empty, never
// as an error.
//
// Nothing is decided on these values; whatever decides decodes strictly with json::Reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace fb::publisher {

// "" when missing or null; numbers and booleans as their text.
std::string text_of(const json::Value& object, std::string_view key);
std::int64_t count_of(const json::Value& object, std::string_view key);
std::optional<double> number_of(const json::Value& object, std::string_view key);
bool flag_of(const json::Value& object, std::string_view key);
// An empty array when missing.
const json::Value& list_of(const json::Value& object, std::string_view key);
// An empty object when missing or null.
const json::Value& object_of(const json::Value& object, std::string_view key);

}  // namespace fb::publisher
