// The engine as a program: loads a channel file, scans events until it is told to stop, reports in
// a status file.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "build.h"
#include "engine.h"
#include "event_source.h"
#include "options.h"
#include "signals.h"
#include "status.h"
#include "supply.h"

namespace sensor {
namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;
constexpr int kCouldNot = 3;
constexpr std::chrono::milliseconds kStatusEvery{200};

using SteadyClock = std::chrono::steady_clock;

int fail(int code, const std::string& reason) {
  std::cerr << "sensor-" << kBuildName << ": " << reason << std::endl;
  return code;
}

std::unique_ptr<EventSource> open_events(const Options& options) {
  if (!options.events) return std::make_unique<PacedEvents>(options.seed, options.rate);
  const int descriptor = *options.events == "-"
                             ? dup(STDIN_FILENO)
                             : open(options.events->c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  return std::make_unique<LineEvents>(descriptor);
}

class Watch {
 public:
  explicit Watch(const Options& options) : options_(options) {
    status_.pid = getpid();
    status_.build = kBuildName;
    status_.started = std::time(nullptr);
  }

  // Loads the channel file; the engine that runs stays when the file is refused.
  std::optional<Refusal> load();
  bool report() const { return !options_.status || write_status(*options_.status, status_); }
  int run(EventSource& source);

 private:
  void report_when_due();
  void reload();
  std::optional<int> take(const Pull& pull);
  void scan(const Event& event);
  int finish();

  const Options& options_;
  std::unique_ptr<Engine> engine_;
  Status status_;
  SteadyClock::time_point next_report_;
};

std::optional<Refusal> Watch::load() {
  const auto begin = SteadyClock::now();
  auto loaded = load_channel(options_.channel);
  if (auto* refusal = std::get_if<Refusal>(&loaded)) return std::move(*refusal);
  engine_ = std::make_unique<Engine>(std::get<Channel>(std::move(loaded)));
  status_.channel_version = engine_->channel_version();
  status_.load_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin).count();
  std::cout << "channel " << status_.channel_version << " loaded" << std::endl;
  return std::nullopt;
}

int Watch::run(EventSource& source) {
  next_report_ = SteadyClock::now() + kStatusEvery;
  while (!stop_asked()) {
    if (take_reload_request()) reload();
    report_when_due();
    if (const auto code = take(source.next(next_report_))) return *code;
  }
  return finish();
}

void Watch::report_when_due() {
  const auto now = SteadyClock::now();
  if (now < next_report_) return;
  if (!report()) fail(kCouldNot, "cannot write the status file; the old one stands");
  next_report_ = now + kStatusEvery;
}

void Watch::reload() {
  if (const auto refusal = load())
    fail(kRefused, options_.channel + ": " + refusal->reason + "; the old rules stay");
}

// An exit code when the source has no more to give.
std::optional<int> Watch::take(const Pull& pull) {
  if (const auto* event = std::get_if<Event>(&pull)) scan(*event);
  if (const auto* refusal = std::get_if<Refusal>(&pull)) return fail(kRefused, refusal->reason);
  if (std::holds_alternative<Ended>(pull)) return finish();
  return std::nullopt;
}

void Watch::scan(const Event& event) {
  const auto matched = engine_->scan(event);
  ++status_.events;
  status_.detections += matched.size();
  if (!options_.events) return;
  for (const Rule* rule : matched)
    std::cout << "event " << status_.events << ": " << rule->name << std::endl;
}

int Watch::finish() {
  std::cout << status_.events << " events, " << status_.detections << " detections" << std::endl;
  return report() ? 0 : fail(kCouldNot, "cannot write the status file");
}

int check(const Options& options) {
  const auto loaded = load_channel(options.channel);
  if (const auto* refusal = std::get_if<Refusal>(&loaded))
    return fail(kRefused, options.channel + ": " + refusal->reason);
  const auto& channel = std::get<Channel>(loaded);
  std::cout << "channel " << channel.version << " loads: " << channel.rules.size() << " rules\n";
  return 0;
}

int probe(const Options& options) {
  const std::string why = ill(*options.status);
  return why.empty() ? 0 : fail(kRefused, why);
}

int run(const Options& options) {
  Watch watch(options);
  if (const auto refusal = watch.load())
    return fail(kRefused, options.channel + ": " + refusal->reason);
  const auto source = open_events(options);
  if (!source) return fail(kCouldNot, "cannot open " + *options.events);
  listen_to_signals();
  if (options.host) take_host_along(*options.host);
  if (!watch.report()) return fail(kCouldNot, "cannot write " + *options.status);
  return watch.run(*source);
}

}  // namespace

int dispatch(const Options& options) {
  switch (options.action) {
    case Action::kRun: return run(options);
    case Action::kCheck: return check(options);
    case Action::kProbe: return probe(options);
    case Action::kContract: std::cout << contract_json(); return 0;
    case Action::kHelp: std::cout << kUsageText; return 0;
  }
  return kUsage;
}

int start(std::span<char* const> arguments) {
  const auto parsed = parse_options(arguments);
  if (const auto* refusal = std::get_if<Refusal>(&parsed))
    return fail(kUsage, refusal->reason + "\n" + kUsageText);
  return dispatch(std::get<Options>(parsed));
}

}  // namespace sensor

int main(int argc, char** argv) {
  return sensor::start(std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(1));
}
