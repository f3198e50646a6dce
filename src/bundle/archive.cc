#include "bundle/archive.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace fb::bundle {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;

Error broken(std::uint64_t at, const std::string& what) {
  return {ErrorCode::malformed,
          "the bundle is damaged at byte " + std::to_string(at) + ": " + what};
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

Status check_total(std::uint64_t bytes) {
  if (bytes <= limits::kBundleBytes) return {};
  return Error{ErrorCode::too_large, "a bundle of " + std::to_string(bytes) + " bytes; at most " +
                                         std::to_string(limits::kBundleBytes) + " are taken"};
}

Status check_count(std::size_t members) {
  if (members <= limits::kBundleMembers) return {};
  return Error{ErrorCode::too_large,
               "a bundle has at most " + std::to_string(limits::kBundleMembers) + " files"};
}

// Walks the headers from the first to the end.
class Scan {
 public:
  explicit Scan(const port::ByteSource& source) : source_(source) {}

  Result<Archive::Members> run() {
    FB_TRY(check_total(source_.size()));
    while (true) {
      FB_ASSIGN(const std::string block, take(kBlockBytes));
      if (is_zero(block)) break;
      const std::uint64_t at = at_ - kBlockBytes;
      const auto member = read_tar_header(block);
      if (!member.ok()) return broken(at, member.error().detail);
      FB_TRY(enter(*member));
    }
    FB_ASSIGN(const std::string second, take(kBlockBytes));
    if (!is_zero(second) || at_ != source_.size()) return broken(at_, "it goes on behind its end");
    return std::move(members_);
  }

 private:
  Result<std::string> take(std::size_t count) {
    if (source_.size() - at_ < count) return broken(source_.size(), "it breaks off");
    FB_ASSIGN(std::string bytes, source_.read(at_, count));
    at_ += count;
    return bytes;
  }

  Status enter(const Member& member) {
    if (!members_.empty() && member.name <= members_.rbegin()->first)
      return broken(at_, member.name + " is not where it belongs, or there twice");
    FB_TRY(check_count(members_.size() + 1));
    if (source_.size() - at_ < member.size) return broken(source_.size(), "it breaks off");
    members_.emplace(member.name, Archive::Place{at_, member.size});
    at_ += member.size;
    FB_ASSIGN(const std::string padding, take(padding_of(member.size)));
    return is_zero(padding) ? Status() : broken(at_, "something stands between two files");
  }

  const port::ByteSource& source_;
  std::uint64_t at_ = 0;
  Archive::Members members_;
};

}  // namespace

Result<Archive> Archive::open(std::shared_ptr<const port::ByteSource> source) {
  FB_ASSIGN(auto members, Scan(*source).run());
  return Archive(std::move(source), std::move(members));
}

Result<Archive::Place> Archive::find(std::string_view name) const {
  const auto found = members_.find(name);
  if (found != members_.end()) return found->second;
  return Error{ErrorCode::not_found, std::string(name) + " is not in the bundle"};
}

Result<std::string> Archive::read(std::string_view name, std::size_t max_bytes) const {
  FB_ASSIGN(const Place place, find(name));
  if (place.size > max_bytes) {
    return Error{ErrorCode::too_large, std::string(name) + " has " + std::to_string(place.size) +
                                           " bytes; " + std::to_string(max_bytes) + " are allowed"};
  }
  return source_->read(place.at, static_cast<std::size_t>(place.size));
}

Status Archive::read_pieces(std::string_view name, std::uint64_t from, const Piece& piece) const {
  FB_ASSIGN(const Place place, find(name));
  for (std::uint64_t at = from; at < place.size;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, place.size - at));
    FB_ASSIGN(const std::string bytes, source_->read(place.at + at, count));
    FB_TRY(piece(bytes));
    at += count;
  }
  return {};
}

Status Writer::add(const std::string& name, std::string_view bytes) {
  return add(name, bytes.size(), [&](const Sink& sink) { return sink(bytes); });
}

Status Writer::add(const std::string& name, std::uint64_t size, const Fill& fill) {
  FB_CHECK(last_ < name);
  last_ = name;
  FB_TRY(check_count(++members_));
  FB_ASSIGN(const std::string header, tar_header({name, size}));
  written_ += kBlockBytes + size + padding_of(size);
  FB_TRY(check_total(written_ + 2 * kBlockBytes));
  FB_TRY(sink_(header));
  std::uint64_t left = size;
  const Error wrong{ErrorCode::mismatch, name + " does not have the " + std::to_string(size) +
                                             " bytes it is said to have"};
  FB_TRY(fill([&](std::string_view piece) -> Status {
    if (piece.size() > left) return wrong;
    left -= piece.size();
    return sink_(piece);
  }));
  if (left > 0) return wrong;
  return sink_(std::string(padding_of(size), '\0'));
}

Status Writer::finish() { return sink_(std::string(2 * kBlockBytes, '\0')); }

}  // namespace fb::bundle
