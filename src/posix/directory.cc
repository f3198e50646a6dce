#include "posix/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>

#include "posix/descriptor.h"
#include "posix/file_bytes.h"
#include "posix/tree_walk.h"

namespace fb::posix {
namespace {

constexpr const char* kLockName = "lock";

class AppendingFile final : public port::FileWriter {
 public:
  AppendingFile(Descriptor file, Descriptor directory, std::string path)
      : file_(std::move(file)), directory_(std::move(directory)), path_(std::move(path)) {}

  Status append(std::string_view bytes) override {
    FB_CHECK(file_.open());
    return write_all(file_.get(), path_, bytes);
  }
  Status keep() override {
    FB_CHECK(file_.open());
    FB_TRY(sync(file_.get(), path_));
    file_.close();
    return sync(directory_.get(), path_);
  }

 private:
  Descriptor file_, directory_;
  std::string path_;
};

class Directory final : public port::Files {
 public:
  Directory(Descriptor root, Descriptor lock, std::string path)
      : root_(std::move(root)), lock_(std::move(lock)), path_(std::move(path)) {}

  Result<std::string> read(const std::string& path, std::size_t max_bytes) override {
    FB_ASSIGN(const Descriptor file, open_file(path));
    return read_all(file.get(), absolute(path), max_bytes);
  }

  Status read_pieces(const std::string& path,
                     const std::function<Status(std::string_view)>& piece) override {
    FB_ASSIGN(const Descriptor file, open_file(path));
    return read_in_pieces(file.get(), absolute(path), piece);
  }

  Result<std::uint64_t> size(const std::string& path) override {
    FB_ASSIGN(const Descriptor file, open_file(path));
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return system_error(errno, "examine", absolute(path));
    return static_cast<std::uint64_t>(about.st_size);
  }

  Status write_atomic(const std::string& path, std::string_view bytes) override {
    FB_ASSIGN(const Place place, find(path, Missing::create));
    const std::string temporary = temporary_name(place.name);
    Status written = write_new(place, temporary, absolute(path), bytes);
    if (written.ok()) written = switch_to(place, temporary, path);
    if (!written.ok()) ::unlinkat(place.directory.get(), temporary.c_str(), 0);
    return written;
  }

  Result<std::unique_ptr<port::FileWriter>> append_to(const std::string& path) override {
    FB_ASSIGN(Place place, find(path, Missing::create));
    Descriptor file(::openat(place.directory.get(), place.name.c_str(),
                             O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.open()) return system_error(errno, "open for appending", absolute(path));
    return std::unique_ptr<port::FileWriter>(std::make_unique<AppendingFile>(
        std::move(file), std::move(place.directory), absolute(path)));
  }

  Status make_executable(const std::string& path) override {
    FB_ASSIGN(const Place place, find(path, Missing::error));
    const Descriptor file(
        ::openat(place.directory.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file.open()) return system_error(errno, "open", absolute(path));
    if (::fchmod(file.get(), 0755) != 0)
      return system_error(errno, "set the mode of", absolute(path));
    return sync(file.get(), absolute(path));
  }

  Status remove(const std::string& path) override {
    auto place = find(path, Missing::error);
    if (!place.ok()) return place.error().code == ErrorCode::not_found ? Status() : place.error();
    FB_TRY(remove_tree(place->directory.get(), place->name).in(absolute(path)));
    return sync(place->directory.get(), absolute(path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    FB_ASSIGN(const Place source, find(from, Missing::error));
    FB_ASSIGN(const Place goal, find(to, Missing::create));
    if (::renameat(source.directory.get(), source.name.c_str(), goal.directory.get(),
                   goal.name.c_str()) != 0) {
      return system_error(errno, "rename " + absolute(from) + " to", absolute(to));
    }
    FB_TRY(sync(goal.directory.get(), absolute(to)));
    return sync(source.directory.get(), absolute(from));
  }

  Status point(const std::string& path, const std::string& target) override {
    FB_ASSIGN(const Place place, find(path, Missing::create));
    const std::string temporary = temporary_name(place.name);
    ::unlinkat(place.directory.get(), temporary.c_str(), 0);  // of an interrupted call
    if (::symlinkat(target.c_str(), place.directory.get(), temporary.c_str()) != 0)
      return system_error(errno, "create the link", absolute(path));
    Status switched = switch_to(place, temporary, path);
    if (!switched.ok()) ::unlinkat(place.directory.get(), temporary.c_str(), 0);
    return switched;
  }

  Result<std::string> pointed(const std::string& path) override {
    FB_ASSIGN(const Place place, find(path, Missing::error));
    std::array<char, PATH_MAX> target{};
    const ssize_t length =
        ::readlinkat(place.directory.get(), place.name.c_str(), target.data(), target.size());
    if (length < 0) return system_error(errno, "read the link", absolute(path));
    return std::string(target.data(), static_cast<std::size_t>(length));
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    if (!path.empty()) check_relative(path);
    auto opened = open_beneath(root_.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
    if (!opened.ok() && opened.error().code == ErrorCode::not_found)
      return std::vector<std::string>();
    FB_ASSIGN(Descriptor directory, std::move(opened));
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(directory.release()), ::closedir);
    if (entries == nullptr) return system_error(errno, "list", absolute(path));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string name = entry->d_name;
      const bool ours = path.empty() && name == kLockName;
      if (name != "." && name != ".." && !is_temporary_name(name) && !ours) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  [[nodiscard]] std::string absolute(const std::string& path) const override {
    return path.empty() ? path_ : path_ + "/" + path;
  }

 private:
  Result<Place> find(const std::string& path, Missing missing) {
    return find_place(root_.get(), path, missing).in(path_);
  }

  Result<Descriptor> open_file(const std::string& path) {
    check_relative(path);
    // O_NONBLOCK: a pipe that somebody left there must not hold us up.
    FB_ASSIGN(Descriptor file, open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK).in(path_));
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return system_error(errno, "examine", absolute(path));
    if (!S_ISREG(about.st_mode))
      return Error{ErrorCode::io_failed, absolute(path) + " is not a regular file"};
    return file;
  }

  static Status write_new(const Place& place, const std::string& name, const std::string& path,
                          std::string_view bytes) {
    const Descriptor file(::openat(place.directory.get(), name.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.open()) return system_error(errno, "create", path);
    FB_TRY(write_all(file.get(), path, bytes));
    return sync(file.get(), path);
  }

  Status switch_to(const Place& place, const std::string& temporary, const std::string& path) {
    const int directory = place.directory.get();
    if (::renameat(directory, temporary.c_str(), directory, place.name.c_str()) != 0)
      return system_error(errno, "replace", absolute(path));
    return sync(directory, absolute(path));
  }

  Descriptor root_, lock_;
  std::string path_;
};

Status make_root(const std::string& path) {
  const std::filesystem::path whole(path);
  std::filesystem::path so_far;
  for (const auto& name : whole) {
    so_far /= name;
    if (so_far.empty() || ::mkdir(so_far.c_str(), 0700) == 0 || errno == EEXIST) continue;
    if (errno == EROFS && std::filesystem::exists(so_far)) continue;
    return system_error(errno, "create directory", so_far.string());
  }
  return {};
}

Error held_by_another(int lock, const std::string& path) {
  auto holder = read_all(lock, path, 32);
  std::string pid = holder.ok() ? *holder : "";
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return {ErrorCode::conflict, path + " is in use by " +
                                   (pid.empty() ? "another process" : "process " + pid) +
                                   "; stop that one first"};
}

Result<Descriptor> take_lock(int root, const std::string& path) {
  Descriptor lock(::openat(root, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock.open()) return system_error(errno, "open", path + "/" + kLockName);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_by_another(lock.get(), path);
    return system_error(errno, "lock", path + "/" + kLockName);
  }
  // The number is for people; the lock holds without it, on a full disk too.
  if (::ftruncate(lock.get(), 0) == 0) {
    (void)write_all(lock.get(), path + "/" + kLockName, std::to_string(::getpid()) + "\n").ok();
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<port::Files>> open_directory(const std::string& path, Lock lock) {
  FB_TRY(make_root(path));
  std::error_code failed;
  std::string whole = std::filesystem::canonical(path, failed).string();
  if (failed) return system_error(failed.value(), "open", path);
  Descriptor root(::open(whole.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.open()) return system_error(errno, "open", path);
  Descriptor held;
  if (lock == Lock::exclusive) {
    FB_ASSIGN(held, take_lock(root.get(), path));
  }
  return std::unique_ptr<port::Files>(
      std::make_unique<Directory>(std::move(root), std::move(held), std::move(whole)));
}

}  // namespace fb::posix
