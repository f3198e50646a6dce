// SHA-256 (FIPS 180-4), whole and in pieces, and what belongs to digests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace fb::crypto {

Digest sha256(std::string_view bytes);

// SHA-512 in lower-case hex. For other people's TUF repositories; ours name files by SHA-256.
std::string sha512_hex(std::string_view bytes);

// For files that are read or received in pieces. Movable; finish() ends it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Compares secrets without telling by its duration where they differ. Different lengths are simply
// unequal.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace fb::crypto
