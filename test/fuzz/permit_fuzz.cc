#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "statement/plan.h"

// A permit or a plan: whatever decodes stays inside its bounds and encodes to what decodes to the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto permit = fb::statement::decode_permit(bytes); permit.ok()) {
    FB_CHECK(permit->valid > fb::Millis{} && permit->valid <= fb::limits::kFreshness);
    FB_CHECK(permit->rollout.number() % 10 != 0);
    const std::string text = encode(*permit);
    const auto again = fb::statement::decode_permit(text);
    FB_CHECK(again.ok());
    FB_CHECK(encode(*again) == text);
  }
  if (const auto plan = fb::statement::decode_plan(bytes); plan.ok()) {
    FB_CHECK(plan->rollout.number() % 10 != 0);
    const std::string text = encode(*plan);
    const auto again = fb::statement::decode_plan(text);
    FB_CHECK(again.ok());
    FB_CHECK(encode(*again) == text);
  }
  return 0;
}
