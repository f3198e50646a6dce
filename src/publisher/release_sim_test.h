// The two releases that every test of the publisher's road needs: an engine that supplies 20
// fields, and content.
#pragma once

#include <string>
#include <utility>

#include "publisher/draft.h"

namespace fb::publisher {

inline release::Manifest described(const std::string& component, release::Kind kind,
                                   const std::string& version) {
  release::Manifest manifest;
  manifest.component = *ComponentId::parse(component);
  manifest.kind = kind;
  manifest.version = version;
  manifest.author = *PersonId::parse("author");
  manifest.created = Instant{1'900'000'000'000};
  manifest.notes = {"what", "why", "risk", "undo"};
  return manifest;
}

// Supplies 20 fields of ipc.
inline DraftOrder engine_order() {
  DraftOrder order;
  order.described = described("sensor.engine", release::Kind::core, "7.11");
  order.artifacts = {{"sensor", "the program", true}};
  const release::ContractInput ipc{"ipc", std::vector<std::string>(20, "string")};
  order.contract = json::compact(release::encode(
      release::Contract{"7.11", *ComponentId::parse("sensor.channel"), {ipc}, 65'536, 100}));
  return order;
}

inline DraftOrder channel_order(const std::string& version, const std::string& reads) {
  DraftOrder order;
  order.described = described("sensor.channel", release::Kind::content, version);
  order.described.reader = *ComponentId::parse("sensor.engine");
  order.artifacts = {{"channel.bin", "rules of " + version, false}};
  order.needs = R"({"inputs":[{"name":"ipc","reads":[)" + reads + R"(]}],"max_bytes":100})";
  return order;
}

inline Draft made(const DraftOrder& order) {
  auto draft = compose_draft(order);
  FB_CHECK(draft.ok());
  return *std::move(draft);
}

}  // namespace fb::publisher
