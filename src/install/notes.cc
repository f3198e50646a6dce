#include "install/notes.h"

#include <algorithm>

namespace fb::install {
namespace {

template <class T>
void append(std::vector<T>& list, T item, std::size_t most) {
  if (list.size() >= most) list.erase(list.begin());
  list.push_back(std::move(item));
}

Instant whole_seconds(Instant t) { return {t.ms - t.ms % 1000}; }

}  // namespace

std::string plain(std::string_view text, std::size_t max_bytes) {
  std::string out(text.substr(0, max_bytes));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = c == '\n' ? ' ' : '?';
  }
  return out;
}

bool note_decision(State& state, Instant at, Decision decision) {
  const auto last = std::find_if(state.decisions.rbegin(), state.decisions.rend(),
                                 [&](const Decision& each) { return each.rule == decision.rule; });
  if (last != state.decisions.rend() && last->sentence == decision.sentence) return false;
  decision.at = whole_seconds(at);
  append(state.decisions, std::move(decision), kDecisions);
  return true;
}

void note_report(State& state, Instant at, Report report) {
  report.number = ++state.reported;
  report.at = whole_seconds(at);
  report.detail = plain(report.detail, kSentenceBytes / 2);
  append(state.reports, std::move(report), kReports);
}

void note_rejection(State& state, Rejection rejection) {
  std::erase_if(state.rejected,
                [&](const Rejection& each) { return each.release == rejection.release; });
  rejection.reason = plain(rejection.reason, kSentenceBytes);
  append(state.rejected, std::move(rejection), kRejections);
}

void note_sighting(State& state, const Digest& release, Instant wall, Uptime uptime) {
  const bool seen = std::any_of(state.seen.begin(), state.seen.end(),
                                [&](const Sighting& each) { return each.release == release; });
  if (!seen) append(state.seen, Sighting{release, wall, {}, uptime}, kSightings);
}

}  // namespace fb::install
