#include "audit/publication.h"

#include "audit/proved.h"

namespace fb::audit {

Result<Checkpoint> open_publication(const statement::LogProof& proof, const Digest& release,
                                    const statement::LogTrust& trust) {
  FB_ASSIGN(auto checkpoint, open_checkpoint(proof.checkpoint, trust));
  FB_ASSIGN(const auto entry,
            open_proved({proof.index, proof.entry, proof.inclusion}, checkpoint.tip));
  const auto named = entry.data.find("release");
  const bool names_it = named != entry.data.end() && *named == release.text();
  if (entry.kind == "release" && names_it) return checkpoint;
  return Error{ErrorCode::mismatch, "entry " + std::to_string(proof.index) +
                                        " is not the publication of " + release.brief()};
}

}  // namespace fb::audit
