// What the demo can say at its end: computed from the event log and from the devices, never from
// what was intended.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "audit/entry.h"
#include "base/result.h"
#include "demo/stage.h"
#include "posix/raw_file.h"

namespace fb::demo {

struct Tally {
  std::int64_t devices = 0;
  std::int64_t good_completed = 0;  // devices that passed probation with the good release
  std::int64_t good_halts = 0;
  bool content_refused = false;
  std::int64_t exposed = 0;  // of the bad release, as all below
  std::int64_t harmed = 0;
  std::int64_t silent = 0;
  std::int64_t self_healed = 0;
  std::int64_t still_down = 0;
  std::int64_t never_exposed = 0;
  double halt_seconds = 0;  // from the first permit to the halt's commit
  std::int64_t after_halt_starts = 0;
  bool freeze_refused = false;
  bool tamper_refused = false;
  bool log_verified = false;
};

json::Value encode(const Tally& tally);
// The closing table, for people.
std::string table(const Tally& tally);
// Everything that did not go as told; empty: all of it did.
std::vector<std::string> complaints(const Tally& tally);

// The whole log, verified entry by entry.
Result<std::vector<audit::Entry>> read_log(Stage& stage);

// Devices named by entries of `kind` (and report event, where that is not "") about `release`.
struct Wanted {
  std::string kind, event, release;
};
std::set<std::string> devices_in(const std::vector<audit::Entry>& log, const Wanted& wanted);

// The release id of a version of sensor.channel. Errors: not_found.
Result<std::string> release_of(Stage& stage, const std::string& version);

// Fills in what concerns the bad release `release`, halted; `good` is the one that devices heal to.
Status count_harm(Stage& stage, const std::vector<audit::Entry>& log, const std::string& release,
                  Tally& tally);

}  // namespace fb::demo
