#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "round_trip.h"
#include "wire/device_api.h"

// Whatever decodes stays below the limits and encodes to what decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto check_in = fb::wire::decode_check_in({reinterpret_cast<const char*>(data), size});
  if (!check_in.ok()) return 0;
  FB_CHECK(check_in->events.size() <= fb::limits::kEventsPerCheckIn);
  fb::fuzz::check_round_trip(*check_in, fb::wire::decode_check_in);
  return 0;
}
