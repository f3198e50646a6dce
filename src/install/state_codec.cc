// The state file: "firebreak.install-state/1".
#include <algorithm>

#include "base/check.h"
#include "install/state.h"
#include "json/reader.h"

namespace fb::install {
namespace {

using json::Reader;
using json::Value;

constexpr std::int64_t kFar = std::int64_t{1} << 53U;  // every JSON reader holds it exactly
constexpr std::size_t kSentence = 4096;

const std::vector<std::pair<std::string_view, ReportKind>> kReportWords{
    {"staged", ReportKind::staged},
    {"refused", ReportKind::refused},
    {"deferred", ReportKind::deferred},
    {"tasted", ReportKind::tasted},
    {"install_failed", ReportKind::install_failed},
    {"handed_back", ReportKind::handed_back},
    {"activated", ReportKind::activated},
    {"healthy", ReportKind::healthy},
    {"crashed", ReportKind::crashed},
    {"probe_failed", ReportKind::probe_failed},
    {"boot_loop", ReportKind::boot_loop},
    {"rolled_back", ReportKind::rolled_back},
    {"reverted_on_halt", ReportKind::reverted_on_halt},
};
const std::vector<std::pair<std::string_view, Cause>> kCauseWords{{"harm", Cause::harm},
                                                                  {"halt", Cause::halt}};

template <class E>
std::string_view find_word(const std::vector<std::pair<std::string_view, E>>& words, E meaning) {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const auto& pair) { return pair.second == meaning; });
  FB_CHECK(found != words.end());
  return found->first;
}

// ---- Out ----

Value out(const Slot& slot) {
  return {{"release", slot.release.text()}, {"version", slot.version}};
}

Value out(const Candidate& candidate) {
  return {{"rollout", candidate.rollout.number()}, {"slot", out(candidate.slot)},
          {"class", release::word(candidate.cls)}, {"probation_ms", candidate.probation.ms},
          {"restarts", candidate.restarts},        {"probe_failures", candidate.probe_failures},
          {"one_way", candidate.one_way},          {"tries", candidate.tries}};
}

Value out(const Ask& ask) { return {{"nonce", ask.nonce}, {"asked_ms", ask.asked.ms}}; }

Value out(const Idle&) { return Value::object(); }
Value out(const Fetching& in) {
  return {{"rollout", in.rollout.number()}, {"release", in.release.text()}};
}
Value out(const Staged& in) {
  Value value{{"candidate", out(in.candidate)}, {"ready", in.ready}};
  if (in.ask) value["ask"] = out(*in.ask);
  return value;
}
Value out(const Deferred& in) {
  Value value{{"candidate", out(in.candidate)}, {"rule", in.rule}, {"sentence", in.sentence}};
  if (in.until) value["until_ms"] = in.until->ms;
  return value;
}
Value out(const Permitted& in) {
  return {{"candidate", out(in.candidate)}, {"until_ms", in.until.ms}};
}
Value out(const Tasted& in) {
  return {{"candidate", out(in.candidate)}, {"renewal", out(in.renewal)}};
}
Value out(const Activating& in) { return {{"candidate", out(in.candidate)}}; }
Value out(const Probation& in) {
  return {{"candidate", out(in.candidate)},
          {"since_ms", in.since.ms},
          {"run_ms", in.run.ms},
          {"starts", in.starts},
          {"crashes", in.crashes},
          {"failed_probes", in.probe_failures},
          {"passed", in.passed}};
}
Value out(const Healthy& in) { return {{"rollout", in.rollout.number()}}; }
Value out(const RolledBack& in) {
  Value value{{"from", out(in.from)},
              {"rollout", in.rollout.number()},
              {"cause", find_word(kCauseWords, in.cause)},
              {"reason", in.reason},
              {"settled", in.settled}};
  if (in.to) value["to"] = out(*in.to);
  return value;
}
Value out(const Refused& in) {
  return {{"slot", out(in.slot)},
          {"rollout", in.rollout.number()},
          {"rule", in.rule},
          {"sentence", in.sentence}};
}

Value out(const Rejection& in) {
  Value value{{"release", in.release.text()}, {"reason", in.reason}};
  if (in.halted) value["halted"] = in.halted->number();
  return value;
}
Value out(const Lift& in) {
  return {{"release", in.release.text()}, {"halted", in.halted.number()}};
}
Value out(const Sighting& in) {
  return {{"release", in.release.text()},
          {"first_ms", in.first.ms},
          {"awake_ms", in.awake.ms},
          {"mark_ms", in.mark.ms}};
}
Value out(const Decision& in) {
  return {{"at", to_rfc3339(in.at)},
          {"rule", in.rule},
          {"sentence", in.sentence},
          {"change", in.change}};
}
Value out(const Report& in) {
  return {{"number", in.number},          {"kind", find_word(kReportWords, in.kind)},
          {"release", in.release.text()}, {"rollout", in.rollout},
          {"detail", in.detail},          {"at", to_rfc3339(in.at)}};
}

template <class T>
Value list(const std::vector<T>& items) {
  Value value = Value::array();
  for (const T& item : items) value.push_back(out(item));
  return value;
}

// ---- In ----

RolloutId rollout(Reader& in, std::string_view key) {
  const std::int64_t number = in.integer(key, 0, 2'147'483'647);
  if (number == 0) return {};  // provisioned by hand: no rollout
  const auto id = RolloutId::parse(number);
  if (id.ok()) return *id;
  in.fail(key, id.error().detail);
  return {};
}

std::optional<RolloutId> optional_rollout(Reader& in, std::string_view key) {
  if (!in.has(key)) return std::nullopt;
  return rollout(in, key);
}

Uptime uptime(Reader& in, std::string_view key) { return {in.integer(key, 0, kFar)}; }
Instant moment(Reader& in, std::string_view key) { return {in.integer(key, -kFar, kFar)}; }
int count(Reader& in, std::string_view key) {
  return static_cast<int>(in.integer(key, 0, 1'000'000));
}

Slot slot(Reader in) { return {in.digest("release"), in.string("version", 64)}; }

std::optional<Slot> optional_slot(Reader& in, std::string_view key) {
  if (!in.has(key)) return std::nullopt;
  return slot(in.object(key));
}

Candidate candidate(Reader& outer) {
  Reader in = outer.object("candidate");
  Candidate read;
  read.rollout = rollout(in, "rollout");
  read.slot = slot(in.object("slot"));
  read.cls = in.word("class", release::class_words());
  read.probation = in.millis("probation_ms", {0}, days(365));
  read.restarts = count(in, "restarts");
  read.probe_failures = count(in, "probe_failures");
  read.one_way = in.boolean("one_way");
  read.tries = count(in, "tries");
  return read;
}

Ask ask(Reader in) { return {in.string("nonce", 64), uptime(in, "asked_ms")}; }

Staged staged(Reader& in) {
  Staged read{candidate(in), in.boolean("ready"), {}};
  if (in.has("ask")) read.ask = ask(in.object("ask"));
  return read;
}

Deferred deferred(Reader& in) {
  Deferred read{candidate(in), in.string("rule", 256), in.string("sentence", kSentence), {}};
  if (in.has("until_ms")) read.until = moment(in, "until_ms");
  return read;
}

Probation probation(Reader& in) {
  Probation read{candidate(in), uptime(in, "since_ms"), uptime(in, "run_ms"), 0, 0, 0, false};
  read.starts = count(in, "starts");
  read.crashes = count(in, "crashes");
  read.probe_failures = count(in, "failed_probes");
  read.passed = in.boolean("passed");
  return read;
}

RolledBack rolled_back(Reader& in) {
  return {slot(in.object("from")),       rollout(in, "rollout"),         optional_slot(in, "to"),
          in.word("cause", kCauseWords), in.string("reason", kSentence), in.boolean("settled")};
}

Phase phase(Reader& outer) {
  Reader in = outer.object("phase");
  const std::string name = in.string("name", 32);
  if (name == "idle") return Idle{};
  if (name == "fetching") return Fetching{rollout(in, "rollout"), in.digest("release")};
  if (name == "staged") return staged(in);
  if (name == "deferred") return deferred(in);
  if (name == "permitted") return Permitted{candidate(in), uptime(in, "until_ms")};
  if (name == "tasted") return Tasted{candidate(in), ask(in.object("renewal"))};
  if (name == "activating") return Activating{candidate(in)};
  if (name == "probation") return probation(in);
  if (name == "healthy") return Healthy{rollout(in, "rollout")};
  if (name == "rolled-back") return rolled_back(in);
  if (name == "refused") {
    return Refused{slot(in.object("slot")), rollout(in, "rollout"), in.string("rule", 256),
                   in.string("sentence", kSentence)};
  }
  in.fail("name", "'" + name + "' is no phase");
  return Idle{};
}

void lists(Reader& in, State& state) {
  in.objects("rejected", kRejections, [&](Reader& each) {
    state.rejected.push_back({each.digest("release"), each.string("reason", kSentence),
                              optional_rollout(each, "halted")});
  });
  in.objects("lifted", kRejections, [&](Reader& each) {
    state.lifted.push_back({each.digest("release"), rollout(each, "halted")});
  });
  in.objects("seen", kSightings, [&](Reader& each) {
    state.seen.push_back({each.digest("release"), moment(each, "first_ms"),
                          each.millis("awake_ms", {0}, {kFar}), uptime(each, "mark_ms")});
  });
  in.objects("decisions", kDecisions, [&](Reader& each) {
    state.decisions.push_back({each.instant("at"), each.string("rule", 256),
                               each.string("sentence", kSentence),
                               each.string("change", kSentence)});
  });
  in.objects("reports", kReports, [&](Reader& each) {
    state.reports.push_back({static_cast<std::uint64_t>(each.integer("number", 1, kFar)),
                             each.word("kind", kReportWords), each.digest("release"),
                             static_cast<std::int32_t>(each.integer("rollout", 0, 2'147'483'647)),
                             each.string("detail", kSentence), each.instant("at")});
  });
}

}  // namespace

std::string encode(const State& state) {
  Value phase_value = std::visit([](const auto& in) { return out(in); }, state.phase);
  phase_value["name"] = word(state.phase);
  Value value{{"format", "firebreak.install-state/1"},
              {"component", state.component.text()},
              {"boot", state.boot},
              {"crash_told", state.crash_told},
              {"phase", std::move(phase_value)},
              {"rejected", list(state.rejected)},
              {"lifted", list(state.lifted)},
              {"seen", list(state.seen)},
              {"decisions", list(state.decisions)},
              {"reports", list(state.reports)},
              {"reported", state.reported}};
  if (state.active) value["active"] = out(*state.active);
  if (state.lkg) value["lkg"] = out(*state.lkg);
  if (state.previous_lkg) value["previous_lkg"] = out(*state.previous_lkg);
  if (state.revert) {
    value["revert"] = {{"due_ms", state.revert->due.ms},
                       {"to", out(state.revert->to)},
                       {"reason", state.revert->reason}};
    if (state.revert->halted) value["revert"]["halted"] = state.revert->halted->number();
  }
  return json::pretty(value);
}

Result<State> decode_state(std::string_view bytes) {
  FB_ASSIGN(const Value value, json::parse(bytes));
  Reader in(value, "state");
  in.literal("format", "firebreak.install-state/1");
  State state;
  state.component = in.id<ComponentId>("component");
  state.boot = in.string("boot", 256);
  state.crash_told = in.boolean("crash_told");
  state.active = optional_slot(in, "active");
  state.lkg = optional_slot(in, "lkg");
  state.previous_lkg = optional_slot(in, "previous_lkg");
  state.phase = phase(in);
  if (in.has("revert")) {
    Reader revert = in.object("revert");
    state.revert =
        PlannedRevert{uptime(revert, "due_ms"), slot(revert.object("to")),
                      revert.string("reason", kSentence), optional_rollout(revert, "halted")};
  }
  lists(in, state);
  state.reported = static_cast<std::uint64_t>(in.integer("reported", 0, kFar));
  FB_TRY(in.done());
  return state;
}

}  // namespace fb::install
