// A list of envelopes inside another document: the acts of a plan, what a bundle carries.
#pragma once

#include <string_view>
#include <vector>

#include "json/reader.h"
#include "statement/envelope.h"

namespace fb::statement {

json::Value encode_list(const std::vector<Envelope>& envelopes);

// At most `most` envelopes under `key`; anything else fails `in`. No signature is checked.
std::vector<Envelope> read_envelopes(json::Reader& in, std::string_view key, std::size_t most);

}  // namespace fb::statement
