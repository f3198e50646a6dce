#include "wire/problem.h"

#include <array>

#include "base/check.h"
#include "json/reader.h"

namespace fb::wire {
namespace {

constexpr std::string_view kPrefix = "urn:firebreak:problem:";

std::string_view phrase(int status) {
  switch (status) {
    case 400: return "Bad request";
    case 401: return "Not authenticated";
    case 403: return "Not allowed";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 408: return "Request timed out";
    case 409: return "Conflict";
    case 413: return "Too large";
    case 422: return "Refused";
    case 429: return "Too many";
    case 431: return "Header too large";
    case 503: return "Not available now";
    case 507: return "Storage is full";
    default: return "Could not";
  }
}

constexpr std::array kCodes{
    ErrorCode::malformed,      ErrorCode::too_large,  ErrorCode::unsupported,
    ErrorCode::bad_signature,  ErrorCode::expired,    ErrorCode::clock_doubtful,
    ErrorCode::rolled_back,    ErrorCode::mismatch,   ErrorCode::not_found,
    ErrorCode::already_exists, ErrorCode::conflict,   ErrorCode::unauthenticated,
    ErrorCode::forbidden,      ErrorCode::too_many,   ErrorCode::bad_usage,
    ErrorCode::io_failed,      ErrorCode::no_space,   ErrorCode::unreachable,
    ErrorCode::timed_out,      ErrorCode::unavailable};

}  // namespace

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return 400;
    case ErrorCode::too_large: return 413;
    case ErrorCode::unsupported: return 422;
    case ErrorCode::bad_signature: return 422;
    case ErrorCode::expired: return 422;
    case ErrorCode::clock_doubtful: return 422;
    case ErrorCode::rolled_back: return 409;
    case ErrorCode::mismatch: return 422;
    case ErrorCode::not_found: return 404;
    case ErrorCode::already_exists: return 409;
    case ErrorCode::conflict: return 409;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::too_many: return 429;
    case ErrorCode::bad_usage: return 400;
    case ErrorCode::io_failed: return 500;
    case ErrorCode::no_space: return 507;
    case ErrorCode::unreachable: return 502;
    case ErrorCode::timed_out: return 504;
    case ErrorCode::unavailable: return 503;
  }
  FB_CHECK(false);
}

Problem problem(const Error& error) {
  const int status = http_status(error.code);
  return {std::string(kPrefix) + std::string(name(error.code)), status, std::string(phrase(status)),
          error.detail};
}

Problem problem(int status, std::string_view detail) {
  return {"about:blank", status, std::string(phrase(status)), std::string(detail)};
}

std::string encode(const Problem& problem) {
  return json::compact({{"type", problem.type},
                        {"status", problem.status},
                        {"title", problem.title},
                        {"detail", problem.detail}});
}

Error to_error(int status, std::string_view body) {
  ErrorCode code = status >= 500 ? ErrorCode::unavailable : ErrorCode::malformed;
  if (status == 401) code = ErrorCode::unauthenticated;
  if (status == 404) code = ErrorCode::not_found;
  const auto value = json::parse(body);
  if (!value.ok() || !value->is_object())
    return {code, "the server answered " + std::to_string(status)};
  json::Reader in(*value, "problem");
  const std::string type = in.string("type", 200);
  const std::string detail = in.string("detail", 8192);
  if (in.failed()) return {code, "the server answered " + std::to_string(status)};
  for (const ErrorCode each : kCodes) {
    if (type == std::string(kPrefix) + std::string(name(each))) code = each;
  }
  return {code, detail};
}

}  // namespace fb::wire
