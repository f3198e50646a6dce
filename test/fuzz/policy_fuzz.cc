#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "policy/customer.h"
#include "round_trip.h"

// Whatever decodes can be asked, and encodes to what decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kComponent = *fb::ComponentId::parse("sensor.channel");
  const auto policy = fb::policy::decode_policy({reinterpret_cast<const char*>(data), size});
  if (!policy.ok()) return 0;
  for (const fb::Instant now : {fb::Instant{0}, fb::Instant{1'721'362'140'000}}) {
    const auto refusal = fb::policy::judge(*policy, {kComponent, "291", now, now});
    FB_CHECK(!refusal || !refusal->sentence.empty());
  }
  fb::fuzz::check_round_trip(*policy, fb::policy::decode_policy);
  return 0;
}
