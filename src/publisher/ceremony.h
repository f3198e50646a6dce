// The ceremony's beginning: an order (rotate, revoke, renew, replace, release) becomes a Request
// over what is in force.
//
// Where the keys lie here (the lab, a pipeline) it is signed and published at once; otherwise it is
// written to a file, carried to each holder (`firebreak request sign`), brought back and imported:
// publication.h.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/draft.h"
#include "publisher/request.h"

namespace fb::publisher {

struct AddedKey {
  std::string name;  // "core-3": what it is called here from now on
  crypto::PublicKey key;
};

struct RotationOrder {
  std::string role;
  std::string remove;  // a key's name, or the beginning of its id; "": none
  std::optional<AddedKey> add;
  std::optional<std::int64_t> threshold;
};

// A role's keys change. Roles that the change leaves without enough signatures are signed anew in
// the same request. Errors: bad_usage (a threshold that the keys cannot meet), not_found.
Result<Request> request_rotation(Desk& desk, const RotationOrder& order);
// `key` leaves every role and person that names it; `replacement` takes its place in the roles.
Result<Request> request_revocation(Desk& desk, const std::string& key,
                                   const std::optional<AddedKey>& replacement);
// The same content for another term.
Result<Request> request_renewal(Desk& desk, const std::string& role);
// Another trust/people.json, limits.json or log.json. Errors: malformed (that format), not_found.
Result<Request> request_trust(Desk& desk, const std::string& path, const std::string& bytes);
// The same inside a request that was begun: the bytes of a trust/ file in force, and its successor
// as proposed. Errors: not_found (no such file yet); mismatch, and those of the server.
Result<std::string> trust_in_force(Desk& desk, const Request& request, const std::string& path);
Status propose_trust(Desk& desk, Request& request, const std::string& path,
                     const std::string& bytes);
// The bytes of a signed target, from our copy, the cache or the server. Errors: mismatch, and those
// of the server.
Result<std::string> signed_target(Desk& desk, const std::string& path, const Digest& digest);
// A draft, to be signed by the role that owns its kind.
Result<Request> request_release(Desk& desk, const Draft& draft);
// The released mark for a published release, to be signed by the role that owns its kind. `view`:
// the server's record of it; what is marked is what that role has signed. Errors: not_found,
// mismatch (the role signed other bytes), conflict (marked already).
Result<Request> request_mark(Desk& desk, const json::Value& view);

}  // namespace fb::publisher
