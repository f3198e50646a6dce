// Problems: RFC 9457 documents for everything an HTTP interface of ours refuses.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace fb::wire {

// The one mapping from our errors to HTTP status codes.
int http_status(ErrorCode code);

struct Problem {
  std::string type;  // "urn:firebreak:problem:bad_signature"
  int status = 500;
  std::string title;
  std::string detail;
};

Problem problem(const Error& error);
// For refusals that have no Error, by status alone (404, 405, 408, 413, …).
Problem problem(int status, std::string_view detail);
std::string encode(const Problem& problem);
inline constexpr std::string_view kProblemType = "application/problem+json";

// Reads a problem document from another server back into an Error; a body that is none becomes
// `unavailable` or `malformed` with the status in the detail.
Error to_error(int status, std::string_view body);

}  // namespace fb::wire
