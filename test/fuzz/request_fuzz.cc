#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "publisher/request.h"
#include "publisher/request_words.h"
#include "round_trip.h"

// A request comes from a machine that nobody has to trust: whatever decodes encodes to what decodes
// to the same, and can be examined and told in words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr fb::Instant kNow{1'795'000'000'000};
  const auto request = fb::publisher::decode_request({reinterpret_cast<const char*>(data), size});
  if (!request.ok()) return 0;
  fb::fuzz::check_round_trip(*request, fb::publisher::decode_request);
  const auto examined = fb::publisher::examine(*request, "", kNow);
  if (!examined.ok()) return 0;
  static_cast<void>(fb::publisher::describe_request(*request, *examined));
  FB_CHECK(fb::publisher::only_valid(*request, *examined).ok());
  return 0;
}
