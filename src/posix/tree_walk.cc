#include "posix/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/check.h"
#include "posix/file_bytes.h"

namespace fb::posix {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// Trees of ours are three levels deep; unpacked content may be deeper, an attacker's deepest.
constexpr int kTreeDepth = 64;

std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    names.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

Status create_directory(int parent, const std::string& name, const std::string& path) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "create directory", path);
  return sync(parent, path);
}

Result<Descriptor> enter(int parent, const std::string& name, Missing missing,
                         const std::string& path) {
  Descriptor next(::openat(parent, name.c_str(), kDirectoryFlags));
  if (!next.open() && errno == ENOENT && missing == Missing::create) {
    FB_TRY(create_directory(parent, name, path));
    next = Descriptor(::openat(parent, name.c_str(), kDirectoryFlags));
  }
  if (!next.open()) return system_error(errno, "open", path);
  return next;
}

Status remove_children(int directory, const std::string& path, int depth);

Status remove_one(int directory, const std::string& name, int depth) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return system_error(errno, "remove", name);
  const int reason = errno;
  const Descriptor child(::openat(directory, name.c_str(), kDirectoryFlags));
  if (!child.open()) return system_error(errno == ENOTDIR ? reason : errno, "remove", name);
  FB_TRY(remove_children(child.get(), name, depth));
  if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return system_error(errno, "remove directory", name);
  return {};
}

Status remove_children(int directory, const std::string& path, int depth) {
  if (depth == 0) {
    return Error{ErrorCode::io_failed, "cannot remove " + path + ": its tree is more than " +
                                           std::to_string(kTreeDepth) + " directories deep"};
  }
  const int copy = ::openat(directory, ".", kDirectoryFlags);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy),
                                                    ::closedir);
  if (entries == nullptr) return system_error(errno, "list", path);
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") FB_TRY(remove_one(directory, name, depth - 1));
  }
  return {};
}

}  // namespace

void check_relative(const std::string& path) {
  for (const std::string& name : names_of(path)) {
    FB_CHECK(!name.empty() && name != "." && name != ".." && !is_temporary_name(name));
    FB_CHECK(name.find('\0') == std::string::npos);
  }
}

std::string temporary_name(const std::string& name) { return "." + name + ".tmp"; }

bool is_temporary_name(const std::string& name) {
  return name.size() > 5 && name.front() == '.' && name.ends_with(".tmp");
}

Result<Place> find_place(int root, const std::string& path, Missing missing) {
  check_relative(path);
  auto names = names_of(path);
  Place place{Descriptor(::fcntl(root, F_DUPFD_CLOEXEC, 3)), names.back()};
  if (!place.directory.open()) return system_error(errno, "open", path);
  names.pop_back();
  for (const std::string& name : names) {
    FB_ASSIGN(place.directory, enter(place.directory.get(), name, missing, path));
  }
  return place;
}

Result<Descriptor> open_beneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long number = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (number >= 0) return Descriptor(static_cast<int>(number));
  if (errno != ENOSYS) return system_error(errno, "open", path);
  // Kernels before 5.6: no link is followed at all.
  if (path == ".") return Descriptor(::openat(root, ".", flags | O_CLOEXEC));
  FB_ASSIGN(const Place place, find_place(root, path, Missing::error));
  Descriptor file(
      ::openat(place.directory.get(), place.name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
  if (!file.open()) return system_error(errno, "open", path);
  return file;
}

Status remove_tree(int directory, const std::string& name) {
  return remove_one(directory, name, kTreeDepth);
}

}  // namespace fb::posix
