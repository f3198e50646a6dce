#include "supply.h"

#include "build.h"
#include "channel.h"

namespace sensor {
namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string input_json(EventKind kind) {
  const auto fields = supplied_fields(kind);
  std::string types;
  for (const FieldSchema& field : fields)
    types += (types.empty() ? "" : ", ") + quoted(to_string(field.type));
  return "    {\"name\": " + quoted(name_of(kind)) +
         ", \"fields\": " + std::to_string(fields.size()) + ", \"types\": [" + types + "]}";
}

}  // namespace

std::span<const FieldSchema> supplied_fields(EventKind kind) {
  const auto all = schema_of(kind);
  switch (kind) {
    case EventKind::kIpc: return all.first(kIpcInputs);
    case EventKind::kFile:
    case EventKind::kProcess: return all;
  }
  return {};
}

std::string contract_json() {
  std::string inputs;
  for (const EventKind kind : kEventKinds)
    inputs += (inputs.empty() ? "" : ",\n") + input_json(kind);
  return "{\n  \"format\": \"firebreak.contract/1\",\n  \"build\": " + quoted(kBuildName) +
         ",\n  \"reads\": \"sensor.channel\",\n  \"inputs\": [\n" + inputs +
         "\n  ],\n  \"limits\": {\"max_bytes\": " + std::to_string(kMaxChannelBytes) +
         ", \"max_rules\": " + std::to_string(kMaxRules) + "}\n}\n";
}

}  // namespace sensor
