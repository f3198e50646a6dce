// What the management API shows: one JSON document per thing. Pure reads of the world.
#pragma once

#include "json/json.h"
#include "server/world.h"

namespace fb::server {

json::Value status_view(const World& world, const Config& config);
json::Value release_view(const World& world, const Digest& digest, const ReleaseEntry& entry,
                         Instant now);
json::Value device_view(const World& world, DeviceIndex device, Instant now);

}  // namespace fb::server
