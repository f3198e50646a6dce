#include "agent/log_watch.h"

#include "agent/layout.h"
#include "audit/proved.h"
#include "base/limits.h"

namespace fb::agent {
namespace {

// The checkpoint, once it is proved that it covers the entry that published `release`.
Result<audit::Checkpoint> verify_release(const statement::LogProof& proof, const Digest& release,
                                         const statement::LogTrust& trust) {
  FB_ASSIGN(auto checkpoint, audit::open_checkpoint(proof.checkpoint, trust));
  FB_ASSIGN(const auto entry,
            audit::open_proved({proof.index, proof.entry, proof.inclusion}, checkpoint.tip));
  const auto named = entry.data.find("release");
  const bool names_it = named != entry.data.end() && *named == release.text();
  if (entry.kind == "release" && names_it) return checkpoint;
  return Error{ErrorCode::mismatch, "entry " + std::to_string(proof.index) +
                                        " is not the publication of " + release.brief()};
}

}  // namespace

audit::Tip LogWatch::seen(const statement::LogTrust& trust) const {
  const auto bytes = files_.read(layout::kSeenLog, limits::kNoteBytes);
  if (!bytes.ok()) return {};
  const auto checkpoint = audit::open_checkpoint(*bytes, trust);
  return checkpoint.ok() ? checkpoint->tip : audit::Tip{};
}

Result<std::optional<LogWatch::Refusal>> LogWatch::admit(const statement::LogProof& proof,
                                                         const Digest& release,
                                                         const statement::LogTrust& trust) {
  const auto checkpoint = verify_release(proof, release, trust);
  if (!checkpoint.ok()) {
    return std::optional(
        Refusal{"log", "the log does not prove that the release was published for everybody: " +
                           checkpoint.error().detail});
  }
  const audit::Tip before = seen(trust);
  if (checkpoint->tip.size < before.size) {
    return std::optional(Refusal{
        "log-rolled-back", "the permit rests on a log of " + std::to_string(checkpoint->tip.size) +
                               " entries; this device has seen " + std::to_string(before.size)});
  }
  const Status continues = audit::verify_consistency(before, checkpoint->tip, proof.consistency);
  if (!continues.ok() && before.size > 0) return split(before, *checkpoint);
  if (checkpoint->tip != before) FB_TRY(files_.write_atomic(layout::kSeenLog, checkpoint->note));
  return std::optional<Refusal>();
}

Result<std::optional<LogWatch::Refusal>> LogWatch::split(const audit::Tip& before,
                                                         const audit::Checkpoint& after) {
  FB_ASSIGN(const auto seen, files_.read(layout::kSeenLog, limits::kNoteBytes));
  FB_TRY(files_.write_atomic(layout::kSplitLog,
                             json::pretty({{"seen", seen}, {"shown", after.note}})));
  return std::optional(Refusal{
      "log-split", "the log of " + std::to_string(after.tip.size) +
                       " entries is not proved to continue the one of " +
                       std::to_string(before.size) +
                       " that this device has seen: somebody is shown another history. Both "
                       "checkpoints are kept in " +
                       std::string(layout::kSplitLog)});
}

}  // namespace fb::agent
