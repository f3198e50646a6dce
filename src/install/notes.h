// What a state remembers: decisions, reports, rejections, sightings. Each list is bounded, and
// every sentence in it is short printable ASCII, so that a state file can always be written.
#pragma once

#include <string>
#include <string_view>

#include "install/state.h"

namespace fb::install {

inline constexpr std::size_t kSentenceBytes = 1024;

// At most `max_bytes`; what is not printable ASCII becomes '?'.
std::string plain(std::string_view text, std::size_t max_bytes);

// `at` of the decision is set here. Said once: repeating what its rule said last changes nothing
// and is no news.
bool note_decision(State& state, Instant at, Decision decision);
// Number and time are set here. When nobody takes them over, the oldest goes first.
void note_report(State& state, Instant at, Report report);
// Its reason becomes short printable ASCII.
void note_rejection(State& state, Rejection rejection);
// Unless it has been seen before.
void note_sighting(State& state, const Digest& release, Instant wall, Uptime uptime);

}  // namespace fb::install
