// Signing and submitting a draft.
//
// Signing composes the next version of the owning role's TUF metadata over what the server
// publishes now (over the publisher's own copy when the server cannot be reached) and signs it with
// as many of the role's keys as its threshold asks; the result must verify as a device would verify
// it before it is written. Submitting uploads what it names.
#pragma once

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/draft.h"
#include "publisher/outcome.h"

namespace fb::publisher {

// Writes drafts/<name>/<role>.json. Errors: conflict (the version is published with other bytes),
// not_found (keys missing), bad_signature (the keys here are not the role's), and those of trust
// and keys.
Result<Outcome> sign_draft(Desk& desk, const Draft& draft);

// "no" when the server took it and a gate other than approval is closed. Errors: conflict (not
// signed, or another release was published in between), and the server's.
Result<Outcome> submit_draft(Desk& desk, const Draft& draft);

}  // namespace fb::publisher
