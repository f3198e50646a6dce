#include "publisher/check.h"

#include <algorithm>

#include "base/limits.h"
#include "gate/gate.h"
#include "publisher/ages.h"
#include "publisher/home.h"
#include "publisher/inventory.h"
#include "publisher/release_view.h"
#include "publisher/trust.h"

namespace fb::publisher {
namespace {

Result<std::string> inventory_bytes(port::Files& home, const CheckOrder& order) {
  if (order.inventory) return *order.inventory;
  return home.read(std::string(kCachedInventory), limits::kManagementBodyBytes)
      .in("the cached inventory");
}

// The builds that would meet this content, with the contracts that their own manifests carry.
gate::Fleet meet(port::Files& home, const tuf::TrustedSet& trusted,
                 const statement::Inventory& inventory, const release::Manifest& manifest) {
  gate::Fleet fleet;
  if (!manifest.reader) return fleet;
  for (const auto& build : inventory.builds) {
    if (build.component != *manifest.reader) continue;
    const auto core = cached_core_manifest(home, trusted, build);
    if (core.ok() && core->contract)
      fleet.readers.push_back({*core->contract, build.devices});
    else
      fleet.unknown_devices += build.devices;
  }
  return fleet;
}

std::uint64_t devices_met(const gate::Fleet& fleet) {
  std::uint64_t devices = 0;
  for (const auto& reader : fleet.readers) devices += reader.devices;
  return devices;
}

std::string basis_line(const statement::Inventory& inventory, const gate::Fleet& fleet,
                       Instant now) {
  const std::string left_out =
      fleet.unknown_devices == 0
          ? ""
          : "; " + std::to_string(fleet.unknown_devices) + " run a core that nobody signed";
  return "held against an inventory of " + age_in_words(now - inventory.issued) +
         " ago: " + std::to_string(devices_met(fleet)) + " of " +
         std::to_string(inventory.devices) + " devices would read it" + left_out + "\n";
}

std::string verdict_line(const Draft& draft, bool open) {
  if (open) return draft.name + ": every gate that can be judged offline is open\n";
  return draft.name + ": refused\n";
}

}  // namespace

Result<Outcome> check_draft(port::Files& home, const Draft& draft, const CheckOrder& order) {
  FB_ASSIGN(const tuf::TrustedSet trusted, cached_trust(home));
  FB_ASSIGN(const std::string envelope, inventory_bytes(home, order));
  FB_ASSIGN(const auto inventory, open_inventory(envelope, trusted));
  const gate::Fleet fleet = meet(home, trusted, inventory, draft.manifest);
  const auto results =
      gate::evaluate_content({draft.manifest, draft.release, fleet, {}, {}, order.now});
  const bool open = gate::all_open(results);
  const std::int64_t age_s = std::max<std::int64_t>(0, (order.now - inventory.issued).ms / 1000);
  json::Value document{{"draft", draft.name},
                       {"release", draft.release.text()},
                       {"open", open},
                       {"gates", gate::encode(results)},
                       {"inventory_age_s", age_s},
                       {"devices", devices_met(fleet)}};
  std::string text =
      gates_text(document) + basis_line(inventory, fleet, order.now) + verdict_line(draft, open);
  return Outcome{open ? Answer::yes : Answer::no, std::move(text), std::move(document)};
}

}  // namespace fb::publisher
