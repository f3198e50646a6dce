// Reading and writing all bytes of an open descriptor, and the loop around each of the two.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb::posix {

// `path` is for the error alone. Errors: too_large, io_failed.
Result<std::string> read_all(int descriptor, const std::string& path, std::size_t max_bytes);
// Errors: io_failed, and whatever `piece` returns.
Status read_in_pieces(int descriptor, const std::string& path,
                      const std::function<Status(std::string_view)>& piece);
// Errors: no_space, io_failed.
Status write_all(int descriptor, const std::string& path, std::string_view bytes);
// fsync. Errors: io_failed; then what the disk holds is unknown, and asking again would not tell
// (the kernel reports a lost write once and forgets it).
Status sync(int descriptor, const std::string& path);

}  // namespace fb::posix
