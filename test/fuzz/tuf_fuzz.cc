#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/json.h"
#include "tuf/metadata.h"

namespace {

// What decodes keeps its bytes, and its values encode to what decodes to the same values.
template <class Decode>
void try_role(std::string_view bytes, Decode decode) {
  const auto document = decode(bytes);
  if (!document.ok()) return;
  FB_CHECK(document->bytes == bytes);
  FB_CHECK(document->body.version >= 1);
  const fb::json::Value encoded = encode(document->body);
  const auto file =
      fb::json::compact({{"signed", encoded}, {"signatures", fb::json::Value::array()}});
  const auto again = decode(file);
  // Written out again it may grow over the limit of its role; nothing else may go wrong.
  if (!again.ok())
    FB_CHECK(again.error().code == fb::ErrorCode::too_large);
  else
    FB_CHECK(encode(again->body) == encoded);
}

}  // namespace

// The first byte chooses the role: r(oot), t(imestamp), s(napshot), anything else targets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'r': try_role(bytes, fb::tuf::decode_root); break;
    case 't': try_role(bytes, fb::tuf::decode_timestamp); break;
    case 's': try_role(bytes, fb::tuf::decode_snapshot); break;
    default:
      try_role(bytes, [](std::string_view text) { return fb::tuf::decode_targets(text, "core"); });
  }
  return 0;
}
