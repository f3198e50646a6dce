#include "publisher/fields.h"

namespace fb::publisher {
namespace {

const json::Value* find(const json::Value& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = find(object, key);
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : json::compact(*value);
}

std::int64_t count_of(const json::Value& object, std::string_view key) {
  const json::Value* value = find(object, key);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

std::optional<double> number_of(const json::Value& object, std::string_view key) {
  const json::Value* value = find(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

bool flag_of(const json::Value& object, std::string_view key) {
  const json::Value* value = find(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const json::Value& list_of(const json::Value& object, std::string_view key) {
  static const json::Value kNone = json::Value::array();
  const json::Value* value = find(object, key);
  return value != nullptr && value->is_array() ? *value : kNone;
}

const json::Value& object_of(const json::Value& object, std::string_view key) {
  static const json::Value kNone = json::Value::object();
  const json::Value* value = find(object, key);
  return value != nullptr && value->is_object() ? *value : kNone;
}

}  // namespace fb::publisher
