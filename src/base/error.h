// Error: "could not", as a value.
//
// One closed set of codes with a sentence that names what was wrong, where, and what would be
// right. A verdict (gate closed, halted, deferred) is not an Error; a broken invariant is CHECK.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fb {

enum class ErrorCode : std::uint8_t {
  malformed,       // bytes that do not decode, or decode to something the format forbids
  too_large,       // over a limit of base/limits.h
  unsupported,     // well-formed, but of a version or kind this program does not know
  bad_signature,   // fewer valid signatures than the threshold asks
  expired,         // past its expiry at authenticated time
  clock_doubtful,  // expired by the local clock alone: waits for authenticated time
  rolled_back,     // a version or sequence that went backwards
  mismatch,        // digest, length or name differ from what signed metadata says
  not_found,
  already_exists,
  conflict,         // the state of the thing does not allow this
  unauthenticated,  // no or unknown credentials
  forbidden,        // known, but not allowed
  too_many,         // rate or count limit
  bad_usage,        // a person's command line or configuration
  io_failed,        // file, disk, process
  no_space,
  unreachable,  // network, name, refused, reset
  timed_out,
  unavailable,  // the other side says "later"
};

struct Error {
  ErrorCode code = ErrorCode::malformed;
  std::string detail;

  // The same error told from one level further out: "<where>: <detail>".
  [[nodiscard]] Error in(std::string_view where) const;
};

// Stable lower-case name, as logged and as sent in problem documents.
std::string_view name(ErrorCode code);

// Whether doing the same thing again later may succeed without anybody changing the request.
bool retryable(ErrorCode code);

}  // namespace fb
