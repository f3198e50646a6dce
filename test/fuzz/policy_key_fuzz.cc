#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "policy/key_rotation.h"

// Whatever decodes encodes to what decodes to the same, as one rotation and as a list of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto rotation = fb::policy::decode_key_rotation(bytes); rotation.ok()) {
    const auto again = fb::policy::decode_key_rotation(encode(*rotation));
    FB_CHECK(again.ok());
    FB_CHECK(again->next.id() == rotation->next.id());
  }
  if (const auto list = fb::policy::decode_rotations(bytes); list.ok()) {
    const auto again = fb::policy::decode_rotations(fb::policy::encode_rotations(*list));
    FB_CHECK(again.ok());
    FB_CHECK(again->size() == list->size());
  }
  return 0;
}
