#include "sim/memory_files.h"

#include <optional>
#include <set>

#include "base/check.h"

namespace fb::sim {
namespace {

// A link may point at a path through another link; the kernel allows 40 of them, too.
constexpr int kLinks = 40;

std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    names.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

void check_relative(const std::string& path) {
  for (const std::string& name : names_of(path))
    FB_CHECK(!name.empty() && name != "." && name != "..");
}

bool lies_in(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// "current/x" + "../slots/1" -> "slots/1". None: out of the tree.
std::optional<std::string> follow(const std::string& link, const std::string& target) {
  std::vector<std::string> names = names_of(link);
  names.pop_back();
  for (const std::string& name : names_of(target)) {
    if (name == "..") {
      if (names.empty()) return std::nullopt;
      names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
  }
  std::string path;
  for (const std::string& name : names) path += (path.empty() ? "" : "/") + name;
  return path;
}

Error missing(const std::string& path) {
  return {ErrorCode::not_found, "cannot open " + path + ": No such file or directory"};
}

Error injected(DoorFault fault, const std::string& path) {
  if (fault == DoorFault::no_space) return {ErrorCode::no_space, path + ": injected: disk full"};
  return {ErrorCode::io_failed, path + ": injected: input/output error"};
}

}  // namespace

struct MemoryFiles::Tree {
  struct Node {
    std::string bytes;  // of a link: its target
    bool link = false;
    bool executable = false;
  };

  mutable std::mutex mutex;
  std::map<std::string, Node> nodes;
  FaultPlan faults;

  // Runs `change` unless the plan says that it does not happen. A change that fails by itself
  // reports its own error.
  template <class Change>
  Status change(const std::string& path, Change apply) {
    const std::lock_guard lock(mutex);
    const std::optional<DoorFault> fault = faults.next_call();
    if (!fault || fault == DoorFault::applied) FB_TRY(apply());
    return fault ? Status(injected(*fault, path)) : Status();
  }

  // The path with every link on it followed, the last one included. Errors: not_found, io_failed.
  [[nodiscard]] Result<std::string> resolve(std::string path) const {
    for (int links = 0; links < kLinks; ++links) {
      const auto link = first_link(path);
      if (link == nodes.end()) return path;
      const auto target = follow(link->first, link->second.bytes);
      if (!target)
        return Error{ErrorCode::io_failed, path + ": the link leads out of the directory"};
      path = *target + path.substr(link->first.size());
    }
    return Error{ErrorCode::io_failed, path + ": too many links"};
  }

  [[nodiscard]] std::map<std::string, Node>::const_iterator first_link(
      const std::string& path) const {
    for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
      const auto node = nodes.find(path.substr(0, end));
      if (node != nodes.end() && node->second.link) return node;
      if (end == std::string::npos) return nodes.end();
    }
  }

  [[nodiscard]] Result<std::string> content(const std::string& path) const {
    const std::lock_guard lock(mutex);
    FB_ASSIGN(const std::string real, resolve(path));
    const auto node = nodes.find(real);
    if (node == nodes.end()) return missing(path);
    return node->second.bytes;
  }

  void erase_tree(const std::string& path) {
    std::erase_if(nodes, [&](const auto& entry) {
      return entry.first == path || lies_in(entry.first, path);
    });
  }
};

class MemoryFiles::Appender final : public port::FileWriter {
 public:
  Appender(std::shared_ptr<Tree> tree, std::string path)
      : tree_(std::move(tree)), path_(std::move(path)) {}

  Status append(std::string_view bytes) override {
    FB_CHECK(!kept_);
    return tree_->change(path_, [&]() -> Status {
      tree_->nodes[path_].bytes.append(bytes);
      return {};
    });
  }
  Status keep() override {
    FB_CHECK(!kept_);
    kept_ = true;
    return tree_->change(path_, []() -> Status { return {}; });
  }

 private:
  std::shared_ptr<Tree> tree_;
  std::string path_;
  bool kept_ = false;
};

MemoryFiles::MemoryFiles() : tree_(std::make_shared<Tree>()) {}
MemoryFiles::~MemoryFiles() = default;

Result<std::string> MemoryFiles::read(const std::string& path, std::size_t max_bytes) {
  check_relative(path);
  FB_ASSIGN(std::string bytes, tree_->content(path));
  if (bytes.size() > max_bytes) {
    return Error{ErrorCode::too_large,
                 path + " has more than the " + std::to_string(max_bytes) + " bytes allowed"};
  }
  return bytes;
}

Status MemoryFiles::read_pieces(const std::string& path,
                                const std::function<Status(std::string_view)>& piece) {
  check_relative(path);
  FB_ASSIGN(const std::string bytes, tree_->content(path));
  constexpr std::size_t kPiece = 4096;  // small, so that tests meet files of several pieces
  for (std::size_t at = 0; at < bytes.size(); at += kPiece)
    FB_TRY(piece(std::string_view(bytes).substr(at, kPiece)));
  return {};
}

Result<std::uint64_t> MemoryFiles::size(const std::string& path) {
  check_relative(path);
  FB_ASSIGN(const std::string bytes, tree_->content(path));
  return static_cast<std::uint64_t>(bytes.size());
}

Status MemoryFiles::write_atomic(const std::string& path, std::string_view bytes) {
  check_relative(path);
  return tree_->change(path, [&]() -> Status {
    tree_->nodes[path] = {std::string(bytes), false, false};
    return {};
  });
}

Result<std::unique_ptr<port::FileWriter>> MemoryFiles::append_to(const std::string& path) {
  check_relative(path);
  FB_TRY(tree_->change(path, [&]() -> Status {
    tree_->nodes[path];
    return {};
  }));
  return std::unique_ptr<port::FileWriter>(std::make_unique<Appender>(tree_, path));
}

Status MemoryFiles::make_executable(const std::string& path) {
  check_relative(path);
  return tree_->change(path, [&]() -> Status {
    const auto node = tree_->nodes.find(path);
    if (node == tree_->nodes.end()) return missing(path);
    node->second.executable = true;
    return {};
  });
}

Status MemoryFiles::remove(const std::string& path) {
  check_relative(path);
  return tree_->change(path, [&]() -> Status {
    tree_->erase_tree(path);
    return {};
  });
}

Status MemoryFiles::rename(const std::string& from, const std::string& to) {
  check_relative(from);
  check_relative(to);
  return tree_->change(from, [&]() -> Status {
    std::map<std::string, Tree::Node> moved;
    for (const auto& [path, node] : tree_->nodes)
      if (path == from || lies_in(path, from)) moved[to + path.substr(from.size())] = node;
    if (moved.empty()) return missing(from);
    for (const auto& [path, node] : tree_->nodes) {
      if (lies_in(path, to))
        return Error{ErrorCode::already_exists, "cannot rename " + from + " to " + to};
    }
    tree_->erase_tree(from);
    for (auto& [path, node] : moved) tree_->nodes[path] = node;
    return {};
  });
}

Status MemoryFiles::point(const std::string& path, const std::string& target) {
  check_relative(path);
  return tree_->change(path, [&]() -> Status {
    tree_->nodes[path] = {target, true, false};
    return {};
  });
}

Result<std::string> MemoryFiles::pointed(const std::string& path) {
  check_relative(path);
  const std::lock_guard lock(tree_->mutex);
  const auto node = tree_->nodes.find(path);
  if (node == tree_->nodes.end()) return missing(path);
  if (!node->second.link) return Error{ErrorCode::io_failed, path + " is not a link"};
  return node->second.bytes;
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) {
  if (!path.empty()) check_relative(path);
  const std::lock_guard lock(tree_->mutex);
  FB_ASSIGN(const std::string real, tree_->resolve(path));
  std::set<std::string> names;
  for (const auto& [each, node] : tree_->nodes) {
    if (!real.empty() && !lies_in(each, real)) continue;
    const std::size_t begin = real.empty() ? 0 : real.size() + 1;
    names.insert(each.substr(begin, each.find('/', begin) - begin));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::string MemoryFiles::absolute(const std::string& path) const { return "/memory/" + path; }

void MemoryFiles::fail_change(std::uint64_t nth, DoorFault fault, Afterwards afterwards) {
  const std::lock_guard lock(tree_->mutex);
  tree_->faults.fail(nth, fault, afterwards);
}

void MemoryFiles::mend() {
  const std::lock_guard lock(tree_->mutex);
  tree_->faults.mend();
}

bool MemoryFiles::fault_pending() const {
  const std::lock_guard lock(tree_->mutex);
  return tree_->faults.planned();
}

std::map<std::string, std::string> MemoryFiles::everything() const {
  const std::lock_guard lock(tree_->mutex);
  std::map<std::string, std::string> all;
  for (const auto& [path, node] : tree_->nodes) all[path] = (node.link ? "-> " : "") + node.bytes;
  return all;
}

bool MemoryFiles::executable(const std::string& path) const {
  const std::lock_guard lock(tree_->mutex);
  const auto node = tree_->nodes.find(path);
  return node != tree_->nodes.end() && node->second.executable;
}

}  // namespace fb::sim
