#include "demo/tally.h"

#include <fmt/format.h>

#include "publisher/log_check.h"

namespace fb::demo {
namespace {

constexpr std::size_t kLogBytes = 64U << 20U;

std::string text(const json::Value& data, const char* key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

// Harmed machines that run again: not the bad release, and with their sensor alive, by their own
// word.
Result<bool> healed(Stage& stage, const Machine& machine, const std::string& bad) {
  if (machine.agent == 0) return false;
  FB_ASSIGN(const auto told, stage.agent(machine, "status", {"--json"}));
  if (told.code != 0) return false;
  FB_ASSIGN(const auto status, json::parse(told.output));
  const auto& live = status.at("live");
  if (!live.is_object() || live.at("workloads").value("sensor.engine", "") != "running")
    return false;
  for (const auto& component : status.at("components")) {
    if (component.at("active").is_object() && component.at("active").value("release", "") == bad)
      return false;
  }
  return true;
}

Result<std::map<std::string, const Machine*>> machines_by_device(Stage& stage) {
  std::map<std::string, const Machine*> out;
  for (const Machine& machine : stage.fleet().machines()) {
    FB_ASSIGN(const auto bytes, posix::read_file(machine.folder + "/state/identity", 4096));
    FB_ASSIGN(const auto identity, json::parse(bytes));
    out[identity.value("device", "")] = &machine;
  }
  return out;
}

void count_times(const std::vector<audit::Entry>& log, const std::string& release, Millis freshness,
                 Tally& tally) {
  Instant first_permit, halted;
  for (const auto& entry : log) {
    if (text(entry.data, "release") != release) continue;
    if (entry.kind == "dispatch" && first_permit.ms == 0) first_permit = entry.at;
    if (entry.kind == "halted" && halted.ms == 0) halted = entry.at;
  }
  if (halted.ms == 0) return;
  tally.halt_seconds = static_cast<double>((halted - first_permit).ms) / 1000;
  for (const auto& entry : log) {
    if (entry.kind != "report" || text(entry.data, "event") != "activated" ||
        text(entry.data, "release") != release)
      continue;
    // The device's own word of when, in whole seconds rounded down: an activation in time can never
    // be counted here.
    const auto at = parse_rfc3339(text(entry.data, "device_at"));
    if (at.ok() && *at > halted + freshness) ++tally.after_halt_starts;
  }
}

}  // namespace

json::Value encode(const Tally& t) {
  return {{"devices", t.devices},
          {"good_completed", t.good_completed},
          {"good_halts", t.good_halts},
          {"content_refused", t.content_refused},
          {"exposed", t.exposed},
          {"harmed", t.harmed},
          {"silent", t.silent},
          {"self_healed", t.self_healed},
          {"still_down", t.still_down},
          {"never_exposed", t.never_exposed},
          {"halt_seconds", t.halt_seconds},
          {"after_halt_starts", t.after_halt_starts},
          {"freeze_refused", t.freeze_refused},
          {"tamper_refused", t.tamper_refused},
          {"log_verified", t.log_verified}};
}

std::string table(const Tally& t) {
  const auto row = [](const char* what, std::int64_t here, std::int64_t big_bang) {
    return fmt::format("  {:<28}{:>10}{:>12}\n", what, here, big_bang);
  };
  std::string out =
      fmt::format("  {:<28}{:>10}{:>12}\n", "the bad release", "Firebreak", "big bang");
  out += row("machines exposed", t.exposed, t.devices);
  out += row("machines harmed", t.harmed, t.devices);
  out += row("  of these silent for a while", t.silent, t.devices);
  out += row("  healed by themselves", t.self_healed, 0);
  out += row("  still down", t.still_down, t.devices);
  out += row("machines never exposed", t.never_exposed, 0);
  out += fmt::format("  {:<28}{:>9.1f}s{:>12}\n", "first permit to halt", t.halt_seconds, "-");
  return out + "  (a big bang: the same file to every machine at once, as on 19 July 2024)\n";
}

std::vector<std::string> complaints(const Tally& t) {
  std::vector<std::string> out;
  const auto expect = [&](bool held, const std::string& what) {
    if (!held) out.push_back(what);
  };
  expect(t.devices > 0 && t.good_completed == t.devices,
         fmt::format("the good release reached {} of {} machines", t.good_completed, t.devices));
  expect(t.good_halts == 0, "the good release was halted");
  expect(t.content_refused, "the bad release was not refused by check");
  expect(
      t.exposed > 0 && t.exposed <= 10,
      fmt::format("{} machines were exposed to the bad release; 1 to 10 are expected", t.exposed));
  expect(t.harmed > 0, "the bad release harmed nobody");
  expect(t.self_healed == t.harmed - t.still_down,
         fmt::format("{} harmed, {} healed, {} still down", t.harmed, t.self_healed, t.still_down));
  expect(t.still_down == 0, fmt::format("{} machines are still down", t.still_down));
  expect(t.after_halt_starts == 0,
         fmt::format("{} machines started the bad release after the halt", t.after_halt_starts));
  expect(t.freeze_refused, "the customer's freeze did not hold");
  expect(t.tamper_refused, "the tampered artifact was not refused");
  expect(t.log_verified, "the log does not verify");
  return out;
}

Result<std::vector<audit::Entry>> read_log(Stage& stage) {
  const std::string file = stage.options().folder + "/log.json";
  for (const auto& command : {std::vector<std::string>{"log", "save", file},
                              std::vector<std::string>{"log", "verify", "--file", file}}) {
    const auto done = stage.must(command);
    if (!done.ok()) return done.error();
  }
  FB_ASSIGN(const std::string text, posix::read_file(file, kLogBytes));
  FB_ASSIGN(const json::Value value, json::parse(text, {.bytes = kLogBytes}));
  FB_ASSIGN(const auto copy, publisher::decode_log(value));
  std::vector<audit::Entry> log;
  for (const std::string& bytes : copy.entries) {
    FB_ASSIGN(auto entry, audit::decode_entry(bytes));
    log.push_back(std::move(entry));
  }
  return log;
}

std::set<std::string> devices_in(const std::vector<audit::Entry>& log, const Wanted& wanted) {
  std::set<std::string> out;
  for (const auto& entry : log) {
    if (entry.kind != wanted.kind || text(entry.data, "release") != wanted.release) continue;
    if (wanted.event.empty() || text(entry.data, "event") == wanted.event)
      out.insert(text(entry.data, "device"));
  }
  return out;
}

Result<std::string> release_of(Stage& stage, const std::string& version) {
  FB_ASSIGN(const auto releases, stage.list("/api/v1/releases", "releases"));
  for (const auto& each : releases) {
    if (text(each, "version") == version && text(each, "component") == "sensor.channel")
      return text(each, "release");
  }
  return Error{ErrorCode::not_found, "no release sensor.channel " + version};
}

Status count_harm(Stage& stage, const std::vector<audit::Entry>& log, const std::string& release,
                  Tally& tally) {
  FB_ASSIGN(const auto devices, stage.list("/api/v1/devices", "devices"));
  FB_ASSIGN(const auto machines, machines_by_device(stage));
  FB_ASSIGN(const auto status, stage.get("/api/v1/status"));
  tally.exposed = static_cast<std::int64_t>(devices_in(log, {"dispatch", "", release}).size());
  tally.never_exposed = static_cast<std::int64_t>(devices.size()) - tally.exposed;
  count_times(log, release, Millis{status.value("freshness_ms", std::int64_t{60'000})}, tally);
  for (const auto& device : devices) {
    for (const auto& exposure : device.at("exposures")) {
      if (text(exposure, "release") != release) continue;
      const bool silent = exposure.value("silent", false);
      if (!silent && !exposure.value("harmed", false)) continue;
      ++tally.harmed;
      tally.silent += silent ? 1 : 0;
      const auto machine = machines.find(text(device, "device"));
      FB_ASSIGN(const bool up, machine == machines.end()
                                   ? Result<bool>(false)
                                   : healed(stage, *machine->second, release));
      ++(up ? tally.self_healed : tally.still_down);
    }
  }
  return {};
}

}  // namespace fb::demo
