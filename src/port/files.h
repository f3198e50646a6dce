// The door to a directory tree that one program owns.
//
// Paths are relative to the root the implementation was opened on, with '/' between names; absolute
// paths and ".." are a broken invariant. Everything that returns ok has reached the disk, directory
// entry included: write_atomic() writes a temporary, fsyncs, renames, fsyncs the directory. After a
// failed fsync the caller must treat the file as unknown.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fb::port {

// A file being written in pieces (an artifact as it downloads). Dropping it without keep() leaves
// the partial file.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Status append(std::string_view bytes) = 0;
  // fsync and close. Nothing may be appended after.
  virtual Status keep() = 0;
};

class Files {
 public:
  virtual ~Files() = default;

  // Errors: not_found, too_large (nothing is read beyond `max_bytes`), io_failed.
  virtual Result<std::string> read(const std::string& path, std::size_t max_bytes) = 0;
  // Calls `piece` with the whole file in pieces. Errors: as read, and whatever `piece` returns.
  virtual Status read_pieces(const std::string& path,
                             const std::function<Status(std::string_view)>& piece) = 0;
  virtual Result<std::uint64_t> size(const std::string& path) = 0;
  // Creates missing parents. Errors: io_failed, no_space.
  virtual Status write_atomic(const std::string& path, std::string_view bytes) = 0;
  // Opens for appending at the end, creating it (mode 0600 or `executable` 0755) and its parents.
  virtual Result<std::unique_ptr<FileWriter>> append_to(const std::string& path) = 0;
  virtual Status make_executable(const std::string& path) = 0;
  // Removes a file or a whole tree; nothing there is fine.
  virtual Status remove(const std::string& path) = 0;
  // Renames a file or directory within the tree, durably.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Makes `path` a symbolic link to `target` (relative to the link), replacing it atomically: the
  // one switch.
  virtual Status point(const std::string& path, const std::string& target) = 0;
  // Where the link points. Errors: not_found.
  virtual Result<std::string> pointed(const std::string& path) = 0;
  // Names in a directory, sorted; empty when it does not exist.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  // The absolute path, for handing to a child process.
  [[nodiscard]] virtual std::string absolute(const std::string& path) const = 0;
};

}  // namespace fb::port
