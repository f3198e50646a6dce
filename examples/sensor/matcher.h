// One test of one field. A field without a test is a wildcard: it is never read, whatever its value
// or absence.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "event.h"
#include "pattern.h"

namespace sensor {

struct Exact {
  std::string text;
};
struct Prefix {
  std::string text;
};
struct Contains {
  std::string text;
};
struct Like {
  Pattern pattern;
};
struct Range {
  std::int64_t low = 0;  // both ends belong to the range
  std::int64_t high = 0;
};

using Matcher = std::variant<Exact, Prefix, Contains, Like, Range>;

// The type of field that the matcher can test.
FieldType tested_type(const Matcher& matcher);

// False for a value of another type than tested_type.
bool matches(const Matcher& matcher, const InputValue& value);

}  // namespace sensor
