// Finding a name below an open directory without ever leaving it: what directory.cc stands on.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "posix/descriptor.h"

namespace fb::posix {

// A directory that is open, and a name in it: what the *at() system calls want.
struct Place {
  Descriptor directory;
  std::string name;
};

enum class Missing : std::uint8_t { error, create };

// A broken invariant unless `path` is relative, without "." and "..", empty names or a temporary's
// name.
void check_relative(const std::string& path);
// ".<name>.tmp"
std::string temporary_name(const std::string& name);
bool is_temporary_name(const std::string& name);

// Opens the directory that `path` lies in; no symbolic link on the way is followed. Created
// directories have mode 0700 and are durable. Errors: not_found, no_space, io_failed.
Result<Place> find_place(int root, const std::string& path, Missing missing);

// Opens for reading; links are followed while they stay below `root`. Errors: not_found, io_failed.
Result<Descriptor> open_beneath(int root, const std::string& path, int flags);

// Removes a file, link or whole tree; nothing there is fine. Errors: io_failed.
Status remove_tree(int directory, const std::string& name);

}  // namespace fb::posix
