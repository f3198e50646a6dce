#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "wire/device_api.h"

// Whatever decodes stays below the limits and encodes to what decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto check_in = fb::wire::decode_check_in({reinterpret_cast<const char*>(data), size});
  if (!check_in.ok()) return 0;
  FB_CHECK(check_in->events.size() <= fb::limits::kEventsPerCheckIn);
  const std::string text = encode(*check_in);
  const auto again = fb::wire::decode_check_in(text);
  FB_CHECK(again.ok());
  FB_CHECK(encode(*again) == text);
  return 0;
}
