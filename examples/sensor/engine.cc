#include "engine.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <utility>

#include "build.h"
#include "channel_codec.h"
#include "supply.h"

namespace sensor {
namespace {

std::optional<std::vector<std::uint8_t>> read_at_most(const std::string& path, std::size_t most) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in.is_open() ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) return std::nullopt;
  std::vector<std::uint8_t> bytes(std::min(static_cast<std::size_t>(size), most));
  in.seekg(0);
  in.read(static_cast<char*>(static_cast<void*>(bytes.data())),
          static_cast<std::streamsize>(bytes.size()));
  if (in.fail()) return std::nullopt;
  return bytes;
}

std::optional<Refusal> check_types(const TemplateType& type, EventKind kind) {
  const auto supplied = supplied_fields(kind);
  for (std::size_t i = 0; i < std::min(type.fields.size(), supplied.size()); ++i) {
    if (type.fields[i] == supplied[i].type) continue;
    return Refusal{"type " + type.name + " declares field " + std::to_string(i + 1) + " as " +
                   std::string(to_string(type.fields[i])) + ", build " + std::string(kBuildName) +
                   " supplies " + std::string(to_string(supplied[i].type))};
  }
  return std::nullopt;
}

std::optional<Refusal> check_reads(const Rule& rule, EventKind kind) {
  if constexpr (kFieldBound == FieldBound::kTrusted) return std::nullopt;
  const std::size_t supplied = supplied_fields(kind).size();
  const std::size_t last = rule.tests.back().field + 1;
  if (last <= supplied) return std::nullopt;
  return Refusal{"rule " + rule.name + " reads field " + std::to_string(last) + " of " +
                 std::string(name_of(kind)) + ", build " + std::string(kBuildName) + " supplies " +
                 std::to_string(supplied)};
}

}  // namespace

Engine::Engine(Channel channel) : channel_(std::move(channel)) {
  for (const Rule& rule : channel_.rules) {
    const auto kind = kind_named(channel_.types[rule.type].name);
    if (kind) rules_by_kind_[static_cast<std::size_t>(*kind)].push_back(&rule);
  }
}

std::vector<const Rule*> Engine::scan(const Event& event) {
  inputs_.supply(event);
  std::vector<const Rule*> matched;
  for (const Rule* rule : rules_by_kind_[static_cast<std::size_t>(event.kind)]) {
    if (matches_inputs(*rule)) matched.push_back(rule);
  }
  return matched;
}

// FieldTest::field is below the count that the channel file declares. Only InputBlock knows how
// many there are.
bool Engine::matches_inputs(const Rule& rule) const {
  return std::all_of(rule.tests.begin(), rule.tests.end(), [this](const FieldTest& test) {
    const InputValue* value = inputs_.at(test.field);
    return value != nullptr && matches(test.matcher, *value);
  });
}

std::optional<Refusal> refusal_of(const Channel& channel) {
  for (const Rule& rule : channel.rules) {
    const TemplateType& type = channel.types[rule.type];
    const auto kind = kind_named(type.name);
    if (!kind)
      return Refusal{"rule " + rule.name + " is over " + type.name +
                     ", which is no input of this engine"};
    if (auto refusal = check_types(type, *kind)) return refusal;
    if (auto refusal = check_reads(rule, *kind)) return refusal;
  }
  return std::nullopt;
}

std::variant<Channel, Refusal> load_channel(const std::string& path) {
  const auto bytes = read_at_most(path, kMaxChannelBytes + 1);
  if (!bytes) return Refusal{"cannot be read"};
  auto parsed = parse_channel(*bytes);
  if (const auto* channel = std::get_if<Channel>(&parsed)) {
    if (auto refusal = refusal_of(*channel)) return *std::move(refusal);
  }
  return parsed;
}

}  // namespace sensor
