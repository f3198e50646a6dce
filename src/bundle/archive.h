// Archive: a bundle's members, read from wherever the file lies.
//
// open() reads every header once and refuses a file that is not, to the last byte of padding, what
// Writer makes: members in ascending order, two blocks of zeros, nothing after. Contents are not
// looked at; whoever reads them verifies them. Immutable; any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bundle/tar.h"
#include "port/byte_source.h"

namespace fb::bundle {

class Archive {
 public:
  struct Place {
    std::uint64_t at = 0;
    std::uint64_t size = 0;
  };
  using Members = std::map<std::string, Place, std::less<>>;

  // Errors: malformed, too_large (over kBundleBytes or kBundleMembers), and those of the source.
  static Result<Archive> open(std::shared_ptr<const port::ByteSource> source);

  [[nodiscard]] const Members& members() const { return members_; }
  // Errors: not_found, too_large (nothing beyond `max_bytes` is read), those of the source.
  [[nodiscard]] Result<std::string> read(std::string_view name, std::size_t max_bytes) const;
  // The member from byte `from` on, in pieces. Errors: as read, and whatever `piece` returns.
  using Piece = std::function<Status(std::string_view)>;
  [[nodiscard]] Status read_pieces(std::string_view name, std::uint64_t from,
                                   const Piece& piece) const;

 private:
  Archive(std::shared_ptr<const port::ByteSource> source, Members members)
      : source_(std::move(source)), members_(std::move(members)) {}
  [[nodiscard]] Result<Place> find(std::string_view name) const;

  std::shared_ptr<const port::ByteSource> source_;
  Members members_;
};

// Writes a bundle, member by member, wherever `sink` puts it.
class Writer {
 public:
  using Sink = std::function<Status(std::string_view)>;
  explicit Writer(Sink sink) : sink_(std::move(sink)) {}

  // Names have to ascend (FB_CHECK). Errors: those of tar_header and of the sink; too_large.
  Status add(const std::string& name, std::string_view bytes);
  // The same for a member that nobody holds as a whole: `fill` gives exactly `size` bytes, piece by
  // piece, to the sink that it gets. Errors: also mismatch (more or fewer came; what is written so
  // far is no bundle) and those of `fill`.
  using Fill = std::function<Status(const Sink&)>;
  Status add(const std::string& name, std::uint64_t size, const Fill& fill);
  // The end of the archive: nothing may be added after.
  Status finish();

 private:
  Sink sink_;
  std::string last_;
  std::size_t members_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace fb::bundle
