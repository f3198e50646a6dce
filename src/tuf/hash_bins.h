// Hash bins: one delegation to 2^b roles that share keys, each for an equal part of all target
// paths (TAP 15, "succinct hash bin delegations"; "succinct_roles" in specification 1.0.34,
// section 4.5).
//
// A million targets in 16,384 bins make one more release a change of one small file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json.h"
#include "tuf/role_keys.h"

namespace fb::tuf {

struct HashBins {
  RoleKeys signers;
  int bit_length = 1;       // 1 to 32: there are 2^bit_length bins
  std::string name_prefix;  // a bin is called "<name_prefix>-<number in hex>"

  [[nodiscard]] std::uint64_t count() const { return std::uint64_t{1} << bit_length; }
  // The name of a bin, its number padded to the digits of the last one.
  [[nodiscard]] std::string name(std::uint64_t bin) const;
  // The bin of a target: the first bit_length bits of the SHA-256 of its path.
  [[nodiscard]] std::string name_for(std::string_view target) const;
  // Whether `role` is one of these bins.
  [[nodiscard]] bool contains(std::string_view role) const;

  friend bool operator==(const HashBins&, const HashBins&) = default;
};

// Errors: malformed, naming the field below `where`.
Result<HashBins> decode_hash_bins(const json::Value& value, const std::string& where);
json::Value encode(const HashBins& bins);

}  // namespace fb::tuf
