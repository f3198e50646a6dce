#include "agent/outbox.h"

#include <algorithm>
#include <charconv>

#include "agent/layout.h"
#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"

namespace fb::agent {
namespace {

using install::ReportKind;
using wire::EventKind;

constexpr json::Bounds kBounds{8U << 20U, 8};  // limits::kOutboxEvents events of about 1 KiB
constexpr std::int64_t kFar = std::int64_t{1} << 53U;
// More batches than any device sends: the server is sure to refuse it and to say what comes next.
constexpr std::uint64_t kUnknownSequence = std::uint64_t{1} << 52U;

EventKind event_kind(ReportKind kind) {
  switch (kind) {
    case ReportKind::staged: return EventKind::staged;
    case ReportKind::refused: return EventKind::refused;
    case ReportKind::deferred: return EventKind::deferred;
    case ReportKind::tasted: return EventKind::tasted;
    case ReportKind::install_failed: return EventKind::install_failed;
    case ReportKind::handed_back: return EventKind::handed_back;
    case ReportKind::activated: return EventKind::activated;
    case ReportKind::healthy: return EventKind::healthy;
    case ReportKind::crashed: return EventKind::crashed;
    case ReportKind::probe_failed: return EventKind::probe_failed;
    case ReportKind::boot_loop: return EventKind::boot_loop;
    case ReportKind::rolled_back: return EventKind::rolled_back;
    case ReportKind::reverted_on_halt: return EventKind::reverted_on_halt;
  }
  FB_CHECK(false);
}

const std::vector<std::pair<std::string_view, EventKind>>& event_words() {
  static const auto kWords = [] {
    std::vector<std::pair<std::string_view, EventKind>> words;
    for (int i = 0; i <= static_cast<int>(ReportKind::reverted_on_halt); ++i) {
      const EventKind kind = event_kind(static_cast<ReportKind>(i));
      words.emplace_back(wire::word(kind), kind);
    }
    return words;
  }();
  return kWords;
}

// Whether losing it would hide what became of an exposed device.
bool verdict(EventKind kind) {
  return wire::is_harm(kind) || kind == EventKind::healthy || kind == EventKind::activated ||
         kind == EventKind::reverted_on_halt || kind == EventKind::handed_back;
}

json::Value write(const wire::DeviceEvent& event) {
  return {{"kind", wire::word(event.kind)},  {"component", event.component.text()},
          {"release", event.release.text()}, {"rollout", event.rollout},
          {"detail", event.detail},          {"at", to_rfc3339(event.at)}};
}

wire::DeviceEvent read(json::Reader& in) {
  wire::DeviceEvent event;
  event.kind = in.word("kind", event_words());
  event.component = in.id<ComponentId>("component");
  event.release = in.digest("release");
  event.rollout = static_cast<std::int32_t>(in.integer("rollout", 0, 2'147'483'647));
  event.detail = in.string("detail", 1024);
  event.at = in.instant("at");
  return event;
}

}  // namespace

Result<Outbox> Outbox::load(port::Files& files) {
  Outbox outbox(files);
  const auto bytes = files.read(layout::kOutbox, kBounds.bytes);
  if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) return outbox;
  if (!bytes.ok()) return bytes.error();
  outbox.found_ = true;
  FB_ASSIGN(const json::Value value, json::parse(*bytes, kBounds));
  json::Reader in(value, "outbox");
  in.literal("format", "firebreak.outbox/1");
  outbox.sequence_ = static_cast<std::uint64_t>(in.integer("sequence", 0, kFar));
  outbox.in_flight_ =
      static_cast<std::size_t>(in.integer("in_flight", 0, limits::kEventsPerCheckIn));
  in.objects("events", limits::kOutboxEvents,
             [&](json::Reader& each) { outbox.events_.push_back(read(each)); });
  in.objects("taken", 1024, [&](json::Reader& each) {
    outbox.taken_[each.id<ComponentId>("component")] =
        static_cast<std::uint64_t>(each.integer("number", 0, kFar));
  });
  if (outbox.in_flight_ > outbox.events_.size()) in.fail("in_flight", "more than there are events");
  FB_TRY(in.done());
  return outbox;
}

Status Outbox::store() const {
  json::Value events = json::Value::array();
  for (const auto& event : events_) events.push_back(write(event));
  json::Value taken = json::Value::array();
  for (const auto& [component, number] : taken_) {
    taken.push_back({{"component", component.text()}, {"number", number}});
  }
  return files_->write_atomic(layout::kOutbox, json::compact({{"format", "firebreak.outbox/1"},
                                                              {"sequence", sequence_},
                                                              {"in_flight", in_flight_},
                                                              {"events", std::move(events)},
                                                              {"taken", std::move(taken)}}));
}

std::uint64_t Outbox::taken(const ComponentId& component) const {
  const auto found = taken_.find(component);
  return found == taken_.end() ? 0 : found->second;
}

Status Outbox::take(const ComponentId& component, const std::vector<install::Report>& reports) {
  if (reports.empty() || reports.back().number <= taken(component)) return {};
  Outbox next = *this;
  for (const install::Report& report : reports) {
    if (report.number <= taken(component)) continue;
    next.events_.push_back({event_kind(report.kind), component, report.release, report.rollout,
                            report.detail, report.at});
  }
  next.taken_[component] = reports.back().number;
  while (next.events_.size() > limits::kOutboxEvents) {
    const auto first = next.events_.begin() + static_cast<std::ptrdiff_t>(next.in_flight_);
    const auto lesser = std::find_if(first, next.events_.end(),
                                     [](const auto& event) { return !verdict(event.kind); });
    next.events_.erase(lesser == next.events_.end() ? first : lesser);
  }
  FB_TRY(next.store());
  *this = std::move(next);
  return {};
}

bool Outbox::awaits(const ComponentId& component, wire::EventKind kind,
                    std::int32_t rollout) const {
  return std::any_of(events_.begin(), events_.end(), [&](const wire::DeviceEvent& event) {
    return event.component == component && event.kind == kind && event.rollout == rollout;
  });
}

void Outbox::forget_sequence() { sequence_ = kUnknownSequence; }

Status Outbox::renumber(std::uint64_t next) {
  if (next == 0 || next >= kUnknownSequence) return {};
  Outbox renumbered = *this;
  renumbered.sequence_ = in_flight_ == 0 ? next - 1 : next;
  FB_TRY(renumbered.store());
  *this = std::move(renumbered);
  return {};
}

Outbox Outbox::start_over(port::Files& files) {
  // Without room for the second name, the next batch replaces the damaged file.
  (void)files.rename(layout::kOutbox, std::string(layout::kOutbox) + ".damaged").ok();
  return Outbox(files);
}

Result<OutboxBatch> Outbox::batch() {
  if (events_.empty()) return OutboxBatch{};
  if (in_flight_ == 0) {
    Outbox next = *this;
    next.in_flight_ = std::min(events_.size(), limits::kEventsPerCheckIn);
    ++next.sequence_;
    FB_TRY(next.store());
    *this = std::move(next);
  }
  return OutboxBatch{sequence_,
                     {events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(in_flight_)}};
}

Status Outbox::acknowledge(std::uint64_t sequence) {
  if (sequence == 0 || sequence != sequence_ || in_flight_ == 0) return {};
  Outbox next = *this;
  next.events_.erase(next.events_.begin(),
                     next.events_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
  next.in_flight_ = 0;
  FB_TRY(next.store());
  *this = std::move(next);
  return {};
}

std::optional<std::uint64_t> expected_sequence(const Error& error) {
  constexpr std::string_view kBefore = " where ", kAfter = " comes next";
  if (error.code != ErrorCode::conflict) return std::nullopt;
  const std::size_t after = error.detail.find(kAfter);
  const std::size_t before = error.detail.rfind(kBefore, after);
  if (after == std::string::npos || before == std::string::npos) return std::nullopt;
  const char* begin = error.detail.data() + before + kBefore.size();
  const char* end = error.detail.data() + after;
  std::uint64_t number = 0;
  const auto [stop, failed] = std::from_chars(begin, end, number);
  if (failed != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace fb::agent
