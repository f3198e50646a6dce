#include "posix/raw_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "posix/descriptor.h"
#include "posix/file_bytes.h"

namespace fb::posix {
namespace {

Status fill(const Descriptor& file, const std::string& path, std::string_view bytes, mode_t mode) {
  FB_TRY(write_all(file.get(), path, bytes));
  if (::fchmod(file.get(), mode) != 0) return system_error(errno, "set the mode of", path);
  return sync(file.get(), path);
}

Status sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open()) return system_error(errno, "open", path);
  return sync(directory.get(), path);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return system_error(errno, "open", path);
  return read_all(file.get(), path, max_bytes);
}

Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.open()) return system_error(errno, "create", path);
  if (Status filled = fill(file, path, bytes, mode); !filled.ok()) {
    ::unlink(temporary.c_str());
    return filled;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    return system_error(reason, "replace", path);
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return sync_directory(parent.empty() ? "." : parent);
}

}  // namespace fb::posix
