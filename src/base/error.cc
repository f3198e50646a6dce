#include "base/error.h"

#include "base/check.h"

namespace fb {

Error Error::in(std::string_view where) const { return {code, std::string(where) + ": " + detail}; }

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::bad_signature: return "bad_signature";
    case ErrorCode::expired: return "expired";
    case ErrorCode::clock_doubtful: return "clock_doubtful";
    case ErrorCode::rolled_back: return "rolled_back";
    case ErrorCode::mismatch: return "mismatch";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::too_many: return "too_many";
    case ErrorCode::bad_usage: return "bad_usage";
    case ErrorCode::io_failed: return "io_failed";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::unreachable: return "unreachable";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::unavailable: return "unavailable";
  }
  FB_CHECK(false);
}

bool retryable(ErrorCode code) {
  switch (code) {
    case ErrorCode::clock_doubtful:
    case ErrorCode::too_many:
    case ErrorCode::io_failed:
    case ErrorCode::no_space:
    case ErrorCode::unreachable:
    case ErrorCode::timed_out:
    case ErrorCode::unavailable: return true;
    case ErrorCode::malformed:
    case ErrorCode::too_large:
    case ErrorCode::unsupported:
    case ErrorCode::bad_signature:
    case ErrorCode::expired:
    case ErrorCode::rolled_back:
    case ErrorCode::mismatch:
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
    case ErrorCode::unauthenticated:
    case ErrorCode::forbidden:
    case ErrorCode::bad_usage: return false;
  }
  FB_CHECK(false);
}

}  // namespace fb
