// Evidence: what somebody vouches for about one artifact, beside approvals.
//
// An in-toto Statement (v1) with one subject, in a DSSE envelope that one person of
// trust/people.json signed. It names bytes and no release: it is as true of the next release that
// ships the same artifact. A new kind of evidence is a new alternative of Finding.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "json/json.h"
#include "release/manifest.h"
#include "statement/people.h"

namespace fb::statement {

inline constexpr std::string_view kInTotoType = "application/vnd.in-toto+json";

// The artifact it is about, as its release's manifest names it.
struct Subject {
  std::string name;
  Digest digest;
};

// A detached OpenPGP signature over the subject, verified by whoever signs the statement.
struct OpenPgpSignature {
  std::string signature;    // armored, byte for byte as it was made
  std::string fingerprint;  // of the primary key that it counts for: 40 or 64 digits, 0-9 A-F
  std::string verifier;     // the program that found it good: "gpgv (GnuPG) 2.2.40"
};

using Finding = std::variant<OpenPgpSignature>;

struct Evidence {
  Subject subject;
  Finding finding;
};

// Whether the manifest names this artifact, with this digest.
bool names(const release::Manifest& manifest, const Subject& subject);

// The finding's type in in-toto's words, a URI.
std::string_view predicate_type(const Finding& finding);

// One armored block of a detached signature, nothing before or after it. Errors: malformed (saying
// how to make one), too_large.
Status check_armor(std::string_view signature);

// The payload to sign. Pretty JSON.
std::string encode(const Evidence& evidence);
// Errors: malformed, unsupported (another kind of statement or evidence).
Result<Evidence> decode_evidence(std::string_view payload);

// Evidence whose envelope has been checked: `person` signed it. Whether what it says is true is not
// checked: for an OpenPGP signature that takes the key.
struct SignedEvidence {
  Evidence evidence;
  PersonId person;
  Envelope envelope;
};

// What it says, for showing: artifact, digest, person, predicate_type, and what of the finding fits
// into a line (fingerprint).
json::Value summary(const SignedEvidence& evidence);

// Errors: bad_signature (nobody we know), mismatch (another payload type), malformed (also: more
// signatures than one), unsupported.
Result<SignedEvidence> verify_evidence(const Envelope& envelope, const People& people);

}  // namespace fb::statement
