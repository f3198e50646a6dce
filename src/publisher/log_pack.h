// `firebreak log pack`: gathers the evidence about one release into one file (pack/pack.h), and
// verifies it as whoever receives it will.
#pragma once

#include <string>
#include <vector>

#include "pack/pack.h"
#include "publisher/desk.h"

namespace fb::publisher {

// `words` name a release as for find_release(). Reads the whole log and holds it against its
// checkpoint: what is left out is not left out by mistake. Errors: those of the server and of
// find_release; mismatch (the log, or the pack made of it, does not hold).
Result<pack::Pack> make_pack(Desk& desk, const std::vector<std::string>& words,
                             pack::Devices devices);

}  // namespace fb::publisher
