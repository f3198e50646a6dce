// The ground that changes are made on: every offline role as it is published now.
#pragma once

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/request.h"

namespace fb::publisher {

// roots, current and names of a request that proposes nothing yet: what the server publishes, or
// the publisher's own copy where the server does not answer or a role has run out. Errors:
// not_found, and those of trust.
Result<Request> ground(Desk& desk);

// Key id → name, of every public key that lies in the home.
std::map<std::string, std::string> key_names(port::Files& home);

}  // namespace fb::publisher
