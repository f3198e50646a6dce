#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/note.h"
#include "base/check.h"

// A signed note: what parses is printed again byte for byte (base64 has one spelling), and no key
// of ours opens what a fuzzer wrote.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto note = fb::audit::parse_note(bytes);
  if (!note.ok()) return 0;
  FB_CHECK(fb::audit::encode(*note) == bytes);
  const auto key = fb::crypto::ed25519_key(std::string(32, 'k'));
  const auto witness = fb::crypto::ed25519_key(std::string(32, 'w'));
  const fb::statement::LogTrust trust{
      "log.example/firebreak", {{key.id(), key}}, {{"witness.example/w", witness}}};
  FB_CHECK(!fb::audit::open_checkpoint(bytes, trust).ok());
  return 0;
}
