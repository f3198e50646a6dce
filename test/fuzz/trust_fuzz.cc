#include <cstddef>
#include <cstdint>
#include <string_view>

#include "round_trip.h"
#include "statement/inventory.h"
#include "statement/log_trust.h"
#include "statement/people.h"
#include "statement/speed.h"

namespace {

template <class Decode>
void try_file(std::string_view bytes, Decode decode) {
  const auto file = decode(bytes);
  if (!file.ok()) return;
  fb::fuzz::check_round_trip(*file, decode);
}

}  // namespace

// The small files under trust/ and the inventory: whatever decodes encodes to what decodes to the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_file(bytes, fb::statement::decode_people);
  try_file(bytes, fb::statement::decode_limits);
  try_file(bytes, fb::statement::decode_log_trust);
  try_file(bytes, fb::statement::decode_inventory);
  return 0;
}
