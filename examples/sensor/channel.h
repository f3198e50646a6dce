// A channel file in memory: the template types it declares and the template instances (rules) over
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event.h"
#include "matcher.h"

namespace sensor {

inline constexpr std::size_t kMaxChannelBytes =
    1'048'576;                                  // the largest file that is read into memory at all
inline constexpr std::size_t kMaxRules = 4096;  // each event may meet every rule of its kind
inline constexpr std::size_t kMaxTypes = 16;
inline constexpr std::size_t kMaxFields = 64;      // keeps a field number in one byte
inline constexpr std::size_t kMaxNameBytes = 64;   // names are for people
inline constexpr std::size_t kMaxTextBytes = 256;  // a longer matcher text is a mistake

struct TemplateType {
  std::string name;
  std::vector<FieldType> fields;  // the declared inputs; field n of the rules is fields[n - 1]
};

struct FieldTest {
  std::size_t field = 0;  // from 0, below the count that the rule's type declares
  Matcher matcher;
};

struct Rule {
  std::string name;
  std::size_t type = 0;  // index into Channel::types
  std::vector<FieldTest>
      tests;  // ascending by field, never empty; a field without a test is a wildcard
};

struct Channel {
  std::uint32_t version = 0;
  std::vector<TemplateType> types;  // distinct names
  std::vector<Rule> rules;
};

// Why something was not accepted, in a sentence that a person can act upon.
struct Refusal {
  std::string reason;
};

// Lower-case letters, digits and '_', between 1 and kMaxNameBytes of them.
bool is_name(std::string_view text);

}  // namespace sensor
