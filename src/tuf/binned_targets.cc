#include "tuf/binned_targets.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "tuf/names.h"

namespace fb::tuf {
namespace {

using Entry = TargetMap::value_type;

// Signed as it stands: every part of it was made here, so nothing is parsed again to be checked.
Result<std::string> sign_bin(const Targets& bin, const Signers& signers) {
  json::Value file{{"signatures", json::Value::array()}, {"signed", encode(bin)}};
  const std::string canonical = json::canonical(file["signed"]);
  for (const crypto::Signer* signer : signers) {
    FB_ASSIGN(const std::string signature, signer->sign(canonical));
    file["signatures"].push_back({{"keyid", signer->key().id()}, {"sig", to_hex(signature)}});
  }
  return json::compact(file);
}

}  // namespace

Status publish_bins(const HashBins& bins, const TargetMap& targets, Edition edition,
                    const Signers& signers, const EachFile& each) {
  std::vector<std::pair<std::string, const Entry*>> placed;
  placed.reserve(targets.size());
  for (const Entry& entry : targets) {
    FB_TRY(TargetPath::parse(entry.first));
    placed.emplace_back(bins.name_for(entry.first), &entry);
  }
  std::sort(placed.begin(), placed.end());
  auto next = placed.begin();
  for (std::uint64_t number = 0; number < bins.count(); ++number) {
    const std::string role = bins.name(number);
    Targets bin{
        .version = edition.version, .expires = edition.expires, .targets = {}, .delegations = {}};
    for (; next != placed.end() && next->first == role; ++next) bin.targets.insert(*next->second);
    FB_ASSIGN(const std::string file, sign_bin(bin, signers));
    FB_TRY(each(role, file));
  }
  return {};
}

void list_bins(const HashBins& bins, std::int64_t version, Snapshot& snapshot) {
  for (std::uint64_t number = 0; number < bins.count(); ++number)
    snapshot.meta[bins.name(number)] = {version, {}, {}};
}

}  // namespace fb::tuf
