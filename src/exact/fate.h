// Fate: what befalls one device, whoever it is: drawn once, before anything happens, from the same
// background and fault that the fast model lives by.
//
// Times count from the moment the rollout opens. Values.
#pragma once

#include <vector>

#include "sim/background.h"
#include "sim/chance.h"
#include "sim/scenario.h"

namespace fb::exact {

inline constexpr Millis kNever{INT64_MAX / 4};

struct Fate {
  std::size_t stratum = 0;
  Millis beat;               // its heartbeats come so long after a whole multiple of T_hb
  Millis dies = kNever;      // by itself, and says nothing any more
  Millis crashes = kNever;   // by itself, and goes on
  bool doomed = false;       // the release makes it fail …
  Millis onset;              // … so long after activation …
  rollout::Channel channel;  // … in silence or telling of it
  bool deferred = false;     // behind a maintenance window that opens at `window`
  Millis window;
  bool fails_first_install = false;
  Millis reboot;  // it restarts for the release, and is away for so long
};

// One for each device of the scenario, stratum after stratum. Ticks are the background's grain; a
// fate falls anywhere within its tick.
std::vector<Fate> draw_fates(const sim::Scenario& scenario, sim::Chance& chance);

}  // namespace fb::exact
