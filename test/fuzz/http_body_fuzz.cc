#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/json.h"
#include "round_trip.h"
#include "wire/device_api.h"
#include "wire/problem.h"

namespace {

// What decodes survives the round trip; what does not is refused in words that JSON can carry.
template <class Decode>
void try_body(std::string_view body, Decode decode) {
  const auto value = decode(body);
  if (!value.ok()) {
    const auto problem = encode(fb::wire::problem(value.error()));
    FB_CHECK(fb::json::parse(problem).ok());
    return;
  }
  fb::fuzz::check_round_trip(*value, decode);
}

}  // namespace

// The body of every request and reply of the device API, by either side.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  try_body(body, fb::wire::decode_enrolment);
  try_body(body, fb::wire::decode_enrolment_reply);
  try_body(body, fb::wire::decode_check_in_reply);
  try_body(body, fb::wire::decode_permit_ask);
  try_body(body, fb::wire::decode_permit_reply);
  static_cast<void>(fb::wire::to_error(422, body));
  return 0;
}
