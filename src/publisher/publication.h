// The ceremony's end: a request is signed, comes back, and is published.
//
// Copies that several holders signed are verified, brought together and, with every threshold met,
// handed to the server, which verifies them once more; a release becomes its draft's signed
// metadata, for `release submit`.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"
#include "publisher/request.h"

namespace fb::publisher {

// What `request` says in words, and what to do with the `file` that it was written to.
Result<Outcome> explain_request(Desk& desk, const Request& request, const std::string& file);
// The same with a key that lies here; for the holder's machine, which has no home.
struct Holder {
  std::string own_root;  // bytes; compared with the request's chain
  Instant now;
};
struct SignedRequest {
  Request request;
  Outcome outcome;  // what is signed by whom now
};
Result<SignedRequest> sign_request(const Request& request, const Holder& holder,
                                   const crypto::Signer& signer);

// Signs with the keys that lie in keys/ and imports. Errors: as import_requests; "no" when too few
// lie here.
Result<Outcome> sign_here(Desk& desk, Request request);
// `copies`: the bytes of one or more files that came back. "no" while signatures are missing.
// Errors: as examine and merge; those of the server.
Result<Outcome> import_requests(Desk& desk, const std::vector<std::string>& copies);

}  // namespace fb::publisher
