// The speed limit: how large a part of the world may have a release, by time. trust/limits.json,
// signed by targets.
//
// Enforced on each device: its cohort is a hash of the manifest's digest and its own id, which
// nobody online can choose, and time counts in the device's own awake time since it first verified
// a plan for that digest (DESIGN, section 3).
#pragma once

#include <optional>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "release/kind.h"

namespace fb::statement {

struct SpeedStep {
  Millis after;                  // since the device first verified the plan
  std::int64_t per_million = 0;  // of all devices
};

struct SpeedRule {
  release::Kind kind = release::Kind::content;
  release::Class cls = release::Class::feature;
  std::vector<SpeedStep> steps;  // ascending in both; before the first step nobody may
};

struct SpeedLimits {
  std::vector<SpeedRule> rules;

  // None: no release of this kind and class may start at all.
  [[nodiscard]] const SpeedRule* find(release::Kind kind, release::Class cls) const;
  // Every kind and class may have everybody at once: what only a lab's offline keys sign.
  [[nodiscard]] bool unlimited() const;
};

// How long a device of `cohort` waits before it may start; none: never under this rule.
std::optional<Millis> wait(const SpeedRule& rule, std::int64_t cohort);

// 0 … 999,999: first 8 bytes of SHA-256("firebreak/speed/1\n" + digest text + "\n" + device id),
// scaled to a million.
std::int64_t cohort(const Digest& manifest, const DeviceId& device);

inline constexpr std::string_view kLimitsPath = "trust/limits.json";
Result<SpeedLimits> decode_limits(std::string_view bytes);
std::string encode(const SpeedLimits& limits);

}  // namespace fb::statement
