#include "posix/descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fb::posix {
namespace {

ErrorCode code_of(int errno_value) {
  if (errno_value == ENOENT) return ErrorCode::not_found;
  if (errno_value == EEXIST || errno_value == ENOTEMPTY) return ErrorCode::already_exists;
  if (errno_value == ENOSPC || errno_value == EDQUOT) return ErrorCode::no_space;
  return ErrorCode::io_failed;
}

std::string_view remedy(int errno_value) {
  if (errno_value == EACCES || errno_value == EPERM)
    return "; run this as the user who owns it, or change its owner or mode";
  if (errno_value == ENOSPC) return "; free some space on the disk that holds it, then try again";
  if (errno_value == EDQUOT) return "; raise the quota or free some space, then try again";
  if (errno_value == EROFS) return "; mount that file system writable";
  if (errno_value == ELOOP) return "; symbolic links are not followed here";
  if (errno_value == EXDEV) return "; the link in it leads out of the directory";
  if (errno_value == EMFILE || errno_value == ENFILE) return "; raise the limit on open files";
  return "";
}

}  // namespace

void Descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Error system_error(int errno_value, std::string_view doing, std::string_view path) {
  const char* reason = strerrordesc_np(errno_value);
  std::string detail = "cannot ";
  detail.append(doing).append(" ").append(path).append(": ");
  detail.append(reason == nullptr ? "error " + std::to_string(errno_value) : reason);
  detail.append(remedy(errno_value));
  return {code_of(errno_value), std::move(detail)};
}

}  // namespace fb::posix
