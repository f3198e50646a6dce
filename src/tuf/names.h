// Names that become paths: role names, target paths, and the patterns that delegate them.
//
// Metadata may name anything; nothing it names reaches a file system or a URL but through this
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"

namespace fb::tuf {

// The role's name with every byte outside A-Z a-z 0-9 _ . - ~ percent-encoded: one path segment,
// whatever the name.
std::string encode_role_file_name(std::string_view role);

// The role whose file name this is. Errors: malformed (no name that encode_role_file_name makes).
Result<std::string> decode_role_file_name(std::string_view name);

// Path of a metadata file relative to the metadata base: "12.snapshot.json", or "timestamp.json"
// without a version.
std::string metadata_path(std::string_view role, std::optional<std::int64_t> version);

// Shell-style pattern as in specification 4.5: '*' and '?' never match '/', everything else stands
// for itself.
bool matches_pattern(std::string_view pattern, std::string_view path);

// A relative path without empty, "." or ".." segments, backslashes and control characters, at most
// 1024 bytes: what any TUF repository may reasonably call a target. Errors: malformed.
Status check_target_name(std::string_view name);

// "a/b/file" with hash h → "a/b/h.file" (consistent snapshots, specification 6.2).
std::string hashed_name(std::string_view target, std::string_view hash_hex);

// A target path of ours: 2 or 3 segments of A-Z a-z 0-9 . _ -, each 1 to 128 bytes and not "." or
// "..".
class TargetPath {
 public:
  // Errors: malformed.
  static Result<TargetPath> parse(std::string_view text);
  // "<kind>/<product>.<component>/<version>.<file>". Errors: malformed.
  static Result<TargetPath> release(std::string_view kind, const ComponentId& component,
                                    std::string_view version, std::string_view file);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::vector<std::string> segments() const;
  // Where the bytes lie relative to the targets base.
  [[nodiscard]] std::string hashed(const Digest& digest) const {
    return hashed_name(text_, digest.hex());
  }
  friend auto operator<=>(const TargetPath&, const TargetPath&) = default;

 private:
  explicit TargetPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace fb::tuf
