// Binned targets: the publisher's side of hash bins, for repositories of a million targets.
//
// The first publication signs every bin once and hands each file on as soon as it is made, so that
// memory holds targets and one file. A later release changes one bin: next_targets() on that file,
// then the snapshot. The snapshot lists bins by version alone (specification 1.0.34, section 4.4:
// length and hashes are optional); with both it would be four times as large.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "tuf/repository.h"

namespace fb::tuf {

using TargetMap = std::map<std::string, TargetFile, std::less<>>;
using EachFile = std::function<Status(const std::string& role, const std::string& file)>;

// Signs `targets` into all bins, empty ones included, in order of their names.
// Errors: malformed (a name that is no TargetPath); as Signer::sign; whatever `each` returns.
Status publish_bins(const HashBins& bins, const TargetMap& targets, Edition edition,
                    const Signers& signers, const EachFile& each);

// Lists every bin at `version` in the snapshot.
void list_bins(const HashBins& bins, std::int64_t version, Snapshot& snapshot);

}  // namespace fb::tuf
