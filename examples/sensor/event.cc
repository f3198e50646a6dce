#include "event.h"

namespace sensor {
namespace {

constexpr auto kString = FieldType::kString;
constexpr auto kInteger = FieldType::kInteger;

constexpr std::array<FieldSchema, 21> kIpcSchema{{
    {"operation", kString},     {"pipe", kString},        {"image", kString},
    {"command_line", kString},  {"pid", kInteger},        {"parent_image", kString},
    {"parent_pid", kInteger},   {"user", kString},        {"user_sid", kString},
    {"session", kInteger},      {"integrity", kString},   {"client_host", kString},
    {"server_image", kString},  {"server_pid", kInteger}, {"access_mask", kInteger},
    {"share_mode", kInteger},   {"pipe_mode", kString},   {"instances", kInteger},
    {"buffer_bytes", kInteger}, {"origin", kString},      {"first_message", kString},
}};

constexpr std::array<FieldSchema, 6> kFileSchema{{
    {"operation", kString},
    {"path", kString},
    {"image", kString},
    {"pid", kInteger},
    {"user", kString},
    {"size", kInteger},
}};

constexpr std::array<FieldSchema, 7> kProcessSchema{{
    {"image", kString},
    {"command_line", kString},
    {"pid", kInteger},
    {"parent_image", kString},
    {"parent_pid", kInteger},
    {"user", kString},
    {"integrity", kString},
}};

}  // namespace

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::kString: return "string";
    case FieldType::kInteger: return "integer";
  }
  return "";
}

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kIpc: return "ipc";
    case EventKind::kFile: return "file";
    case EventKind::kProcess: return "process";
  }
  return "";
}

std::optional<EventKind> kind_named(std::string_view name) {
  for (const EventKind kind : kEventKinds) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

std::span<const FieldSchema> schema_of(EventKind kind) {
  switch (kind) {
    case EventKind::kIpc: return kIpcSchema;
    case EventKind::kFile: return kFileSchema;
    case EventKind::kProcess: return kProcessSchema;
  }
  return {};
}

}  // namespace sensor
