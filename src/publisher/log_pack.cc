#include "publisher/log_pack.h"

#include "audit/walk.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "pack/verify.h"
#include "publisher/fields.h"
#include "publisher/home.h"
#include "publisher/log_source.h"
#include "publisher/release_view.h"
#include "publisher/trust.h"
#include "statement/people.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

Status add_roots(Desk& desk, const tuf::TrustedSet& trusted, const std::string& pinned,
                 pack::Pack& pack) {
  FB_ASSIGN(const auto first, tuf::decode_root(pinned));
  for (std::int64_t version = first.body.version + 1; version <= trusted.root().body.version;
       ++version) {
    FB_ASSIGN(auto bytes, desk.server.static_file("metadata/" + tuf::metadata_path("root", version),
                                                  limits::kRootBytes));
    pack.roots.push_back(std::move(bytes));
  }
  return {};
}

Status add_publication(Desk& desk, const tuf::TrustedSet& trusted, const json::Value& view,
                       pack::Pack& pack) {
  const std::string path = text_of(view, "kind") + "/" + text_of(view, "component") + "/" +
                           text_of(view, "version") + ".manifest.json";
  FB_ASSIGN(pack.release, Digest::parse(text_of(view, "release")));
  FB_ASSIGN(pack.manifest,
            desk.server.static_file("targets/" + tuf::hashed_name(path, pack.release.hex()),
                                    limits::kJsonBytes));
  FB_ASSIGN(const auto manifest, release::decode_manifest(pack.manifest));
  const std::string owner(release::owning_role(manifest.kind));
  for (const std::string& role :
       {std::string("timestamp"), std::string("snapshot"), std::string("targets"), owner}) {
    FB_ASSIGN(pack.metadata[role],
              desk.home.read(cached_metadata_path(role), limits::kTargetsBytes));
  }
  for (const std::string_view trust : {statement::kPeoplePath, statement::kLogTrustPath}) {
    FB_ASSIGN(pack.targets[std::string(trust)], trusted_file(desk, trusted, trust));
  }
  return {};
}

// The wanted entries, without their proofs, out of a log that holds.
Status pick_entries(LogSource& source, const audit::Tip& tip, pack::Picker picker,
                    pack::Pack& pack) {
  audit::Walk walk(tip);
  FB_TRY(source.read(tip.size, [&](const auto& entries, const audit::Tile& hashes) -> Status {
    const std::uint64_t first = walk.size();
    if (const auto& fault = walk.take(entries, hashes.hashes()))
      return Error{ErrorCode::mismatch, "the log does not hold: " + fault->sentence};
    for (std::size_t i = 0; i < entries.size(); ++i) {
      FB_ASSIGN(const auto entry, audit::decode_entry(entries[i]));
      if (picker.wants(entry)) pack.entries.push_back({first + i, entries[i], {}});
    }
    return {};
  }));
  if (const auto& fault = walk.finish())
    return Error{ErrorCode::mismatch, "the log does not hold: " + fault->sentence};
  if (pack.entries.size() <= limits::kPackEntries) return {};
  return Error{ErrorCode::too_large,
               std::to_string(pack.entries.size()) + " entries; a pack holds " +
                   std::to_string(limits::kPackEntries) + ", leave the devices out"};
}

}  // namespace

Result<pack::Pack> make_pack(Desk& desk, const std::vector<std::string>& words,
                             pack::Devices devices) {
  FB_ASSIGN(const auto view, find_release(desk.server, words));
  FB_ASSIGN(const auto trusted, refresh_trust(desk));
  FB_ASSIGN(const std::string pinned, read_text(desk.home, std::string(kPinnedRoot)));
  pack::Pack pack;
  FB_TRY(add_roots(desk, trusted, pinned, pack));
  FB_TRY(add_publication(desk, trusted, view, pack));
  FB_ASSIGN(auto trust,
            statement::decode_log_trust(pack.targets.at(std::string(statement::kLogTrustPath))));
  LogSource source(desk.server, std::move(trust));
  FB_ASSIGN(const auto checkpoint, source.checkpoint());
  pack.checkpoint = checkpoint.note;
  const std::uint64_t size = checkpoint.tip.size;
  FB_TRY(pick_entries(source, checkpoint.tip, pack::Picker(pack.release, devices), pack));
  for (auto& each : pack.entries) {
    FB_ASSIGN(each.inclusion, audit::prove_inclusion(each.index, size, source.nodes(size)));
  }
  const auto verdict = pack::verify(pack, pinned);
  if (verdict.faults.empty()) return pack;
  return Error{ErrorCode::mismatch, "the pack does not hold: " + verdict.faults.front().sentence};
}

}  // namespace fb::publisher
