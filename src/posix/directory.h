// A directory tree on a local disk, behind port::Files.
//
// Promises: every change is durable when it returns (see port/files.h); new directories have mode
// 0700, new files 0600. Writing never follows a symbolic link; reading follows links only while
// they stay inside the tree. An interrupted write leaves at most one hidden ".<name>.tmp" beside
// the file, which list() does not show and the next write replaces. Different paths may be used
// from different threads; one path has one writer at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "port/files.h"

namespace fb::posix {

// exclusive: holds flock(2) on the file `lock` in the tree for as long as the Files lives, so that
// two programs cannot own one tree. The kernel lets go of it when the process ends, however it
// ends.
enum class Lock : std::uint8_t { none, exclusive };

// Opens the tree, creating the directory (and missing parents) where there is none.
// Errors: conflict (another process holds the lock; its pid is named), io_failed, no_space.
Result<std::unique_ptr<port::Files>> open_directory(const std::string& path,
                                                    Lock lock = Lock::none);

}  // namespace fb::posix
