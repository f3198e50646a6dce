// Keys: making one, and what each could sign if somebody stole it.
#pragma once

#include <string>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"

namespace fb::publisher {

struct NewKeyOrder {
  std::string folder;  // "keys/" in a home, "" in the folder of a holder
  std::string name;
  Protection protection = Protection::passphrase;
};
// Writes <folder><name>.pem and .pub.json. Errors: already_exists, malformed (a name that is no
// path segment).
Result<Outcome> new_key(port::Files& files, KeyStore& keys, const NewKeyOrder& order);
// The same for a key that exists already: `made.pem` may be the pkcs11: URI of one in a token.
Result<Outcome> keep_key(port::Files& files, const NewKey& made, const NewKeyOrder& order);
// Every key that lies here, with its role, threshold, the role's expiry, and what a thief of this
// one could do.
Result<Outcome> list_keys(Desk& desk);
// One of them by its name ("core-1", "reviewer"). Errors: not_found.
Result<Outcome> show_key(Desk& desk, const std::string& name);
// When each role's metadata expires, and what a thief of each key could sign; "no" when a role has
// expired, or will within `warn`.
Result<Outcome> key_status(Desk& desk, Millis warn);

}  // namespace fb::publisher
