// `firebreak evidence`: what people vouch for about a release's artifacts, beside approvals. Today
// that is one kind: a detached OpenPGP signature, for teams that sign with GPG.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/openpgp.h"
#include "publisher/outcome.h"

namespace fb::publisher {

struct EvidenceOrder {
  std::vector<std::string> release;  // as for find_release()
  std::string artifact;              // "": the only one
  std::string signature;             // armored
  std::string keyring;
  std::string key;       // a person's private key, and
  std::string key_name;  // what it is called when a passphrase is asked for
};

// Verifies the signature over the artifact as the server publishes it, signs a statement of that
// with the person's key, and posts it. "no": it is not a good signature; nothing is posted. Errors:
// bad_usage (which artifact?), those of trust, gpgv and the server.
Result<Outcome> add_evidence(Desk& desk, OpenPgp& openpgp, const EvidenceOrder& order);

// What the server says there is; nothing of it is verified here.
Result<Outcome> list_evidence(ServerClient& server, const std::vector<std::string>& release);

// Verifies all that the server has: the person's signature by trust/people.json, the digest by the
// signed manifest, the OpenPGP signature by `keyring`. "no": something does not hold, or there is
// none. Errors: those of trust, gpgv and the server.
Result<Outcome> verify_evidence(Desk& desk, OpenPgp& openpgp,
                                const std::vector<std::string>& release,
                                const std::string& keyring);

}  // namespace fb::publisher
