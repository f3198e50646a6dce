// Whether an evidence pack holds: every signature and every proof in it, from a root of trust down.
//
// Pure, and made of nothing but json, crypto, release, statement, tuf and audit: `firebreak-verify`
// is this and a few lines that read two files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.h"

namespace fb::pack {

struct Fault {
  std::optional<std::uint64_t> entry;  // the log entry at fault, where it is one
  std::string sentence;
};

struct Verdict {
  std::vector<Fault> faults;       // none: it holds
  std::vector<std::string> story;  // what is proved, in lines for people
};

// `root`: a root.json that the reader has by other means, at most as new as the one in the pack.
// Expiry of metadata is judged at the time of the last entry proved, that of an act at its own
// entry's.
Verdict verify(const Pack& pack, std::string_view root);

}  // namespace fb::pack
