// JSON in and out: strict on the way in, canonical on the way out.
//
// parse() accepts one RFC 8259 document and nothing else: duplicate keys, too deep, too large,
// invalid UTF-8, byte order marks and trailing bytes are errors, so that two readers can never see
// two documents. The library behind is nlohmann_json; the rest of the house knows it only as
// json::Value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/document_limits.h"
#include "base/result.h"

namespace fb::json {

using Value = nlohmann::json;  // objects keep their keys sorted

struct Bounds {
  std::size_t bytes = limits::kJsonBytes;
  std::size_t depth = limits::kJsonDepth;
};

// Errors: malformed (with the byte offset), too_large.
Result<Value> parse(std::string_view text, Bounds bounds = {});

// Whether canonical() may be asked: no floating-point number inside. We do not guess how others
// would print one.
bool has_canonical_form(const Value& value);
// OLPC canonical JSON, the form TUF signatures and key ids are computed over: keys sorted by code
// point, no white space, only '"' and '\' escaped. Precondition (CHECK):
// has_canonical_form().
std::string canonical(const Value& value);

// One line; stable for equal values. Bytes that are no UTF-8 come out as U+FFFD: everything parsed
// is UTF-8, but an error detail may quote a stranger's text cut inside a character.
std::string compact(const Value& value);
// Indented by two, with a final newline: for files people open.
std::string pretty(const Value& value);

}  // namespace fb::json
