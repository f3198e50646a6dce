#include "event_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <optional>
#include <utility>

namespace sensor {
namespace {

// An event line carries at most 21 values; longer lines are no events.
constexpr std::size_t kMaxLineBytes = 8192;
// After a pause (a stopped process, a suspended machine) the stream goes on instead of catching up.
constexpr std::chrono::seconds kMostBehind{1};

constexpr std::array<const char*, 6> kImages{
    R"(C:\Windows\System32\svchost.exe)", R"(C:\Windows\explorer.exe)",
    R"(C:\Program Files\Mail\mail.exe)",  R"(C:\Program Files\Browser\browser.exe)",
    R"(C:\Windows\System32\spoolsv.exe)", R"(C:\Windows\System32\services.exe)"};
constexpr std::array<const char*, 4> kUsers{"SYSTEM", "alice", "bob", "carol"};
constexpr std::array<const char*, 4> kPipes{R"(\\.\pipe\spoolss)", R"(\\.\pipe\lsass)",
                                            R"(\\.\pipe\wkssvc)", R"(\\.\pipe\browser_ipc)"};
constexpr std::array<const char*, 4> kFileOperations{"open", "read", "write", "rename"};
constexpr std::array<const char*, 4> kPaths{
    R"(C:\Users\alice\report.docx)", R"(C:\Windows\Temp\update.log)", R"(C:\ProgramData\cache.db)",
    R"(C:\Users\bob\notes.txt)"};

std::int64_t as_integer(std::uint64_t small) { return static_cast<std::int64_t>(small); }

void sleep_until(SteadyTime when) {
  const auto left = when - std::chrono::steady_clock::now();
  if (left <= left.zero()) return;
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
  timespec span{};
  span.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
  span.tv_nsec = nanoseconds % 1'000'000'000;
  nanosleep(&span, nullptr);  // a signal ends it early, and that is wanted
}

std::optional<InputValue> parse_value(std::string_view text, FieldType type) {
  if (type == FieldType::kString) return InputValue{std::string(text)};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return InputValue{number};
}

std::optional<std::string> take_line(std::string& buffer) {
  const auto end = buffer.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  return line;
}

bool says_nothing(std::string_view line) { return line.empty() || line.front() == '#'; }

}  // namespace

Event SyntheticEvents::next() {
  const bool beacon = count_ % kBeaconPeriod == seed_ % kBeaconPeriod;
  ++count_;
  if (beacon) return make_beacon();
  switch (draw(4)) {
    case 0: return make_ipc();
    case 1: return make_process();
  }
  return make_file();
}

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine, which std's
// distributions do not promise.
std::uint64_t SyntheticEvents::draw(std::uint64_t below) {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return (z ^ (z >> 31U)) % below;
}

Event SyntheticEvents::make_ipc() {
  if (draw(10) == 0)
    return make_ipc_event("create", R"(\\.\pipe\psexesvc-)" + std::to_string(draw(10'000)),
                          "start");
  return make_ipc_event(draw(2) == 0 ? "connect" : "write", kPipes[draw(kPipes.size())], "hello");
}

Event SyntheticEvents::make_beacon() {
  return make_ipc_event("create", R"(\\.\pipe\beacon_)" + std::to_string(draw(10'000)),
                        "POST /submit");
}

Event SyntheticEvents::make_ipc_event(std::string operation, std::string pipe,
                                      std::string first_message) {
  const std::string image = kImages[draw(kImages.size())];
  Event event{.kind = EventKind::kIpc, .fields = {}};
  event.fields = {std::move(operation),
                  std::move(pipe),
                  image,
                  image + " -k",
                  as_integer(1000 + draw(9000)),
                  kImages[draw(kImages.size())],
                  as_integer(400 + draw(600)),
                  kUsers[draw(kUsers.size())],
                  "S-1-5-21-1004",
                  as_integer(draw(3)),
                  "medium",
                  "localhost",
                  kImages[draw(kImages.size())],
                  as_integer(400 + draw(600)),
                  as_integer(0x12019F),
                  as_integer(draw(4)),
                  "message",
                  as_integer(1 + draw(8)),
                  std::int64_t{4096},
                  "local",
                  std::move(first_message)};
  return event;
}

Event SyntheticEvents::make_file() {
  const bool note = draw(50) == 0;
  Event event{.kind = EventKind::kFile, .fields = {}};
  event.fields = {kFileOperations[draw(kFileOperations.size())],
                  note ? R"(C:\Users\alice\READ_ME_TO_DECRYPT.txt)" : kPaths[draw(kPaths.size())],
                  kImages[draw(kImages.size())],
                  as_integer(1000 + draw(9000)),
                  kUsers[draw(kUsers.size())],
                  as_integer(draw(1'000'000))};
  return event;
}

Event SyntheticEvents::make_process() {
  const bool shell = draw(20) == 0;
  const std::string image =
      shell ? R"(C:\Windows\System32\powershell.exe)" : kImages[draw(kImages.size())];
  Event event{.kind = EventKind::kProcess, .fields = {}};
  event.fields = {image,
                  image + (shell ? " -nop -enc SQBFAFgA" : ""),
                  as_integer(1000 + draw(9000)),
                  kImages[draw(kImages.size())],
                  as_integer(400 + draw(600)),
                  kUsers[draw(kUsers.size())],
                  "medium"};
  return event;
}

std::variant<Event, Refusal> parse_event_line(std::string_view line) {
  const auto take = [&line] {
    const std::string_view value = line.substr(0, line.find('\t'));
    line.remove_prefix(value.size());
    return value;
  };
  const std::string name(take());
  const auto kind = kind_named(name);
  if (!kind) return Refusal{"no kind of event is called '" + name + "'"};
  Event event{.kind = *kind, .fields = {}};
  for (const FieldSchema& field : schema_of(*kind)) {
    if (line.empty()) return Refusal{"the event ends before field " + std::string(field.name)};
    line.remove_prefix(1);
    auto value = parse_value(take(), field.type);
    if (!value) return Refusal{"field " + std::string(field.name) + " is not an integer"};
    event.fields.push_back(*std::move(value));
  }
  if (!line.empty()) return Refusal{"the event has more fields than " + name + " events have"};
  return event;
}

PacedEvents::PacedEvents(std::uint64_t seed, std::uint32_t per_second)
    : events_(seed),
      gap_(1'000'000'000 / std::max(per_second, 1U)),
      due_(std::chrono::steady_clock::now()) {}

Pull PacedEvents::next(SteadyTime deadline) {
  sleep_until(std::min(due_, deadline));
  const auto now = std::chrono::steady_clock::now();
  if (now < due_) return Quiet{};
  due_ = std::max(due_, now - kMostBehind) + gap_;
  return events_.next();
}

LineEvents::~LineEvents() { close(descriptor_); }

Pull LineEvents::next(SteadyTime deadline) {
  auto line = take_line(buffer_);
  while (!line) {
    if (buffer_.size() > kMaxLineBytes) return Refusal{"a line is longer than any event"};
    const Fill filled = fill(deadline);
    if (filled == Fill::kQuiet) return Quiet{};
    if (filled == Fill::kEnd && buffer_.empty()) return Ended{};
    line = filled == Fill::kEnd ? std::exchange(buffer_, {}) : take_line(buffer_);
  }
  if (says_nothing(*line)) return Quiet{};
  auto parsed = parse_event_line(*line);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  return std::get<Event>(std::move(parsed));
}

LineEvents::Fill LineEvents::fill(SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now())
          .count();
  pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000))) <= 0)
    return Fill::kQuiet;
  std::array<char, 4096> chunk{};
  const ssize_t got = read(descriptor_, chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR ? Fill::kQuiet : Fill::kEnd;
  if (got == 0) return Fill::kEnd;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return Fill::kMore;
}

}  // namespace sensor
