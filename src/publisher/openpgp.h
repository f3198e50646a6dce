// Whether a detached OpenPGP signature is good, as the system's `gpgv` finds it. No cryptography of
// ours: gpgv runs in a child process, on copies that nobody changes meanwhile.
//
// gpgv ends with success for expired keys, too, and for a file with several signatures of which one
// is good; so what counts is its status lines (GnuPG's doc/DETAILS), read by strict rules.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "port/clock.h"
#include "port/files.h"
#include "port/workload.h"

namespace fb::publisher {

struct OpenPgpVerdict {
  std::string fingerprint;  // of the primary key whose signature is good; "" when it is not
  std::string reason;       // then: why, in words
  [[nodiscard]] bool good() const { return !fingerprint.empty(); }
};

// What a run of gpgv with --status-fd says. Pure.
OpenPgpVerdict read_gpgv(const port::RunResult& run);

class OpenPgp {
 public:
  // `files`: where the copies may lie while gpgv reads them.
  OpenPgp(port::Files& files, port::Entropy& entropy, port::Sandbox& sandbox)
      : files_(files), entropy_(entropy), sandbox_(sandbox) {}

  struct Question {
    std::string_view signature;  // armored
    std::string_view content;
    std::string_view keyring;  // as `gpg --export` writes it
  };
  // Errors: not_found (there is no gpgv), bad_usage (an armored keyring), those of check_armor and
  // of the doors.
  Result<OpenPgpVerdict> verify(const Question& question);
  // "gpgv (GnuPG) 2.2.40". Errors: not_found, unsupported (it does not say).
  Result<std::string> version();

 private:
  Result<port::RunResult> run(std::vector<std::string> arguments);

  port::Files& files_;
  port::Entropy& entropy_;
  port::Sandbox& sandbox_;
};

}  // namespace fb::publisher
