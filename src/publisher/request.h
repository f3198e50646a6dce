// A signing request: metadata that waits for signatures, as one file that travels to offline
// machines and back.
//
// It carries what is in force beside what is proposed, so that a holder's machine needs no network
// to verify the one and to say in words how the other differs. Several holders may sign copies of
// it; merge() brings them together. Nothing in it is believed: examine() checks every byte against
// the holder's own root.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/key.h"

namespace fb::publisher {

using RoleTexts = std::map<std::string, std::string, std::less<>>;

struct Request {
  std::vector<std::string> roots;               // every root in order, the last is in force
  RoleTexts current;                            // role → file in force; root excepted
  RoleTexts proposed;                           // role → file with the signatures it has so far
  std::map<std::string, std::string> contents;  // SHA-256 → bytes of small targets, old and new
  std::map<std::string, std::string> names;     // key id → what the publisher calls it: a hint
};

inline constexpr std::size_t kRequestBytes = 48U << 20U;  // six roles of the largest size

std::string encode(const Request& request);
// Errors: malformed, too_large.
Result<Request> decode_request(std::string_view bytes);

// Who has to sign one proposed file: `threshold` of `authorized`. A new root has two demands.
struct Demand {
  std::string whose;  // "root", "root as it will be"
  crypto::KeyMap keys;
  std::set<crypto::KeyId> authorized;
  std::int64_t threshold = 1;
  std::set<crypto::KeyId> signed_by;

  [[nodiscard]] bool met() const {
    return static_cast<std::int64_t>(signed_by.size()) >= threshold;
  }
};

struct ProposedRole {
  std::string role;
  std::vector<Demand> demands;
};

struct Examined {
  std::vector<ProposedRole> roles;  // in the order root, targets, others
  std::string fingerprint;          // of everything that is going to be signed: to compare by voice

  [[nodiscard]] bool complete() const;
  // The proposed roles that `key` may sign for.
  [[nodiscard]] std::vector<std::string> roles_of(const crypto::KeyId& key) const;
};

// Whether what the request calls "in force" is authentic, and what the proposal needs. `own_root`:
// a root that the holder has by other means; it has to be one of the chain. "": nothing to compare
// with, and a forged request shows as a whole world of its own. Errors: bad_signature (forged, or
// another repository's root), rolled_back, mismatch (a version skipped), expired (proposed for the
// past), and those of the decoders.
Result<Examined> examine(const Request& request, std::string_view own_root, Instant now);

// Without the signatures that do not count, so that they cannot stand in the way of others.
Result<Request> only_valid(Request request, const Examined& examined);

// The same request with all signatures of both, each of them valid. Errors: conflict (they propose
// different things).
Result<Request> merge(Request one, const Request& other);

// Signs what `signer` may sign. Errors: forbidden (nothing), and those of the signer.
Result<Request> add_signatures(Request request, const Examined& examined,
                               const crypto::Signer& signer);

// The role files that delegate to nobody, in the order in which words and checks go.
const std::vector<std::string>& request_roles();

}  // namespace fb::publisher
