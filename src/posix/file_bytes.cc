#include "posix/file_bytes.h"

#include <unistd.h>

#include <cerrno>

#include "posix/descriptor.h"

namespace fb::posix {
namespace {

constexpr std::size_t kPieceBytes = 64U << 10U;

}  // namespace

Status read_in_pieces(int descriptor, const std::string& path,
                      const std::function<Status(std::string_view)>& piece) {
  std::string buffer(kPieceBytes, '\0');
  while (true) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read", path);
    if (got == 0) return {};
    FB_TRY(piece({buffer.data(), static_cast<std::size_t>(got)}));
  }
}

Result<std::string> read_all(int descriptor, const std::string& path, std::size_t max_bytes) {
  std::string all;
  FB_TRY(read_in_pieces(descriptor, path, [&](std::string_view piece) -> Status {
    if (piece.size() > max_bytes - all.size()) {
      return Error{ErrorCode::too_large,
                   path + " has more than the " + std::to_string(max_bytes) + " bytes allowed"};
    }
    all.append(piece);
    return {};
  }));
  return all;
}

Status write_all(int descriptor, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status sync(int descriptor, const std::string& path) {
  if (::fsync(descriptor) != 0) return system_error(errno, "make durable (fsync)", path);
  return {};
}

}  // namespace fb::posix
