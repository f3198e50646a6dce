// The bytes of a channel file. Little-endian; a text is a u16 length and that many bytes.
//
//   "SNSRCH" u16 format=1 | u32 channel version
//   u8 types  { text name, u8 fields, u8 field type ... }
//   u16 rules { text name, u8 type, one matcher for every field that the type declares }
//   u32 CRC-32 of everything before it
//
//   matcher: u8 kind: 0 wildcard | 1 exact, 2 prefix, 3 contains, 4 like: text
//                     | 5 range: i64 low, i64 high
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "channel.h"

namespace sensor {

// Safe on any bytes: whatever comes back as a Channel keeps the promises and limits of channel.h.
// The checksum finds damage, not malice; who may write a channel file is for the bearer of the file
// to settle.
std::variant<Channel, Refusal> parse_channel(std::span<const std::uint8_t> bytes);

// The channel has to keep the promises of channel.h; parse_channel(encode_channel(c)) is c.
std::vector<std::uint8_t> encode_channel(const Channel& channel);

// Writes the right checksum over the last four bytes of at least four.
void seal(std::span<std::uint8_t> bytes);

}  // namespace sensor
