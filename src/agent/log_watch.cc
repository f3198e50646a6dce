#include "agent/log_watch.h"

#include "agent/layout.h"
#include "audit/publication.h"
#include "base/limits.h"

namespace fb::agent {
audit::Tip LogWatch::seen(const statement::LogTrust& trust) const {
  const auto bytes = files_.read(layout::kSeenLog, limits::kNoteBytes);
  if (!bytes.ok()) return {};
  const auto checkpoint = audit::open_checkpoint(*bytes, trust);
  return checkpoint.ok() ? checkpoint->tip : audit::Tip{};
}

Result<std::optional<LogWatch::Refusal>> LogWatch::admit(const statement::LogProof& proof,
                                                         const Digest& release,
                                                         const statement::LogTrust& trust) {
  const auto checkpoint = audit::open_publication(proof, release, trust);
  if (!checkpoint.ok()) {
    return std::optional(
        Refusal{"log", "the log does not prove that the release was published for everybody: " +
                           checkpoint.error().detail});
  }
  const audit::Tip before = seen(trust);
  if (checkpoint->tip.size < before.size) {
    return std::optional(Refusal{
        "log-rolled-back", "the proof rests on a log of " + std::to_string(checkpoint->tip.size) +
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
