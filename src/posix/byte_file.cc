#include "posix/byte_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "posix/descriptor.h"

namespace fb::posix {
namespace {

class ByteFile final : public port::ByteSource {
 public:
  ByteFile(Descriptor file, std::string path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  [[nodiscard]] Result<std::string> read(std::uint64_t at, std::size_t count) const override {
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const ssize_t got =
          ::pread(file_.get(), bytes.data() + have, count - have, static_cast<off_t>(at + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error(errno, "read", path_);
      if (got == 0) {
        return Error{ErrorCode::io_failed, path_ + " ends at " + std::to_string(at + have) +
                                               " bytes; more were there when it was opened"};
      }
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  Descriptor file_;
  std::string path_;
  std::uint64_t size_;
};

}  // namespace

Result<std::shared_ptr<const port::ByteSource>> open_bytes(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.open()) return system_error(errno, "open", path);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return system_error(errno, "examine", path);
  if (!S_ISREG(about.st_mode))
    return Error{ErrorCode::bad_usage, path + " is no regular file; a bundle is one"};
  std::shared_ptr<const port::ByteSource> source =
      std::make_shared<ByteFile>(std::move(file), path, static_cast<std::uint64_t>(about.st_size));
  return source;
}

}  // namespace fb::posix
