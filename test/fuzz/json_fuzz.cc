#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/json.h"

// Whatever parses prints as JSON that parses to an equal value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = fb::json::parse({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  const auto again = fb::json::parse(fb::json::compact(*value));
  FB_CHECK(again.ok());
  FB_CHECK(*again == *value);
  return 0;
}
