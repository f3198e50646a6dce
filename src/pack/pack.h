// Pack: the evidence about one release in one file, for somebody who has nothing but a root of
// trust.
//
// What was published (TUF metadata and the manifest), who may decide and which log counts (the
// signed trust files), and what happened: entries of the event log, each with the proof that leads
// to one checkpoint. verify.h says whether it holds; it needs no network and no server.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audit/proved.h"
#include "base/digest.h"
#include "base/result.h"

namespace fb::pack {

// All texts are exact bytes.
struct Pack {
  Digest release;
  std::string checkpoint;
  std::vector<audit::ProvedEntry> entries;  // by index
  std::string manifest;
  std::vector<std::string> roots;               // those after the root that the maker had pinned
  std::map<std::string, std::string> metadata;  // by role: timestamp, snapshot, targets, the owner
  std::map<std::string, std::string> targets;   // by path: trust/people.json, trust/log.json
};

// Errors: malformed, too_large.
Result<Pack> decode_pack(std::string_view bytes);
std::string encode(const Pack& pack);

// Devices: whether dispatches and reports go along, which name devices and customers and are many.
enum class Devices : std::uint8_t { left_out, named };
// Picks the entries about one release, when it is shown the whole log in order.
class Picker {
 public:
  Picker(const Digest& release, Devices devices) : release_(release.text()), devices_(devices) {}
  bool wants(const audit::Entry& entry);

 private:
  std::string release_;
  Devices devices_;
  std::set<std::int64_t> rollouts_;  // of this release
};

}  // namespace fb::pack
