// Staging: fetching a release into its slot, verified byte by byte and parsed by nothing.
//
// Only the manifest is read here, after its digest and its signing role were checked. Artifacts are
// streamed to "<name>.partial", resumed where they broke off (by the next mirror, when one is too
// slow), held against the signed length and SHA-256, and only then renamed. manifest.json is
// written last and says that the slot is whole. Blocks; runs on the background lane for bulk work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/mirrors.h"
#include "port/files.h"
#include "port/http_client.h"
#include "release/manifest.h"
#include "tuf/trusted_set.h"

namespace fb::agent {

struct StagingOrder {
  ComponentId component;
  release::Kind kind = release::Kind::content;  // as local configuration says
  std::optional<ComponentId> reader;
  Digest release;
  std::string manifest_path;
  std::vector<std::string> bases;  // where targets are served, in order of trial
};

struct StagingOutcome {
  std::optional<release::Manifest> manifest;  // the slot is whole
  std::string rule;                           // else: why not; "" when it may work later
  std::string sentence;
  std::vector<std::string> refused_copies;  // what some mirror served instead of the signed bytes
  std::vector<std::string> skipped;         // why a mirror was left: away, or too slow
  std::vector<std::string> served;          // bases that served what is signed
  std::vector<MirrorFailure> failures;
};

// Never fails: what went wrong is part of the outcome.
StagingOutcome stage(const StagingOrder& order, const tuf::TrustedSet& trusted,
                     port::HttpClient& http, port::Files& files);

// The manifest of a whole slot. Errors: not_found, mismatch (it is not the one the slot is named
// for), malformed.
Result<release::Manifest> read_manifest(port::Files& files, const ComponentId& component,
                                        const Digest& release);

struct SmallTarget {
  const std::string& path;
  const tuf::TargetFile& file;
};
// One small target, verified. Tries each base and adds those that failed to `failures`. Errors:
// those of the last base.
Result<std::string> fetch_target(port::HttpClient& http, const std::vector<std::string>& bases,
                                 const SmallTarget& target, std::vector<MirrorFailure>& failures);

}  // namespace fb::agent
