#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "pack/verify.h"

// An evidence pack and a root, cut at the first zero byte: what decodes is a pack byte for byte,
// and what holds under that root holds under no other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view text = bytes.substr(0, bytes.find('\0'));
  const auto pack = fb::pack::decode_pack(text);
  if (!pack.ok()) return 0;
  FB_CHECK(fb::pack::encode(*pack) == text);
  const std::string_view root = text.size() < bytes.size() ? bytes.substr(text.size() + 1) : "{}";
  const auto verdict = fb::pack::verify(*pack, root);
  if (!verdict.faults.empty()) return 0;
  FB_CHECK(!verdict.story.empty());
  FB_CHECK(!fb::pack::verify(*pack, "{}").faults.empty());
  return 0;
}
