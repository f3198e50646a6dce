// The index of a bundle, bundle.json: which releases it carries, and the log's proof of each.
//
// It is signed by nobody and decides nothing: each release is taken only if its role's signed
// metadata in the same bundle names it, each proof leads to a checkpoint that the log's key has
// signed, each act counts as far as a person of trust/people.json signed it, and what a tenant says
// as far as the key signed it that local root pinned on that tenant's devices. Pure values;
// encode() and decode_index() are the file's two directions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/tree.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "release/kind.h"
#include "statement/plan.h"

namespace fb::bundle {

inline constexpr std::string_view kIndexName = "bundle.json";

struct Carried {
  Digest release;
  ComponentId component;
  release::Kind kind = release::Kind::content;
  std::string version;
  std::uint64_t index = 0;  // of its publication in the log
  std::string entry;        // the exact bytes of that entry
  audit::Hashes inclusion;
  // Approvals, waivers and resumes as a plan carries them, for devices to verify themselves.
  std::vector<statement::Envelope> acts = {};

  [[nodiscard]] std::string manifest_path() const;  // its TUF target
};

// Shows whoever has seen the log at `size` entries that the checkpoint continues it.
struct Continuation {
  std::uint64_t size = 0;
  audit::Hashes hashes;
};

// What a tenant says to its own devices. The name stands here for them to find it.
struct TenantsWord {
  TenantId tenant;
  std::vector<statement::Envelope> rotations;  // of its policy key, in their order
  std::optional<statement::Envelope> policy;
};

struct Index {
  std::string checkpoint;  // a signed note
  std::vector<Continuation> continues;
  std::vector<Carried> releases;
  std::vector<TenantsWord> tenants = {};  // each once

  // The log's word on one of them, for a device that has seen `size` entries; none: the bundle does
  // not show that its log continues that one.
  [[nodiscard]] std::optional<statement::LogProof> proof_for(const Carried& carried,
                                                             std::uint64_t size) const;
};

std::string encode(const Index& index);
// Errors: malformed (also when it is not byte for byte what encode() writes), too_large.
Result<Index> decode_index(std::string_view bytes);

}  // namespace fb::bundle
