// Drafts: releases being made, as folders drafts/<component>-<version>/ with manifest.json and
// artifacts/.
//
// A draft may be made again until it is submitted; from then on its version is taken.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "port/files.h"
#include "publisher/outcome.h"
#include "release/manifest.h"

namespace fb::publisher {

struct DraftArtifact {
  std::string name;
  std::string bytes;
  bool executable = false;
};

// What a person gave. `described` holds everything but artifacts, needs, contract and definition,
// which come as the JSON texts of the files that were named.
struct DraftOrder {
  release::Manifest described;
  std::vector<DraftArtifact> artifacts;
  std::optional<std::string> needs;
  std::optional<std::string> contract;
  std::optional<std::string> definition;
};

struct Draft {
  std::string name;  // "sensor.channel-291"
  release::Manifest manifest;
  std::string manifest_bytes;
  Digest release;                                // digest of those bytes: the release's id
  std::map<std::string, std::string> artifacts;  // name → bytes
};

inline constexpr std::size_t kDraftArtifactBytes = 64U << 20U;  // what the management API takes

// Errors: bad_usage, malformed (naming the file and field), too_large.
Result<Draft> compose_draft(const DraftOrder& order);

// What `release create` says: the release's id and what it is made of.
Outcome describe_draft(const Draft& draft);

// Errors: conflict (a draft of that name was submitted), io_failed, no_space.
Status save_draft(port::Files& home, const Draft& draft);
// `name` as printed by create; a path to its folder does as well. Errors: not_found (naming drafts
// there are), mismatch.
Result<Draft> load_draft(port::Files& home, std::string_view name);
std::vector<std::string> draft_names(port::Files& home);

std::string draft_path(std::string_view name, std::string_view file);

}  // namespace fb::publisher
