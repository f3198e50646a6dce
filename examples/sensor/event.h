// What the platform reports: one event with the values of its fields, in the order of the schema
// below. The schema is the whole truth about an event; how much of it a given build hands to the
// matcher is supply.h's matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sensor {

enum class EventKind : std::uint8_t { kIpc, kFile, kProcess };
inline constexpr std::array kEventKinds{EventKind::kIpc, EventKind::kFile, EventKind::kProcess};

enum class FieldType : std::uint8_t { kString = 1, kInteger = 2 };
std::string_view to_string(FieldType type);

struct FieldSchema {
  std::string_view name;
  FieldType type;
};

using InputValue = std::variant<std::string, std::int64_t>;

struct Event {
  EventKind kind = EventKind::kIpc;
  std::vector<InputValue> fields;  // as many and of such types as schema_of(kind) says
};

std::string_view name_of(EventKind kind);
std::optional<EventKind> kind_named(std::string_view name);
std::span<const FieldSchema> schema_of(EventKind kind);

}  // namespace sensor
