#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/entry.h"
#include "audit/tile.h"
#include "base/check.h"

// A tile path, a hash tile and an entry bundle: what decodes encodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace audit = fb::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto name = audit::parse_tile_path(bytes); name.ok()) {
    FB_CHECK(audit::path_of(*name) == bytes);
    FB_CHECK(name->width >= 1 && name->width <= audit::kTileWidth);
  }
  if (const auto tile = audit::Tile::decode(bytes); tile.ok()) FB_CHECK(tile->bytes() == bytes);
  if (bytes.empty()) return 0;
  const std::size_t count = static_cast<unsigned char>(bytes.front()) + 1U;
  const auto bundle = audit::decode_bundle(bytes.substr(1), count);
  if (!bundle.ok()) return 0;
  FB_CHECK(bundle->size() == count && audit::encode_bundle(*bundle) == bytes.substr(1));
  for (const std::string& each : *bundle) {
    if (const auto entry = audit::decode_entry(each); entry.ok())
      FB_CHECK(audit::decode_entry(audit::encode(*entry)).ok());
  }
  return 0;
}
