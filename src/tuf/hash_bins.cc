#include "tuf/hash_bins.h"

#include "crypto/sha256.h"

namespace fb::tuf {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

std::string HashBins::name(std::uint64_t bin) const {
  std::string digits;
  for (std::uint64_t rest = count() - 1; rest > 0; rest >>= 4U) {
    digits.insert(digits.begin(), kHexDigits[bin & 0xfU]);
    bin >>= 4U;
  }
  return name_prefix + "-" + digits;
}

std::string HashBins::name_for(std::string_view target) const {
  const Digest hash = crypto::sha256(target);
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first = first << 8U | hash.bytes[i];
  return name(first >> static_cast<unsigned>(32 - bit_length));
}

bool HashBins::contains(std::string_view role) const {
  const std::string last = name(count() - 1);
  if (role.size() != last.size() || !role.starts_with(name_prefix + "-")) return false;
  const std::string_view digits = role.substr(name_prefix.size() + 1);
  std::uint64_t bin = 0;
  for (const char c : digits) {
    const std::size_t value = kHexDigits.find(c);
    if (value == std::string_view::npos) return false;
    bin = bin << 4U | value;
  }
  return bin < count();
}

Result<HashBins> decode_hash_bins(const json::Value& value, const std::string& where) {
  json::Reader in(value, where);
  HashBins bins{.signers = {},
                .bit_length = static_cast<int>(in.integer("bit_length", 1, 32)),
                .name_prefix = in.string("name_prefix", 256)};
  if (bins.name_prefix.empty()) in.fail("name_prefix", "is empty");
  FB_ASSIGN(bins.signers, decode_role_keys(in));
  return bins;
}

json::Value encode(const HashBins& bins) {
  json::Value out = encode(bins.signers);
  out["bit_length"] = bins.bit_length;
  out["name_prefix"] = bins.name_prefix;
  return out;
}

}  // namespace fb::tuf
