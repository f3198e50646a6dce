// port::ByteSource over a regular file anywhere on this machine.
#pragma once

#include <memory>
#include <string>

#include "port/byte_source.h"

namespace fb::posix {

// Errors: not_found, bad_usage (no regular file), io_failed.
Result<std::shared_ptr<const port::ByteSource>> open_bytes(const std::string& path);

}  // namespace fb::posix
