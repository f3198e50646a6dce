// Single files anywhere on the machine, for command lines: a path that a person typed, read or
// written whole.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb::posix {

// Follows links; reads pipes and devices as well. Errors: not_found, too_large, io_failed.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

// Temporary beside it, fsync, rename, fsync of the directory. Replaces what was there; the parent
// directory must exist. Errors: not_found (no such directory), no_space, io_failed.
Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0644);

}  // namespace fb::posix
