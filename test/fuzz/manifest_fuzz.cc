#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "release/manifest.h"

// Whatever decodes brings no program unless it is core, stays inside its release, and encodes to
// what decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fb::release::Kind;
  const auto manifest = fb::release::decode_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest.ok()) return 0;
  for (const auto& artifact : manifest->artifacts) {
    FB_CHECK(manifest->kind == Kind::core || !artifact.executable);
    FB_CHECK(artifact.name.find('/') == std::string::npos);
    FB_CHECK(artifact.name.find("..") == std::string::npos);
  }
  FB_CHECK(manifest->kind == Kind::core || !manifest->definition);
  FB_CHECK(manifest->kind != Kind::core || !manifest->needs);
  const std::string text = encode(*manifest);
  const auto again = fb::release::decode_manifest(text);
  FB_CHECK(again.ok());
  FB_CHECK(encode(*again) == text);
  return 0;
}
