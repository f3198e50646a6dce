#include "release/mark.h"

#include "json/reader.h"

namespace fb::release {

json::Value encode(const ReleasedMark& mark) { return {{"released", to_rfc3339(mark.since)}}; }

Result<std::optional<ReleasedMark>> find_mark(const json::Value& custom) {
  if (!custom.is_object() || !custom.contains("released")) return std::optional<ReleasedMark>();
  json::Reader in(custom, "custom");
  const ReleasedMark mark{in.instant("released")};
  FB_TRY(in.done());
  return std::optional(mark);
}

}  // namespace fb::release
