// LogWatch: what this device has seen of the event log, and whether what it is shown next continues
// it.
//
// The last accepted checkpoint is on the disk before anything starts that it vouches for. A log
// that shows different devices different histories is caught by the first device that sees both,
// and the two signed checkpoints, which cannot both be honest, are kept.
#pragma once

#include <optional>
#include <string>

#include "audit/checkpoint.h"
#include "port/files.h"
#include "statement/plan.h"

namespace fb::agent {

class LogWatch {
 public:
  explicit LogWatch(port::Files& files) : files_(files) {}

  // How far the last accepted checkpoint went; nothing when there is none, or when it was signed by
  // keys that `trust` no longer names.
  [[nodiscard]] audit::Tip seen(const statement::LogTrust& trust) const;

  // Why a proof is not believed. Rules: "log" (it does not prove the release), "log-split" (this
  // log is not the one that this device saw before), "log-rolled-back" (an older one).
  struct Refusal {
    std::string rule;
    std::string sentence;
  };
  // Whether the log proves `release`; if so its checkpoint is kept. Errors: those of the disk.
  Result<std::optional<Refusal>> admit(const statement::LogProof& proof, const Digest& release,
                                       const statement::LogTrust& trust);

 private:
  Result<std::optional<Refusal>> split(const audit::Tip& before, const audit::Checkpoint& after);

  port::Files& files_;
};

}  // namespace fb::agent
