// What the publisher may believe of what the server serves: the same TUF workflow as on a device,
// kept in cache/tuf.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "publisher/desk.h"
#include "tuf/refresh.h"

namespace fb::publisher {

// Refreshes from the server and stores what was accepted. Errors: those of Refresh and of the
// server.
Result<tuf::TrustedSet> refresh_trust(Desk& desk);

// What was verified at the last refresh, without a network; judged at the time of that refresh,
// since the age of what it says is the reader's to weigh. Errors: not_found (never refreshed), and
// those of trust_stored.
Result<tuf::TrustedSet> cached_trust(port::Files& home);

// The verified bytes of a target of top-level targets ("trust/log.json"): from cache or the
// publisher's copy, else from the server. Errors: not_found, mismatch.
Result<std::string> trusted_file(Desk& desk, const tuf::TrustedSet& trusted, std::string_view path);

// When the last refresh was. Errors: not_found.
Result<Instant> synced_at(port::Files& home);

}  // namespace fb::publisher
