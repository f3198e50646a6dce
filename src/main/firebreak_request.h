// What every command that makes a signing request does with it, and the key files that it takes.
#pragma once

#include <optional>
#include <string>

#include "publisher/ceremony.h"
#include "publisher/publication.h"

namespace fb::cli {

// `file` "": signs with the keys that lie in the home and publishes; else writes the request there.
Result<publisher::Outcome> sign_or_write(publisher::Desk& desk, const publisher::Request& request,
                                         const std::string& file);

// A public key as `key new` writes it; called after the file. None for "".
Result<std::optional<publisher::AddedKey>> read_added_key(const std::string& file);

}  // namespace fb::cli
