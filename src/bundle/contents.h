// Contents: what a bundle carries, once all of it has been verified as a device would verify it.
//
// For those who make, show and unpack bundles. A device does not ask for this: it runs the same
// checks one by one, over its own store, as it fetches.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "audit/tree.h"
#include "bundle/archive.h"
#include "bundle/index.h"
#include "release/manifest.h"
#include "release/mark.h"
#include "statement/log_trust.h"
#include "statement/people.h"
#include "tuf/trusted_set.h"

namespace fb::bundle {

struct Release {
  Carried carried;
  release::Manifest manifest;
  release::ReleasedMark mark;
  std::vector<statement::SignedAct> acts;  // those that have not expired
};

struct Contents {
  tuf::TrustedSet trusted;
  std::vector<Release> releases;
  // As they stand in the index: only a device whose local root has pinned a tenant's key can verify
  // what that tenant says.
  std::vector<TenantsWord> tenants;
  audit::Tip log;
  std::set<std::string> members;  // those whose bytes were verified
};

struct Judge {
  std::string pinned_root;
  tuf::TrustedNow now;
};

// Metadata from the pinned root on, trust files and block list, the mark of each release, its
// manifest and every byte of its artifacts, its place in the log, who signed its acts; and that
// nothing else is there (older roots than the pinned one excepted, of which nobody can tell).
// Errors: those of the TUF workflow; mismatch (other bytes than signed, an act about another
// release, a file too many), bad_signature (an act of nobody we know), not_found (a file too few),
// conflict (a release without its mark).
Result<Contents> examine(const Archive& archive, const Judge& judge);

// The small targets that every bundle has beside its releases: path and the role that signs it.
std::vector<std::pair<std::string, std::string>> common_targets(const tuf::TrustedSet& trusted);

}  // namespace fb::bundle
