#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "audit/tree.h"
#include "base/check.h"

namespace {

using fb::audit::Hashes;
using fb::audit::Tip;

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  bytes.remove_prefix(std::min(bytes.size(), sizeof number));
  return number;
}

fb::Digest take_digest(std::string_view& bytes) {
  fb::Digest digest;
  std::memcpy(digest.bytes.data(), bytes.data(), std::min(bytes.size(), digest.bytes.size()));
  bytes.remove_prefix(std::min(bytes.size(), digest.bytes.size()));
  return digest;
}

}  // namespace

// Two sizes, two roots and a proof from the input: the verifiers end, and accept no proof of two
// different roots at once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Tip before{take_number(bytes), take_digest(bytes)};
  const Tip after{take_number(bytes), take_digest(bytes)};
  Hashes proof;
  while (!bytes.empty()) proof.push_back(take_digest(bytes));
  Tip other = after;
  other.root.bytes[0] ^= 1;
  const bool in = fb::audit::verify_inclusion(before.size, before.root, after, proof).ok();
  const bool in_other = fb::audit::verify_inclusion(before.size, before.root, other, proof).ok();
  FB_CHECK(!in || !in_other);
  FB_CHECK(!in || before.size < after.size);
  const bool continues = fb::audit::verify_consistency(before, after, proof).ok();
  const bool continues_other = fb::audit::verify_consistency(before, other, proof).ok();
  FB_CHECK(!continues || !continues_other || before.size == 0);
  FB_CHECK(!continues || before.size <= after.size);
  return 0;
}
