#include "statement/inventory.h"

#include "json/reader.h"

namespace fb::statement {

std::string encode(const Inventory& inventory) {
  json::Value builds = json::Value::array();
  for (const InventoryBuild& build : inventory.builds) {
    builds.push_back({{"component", build.component.text()},
                      {"version", build.version},
                      {"release", build.manifest.text()},
                      {"devices", build.devices}});
  }
  return json::pretty({{"format", "firebreak.inventory/1"},
                       {"issued", to_rfc3339(inventory.issued)},
                       {"devices", inventory.devices},
                       {"builds", std::move(builds)}});
}

Result<Inventory> decode_inventory(std::string_view payload) {
  constexpr std::int64_t kDevices = std::int64_t{1} << 40U;
  FB_ASSIGN(const json::Value value, json::parse(payload));
  json::Reader in(value, "inventory");
  in.literal("format", "firebreak.inventory/1");
  Inventory inventory;
  inventory.issued = in.instant("issued");
  inventory.devices = static_cast<std::uint64_t>(in.integer("devices", 0, kDevices));
  in.objects("builds", 10'000, [&](json::Reader& each) {
    inventory.builds.push_back({each.id<ComponentId>("component"), each.string("version", 64),
                                each.digest("release"),
                                static_cast<std::uint64_t>(each.integer("devices", 0, kDevices))});
  });
  FB_TRY(in.done());
  return inventory;
}

}  // namespace fb::statement
