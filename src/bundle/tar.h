// The tar header of a bundle's member, in its one spelling.
//
// POSIX ustar, so that any tar unpacks a bundle; but every field beside name and size is fixed
// (regular file, mode 0644, nobody, 1970), and a header that is not byte for byte what we would
// write is refused. So no two programs can read one bundle differently: no links, devices, long
// names, extensions, and nothing that climbs out of its folder. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fb::bundle {

inline constexpr std::size_t kBlockBytes = 512;

struct Member {
  std::string name;
  std::uint64_t size = 0;
  friend bool operator==(const Member&, const Member&) = default;
};

// "bundle.json", or a path below metadata/ or targets/ of segments that consist of
// A-Z a-z 0-9 . _ - + ~ % and do not begin with a dot. Errors: malformed.
Status check_member_name(std::string_view name);

// One block. Errors: malformed (the name), too_large (a name or size that no ustar header holds).
Result<std::string> tar_header(const Member& member);
// Errors: malformed (not what tar_header() makes of its name and size).
Result<Member> read_tar_header(std::string_view block);

// Zero bytes that follow a member of `size` bytes.
std::size_t padding_of(std::uint64_t size);

}  // namespace fb::bundle
