#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "round_trip.h"
#include "statement/plan.h"

// A permit or a plan: whatever decodes stays inside its bounds and encodes to what decodes to the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto permit = fb::statement::decode_permit(bytes); permit.ok()) {
    FB_CHECK(permit->valid > fb::Millis{} && permit->valid <= fb::limits::kFreshness);
    FB_CHECK(permit->rollout.number() % 10 != 0);
    fb::fuzz::check_round_trip(*permit, fb::statement::decode_permit);
  }
  if (const auto plan = fb::statement::decode_plan(bytes); plan.ok()) {
    FB_CHECK(plan->rollout.number() % 10 != 0);
    fb::fuzz::check_round_trip(*plan, fb::statement::decode_plan);
  }
  return 0;
}
