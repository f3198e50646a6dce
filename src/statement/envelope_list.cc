#include "statement/envelope_list.h"

#include <string>

namespace fb::statement {

json::Value encode_list(const std::vector<Envelope>& envelopes) {
  json::Value out = json::Value::array();
  for (const Envelope& each : envelopes) out.push_back(encode(each));
  return out;
}

std::vector<Envelope> read_envelopes(json::Reader& in, std::string_view key, std::size_t most) {
  const json::Value& list = in.raw(key);
  std::vector<Envelope> out;
  if (!list.is_array() || list.size() > most)
    in.fail(key, "a list of at most " + std::to_string(most) + " envelopes is expected");
  if (in.failed()) return out;
  for (const json::Value& each : list) {
    auto envelope = decode_envelope(each);
    if (!envelope.ok())
      in.fail(key, envelope.error().detail);
    else
      out.push_back(std::move(envelope).value());
  }
  return out;
}

}  // namespace fb::statement
