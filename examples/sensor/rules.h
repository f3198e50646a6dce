// The text that people write, compiled into a Channel. Line by line; a line that begins with '#' is
// a comment.
//
//   channel 290
//   type file                       declares inputs in order: "<type> <name>" each
//     string operation
//     integer size
//   rule big_write over file        tests by field number; a field that is not named is a wildcard
//     1 exact "write"
//     2 range 1000000 9000000
//
// A quoted text runs from the first to the last '"' of its line and is taken as it stands, so that
// paths need no escapes. Tests: exact, prefix, contains, like (pattern.h), range (low high), any (a
// wildcard written out).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel.h"

namespace sensor {

// The refusal names the line. The Channel keeps the promises of channel.h.
std::variant<Channel, Refusal> compile_rules(std::string_view text);

// Which inputs the rules really read: what a reader has to supply for this channel to be safe.
struct InputReads {
  std::string name;
  std::vector<std::size_t> fields;  // from 1, ascending, unique, never empty
};

// In the order of the types; a type without a rule is not listed.
std::vector<InputReads> reads_of(const Channel& channel);

}  // namespace sensor
