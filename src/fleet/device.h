// A device as the server knows it: enrolled once, heard often. The stored record holds what must
// survive a restart; when it was last heard does not (a check-in without events stores nothing).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "statement/plan.h"

namespace fb::fleet {

struct InstalledComponent {
  std::string version;
  Digest manifest;
};

struct Device {
  DeviceId id;
  TenantId tenant;
  Digest token_hash;  // SHA-256 of the device's secret; the secret itself is never stored
  statement::Ring ring = statement::Ring::broad;
  std::string os;
  std::string arch;
  Instant enrolled;
  std::uint64_t last_sequence = 0;
  std::map<ComponentId, InstalledComponent> installed;
};

std::string encode(const Device& device);
Result<Device> decode_device(std::string_view bytes);

// "linux amd64 sensor.engine 7.11": devices alike in OS family, architecture and core build. `core`
// may be absent.
std::string stratum_name(const Device& device, const std::optional<ComponentId>& core);

}  // namespace fb::fleet
