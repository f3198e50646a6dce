#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "publisher/request.h"
#include "publisher/request_words.h"

// A request comes from a machine that nobody has to trust: whatever decodes encodes to what decodes
// to the same, and can be examined and told in words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr fb::Instant kNow{1'795'000'000'000};
  const auto request = fb::publisher::decode_request({reinterpret_cast<const char*>(data), size});
  if (!request.ok()) return 0;
  const std::string text = encode(*request);
  const auto again = fb::publisher::decode_request(text);
  FB_CHECK(again.ok());
  FB_CHECK(encode(*again) == text);
  const auto examined = fb::publisher::examine(*request, "", kNow);
  if (!examined.ok()) return 0;
  static_cast<void>(fb::publisher::describe_request(*request, *examined));
  FB_CHECK(fb::publisher::only_valid(*request, *examined).ok());
  return 0;
}
