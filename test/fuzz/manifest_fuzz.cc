#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "release/contract.h"
#include "release/kind.h"
#include "release/manifest.h"
#include "round_trip.h"

namespace {

const fb::release::Contract& build_711() {
  static const fb::release::Contract kMade{
      "7.11", *fb::ComponentId::parse("sensor.channel"), {{"process", {"text", "text"}}}, 4096, 9};
  return kMade;
}

}  // namespace

// Whatever decodes brings no program unless it is core, stays inside its release, encodes to what
// decodes to the same, and has a version that does not come before itself.
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
  FB_CHECK(!fb::release::version_before(manifest->version, manifest->version));
  FB_CHECK(!fb::release::version_before(manifest->version, "7.11") ||
           !fb::release::version_before("7.11", manifest->version));
  if (manifest->needs) {
    for (const auto& reason : fb::release::unmet(*manifest->needs, build_711()))
      FB_CHECK(!reason.empty());
  }
  fb::fuzz::check_round_trip(*manifest, fb::release::decode_manifest);
  return 0;
}
