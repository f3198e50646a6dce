// What the fleet runs, as the server last heard it: signed, so that `firebreak check` can count
// devices offline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace fb::statement {

struct InventoryBuild {
  ComponentId component;
  std::string version;
  Digest manifest;
  std::uint64_t devices = 0;
};

struct Inventory {
  Instant issued;
  std::uint64_t devices = 0;
  std::vector<InventoryBuild> builds;
};

std::string encode(const Inventory& inventory);
Result<Inventory> decode_inventory(std::string_view payload);

}  // namespace fb::statement
