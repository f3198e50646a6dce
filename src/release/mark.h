// The released mark: the owning role's word that a release has been proven and may be started
// without a permit, where local root has set air-gapped mode.
//
// It stands in the `custom` field of the release's manifest target, so the keys that sign the
// release sign the mark, and no online key can. Pure value.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "json/json.h"

namespace fb::release {

struct ReleasedMark {
  Instant since;
  friend bool operator==(const ReleasedMark&, const ReleasedMark&) = default;
};

json::Value encode(const ReleasedMark& mark);  // {"released": "2026-11-25T12:00:00Z"}

// The mark in a target's `custom`; none when it has no "released". Errors: malformed (a mark that
// is not one, or comes with anything else).
Result<std::optional<ReleasedMark>> find_mark(const json::Value& custom);

}  // namespace fb::release
