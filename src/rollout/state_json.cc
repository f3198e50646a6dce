// The stored form of State. Doubles are hexadecimal floats in strings: bit for bit, and no rounding
// to argue about.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/limits.h"
#include "json/reader.h"
#include "rollout/exact_numbers.h"
#include "rollout/state.h"

namespace fb::rollout {
namespace {

constexpr std::int64_t kMost = INT64_MAX;
constexpr std::int64_t kLeast = INT64_MIN;
constexpr std::size_t kMostStrata = 64;
constexpr std::size_t kMostPopulations = 4;  // internal, canary, broad, critical
constexpr std::size_t kMostRows = kMostStrata * kChannels * (kAgeBins + kAgeGroups);

template <class E>
using Words = std::vector<std::pair<std::string_view, E>>;

template <class E>
Words<E> words_of(std::initializer_list<E> all) {
  Words<E> words;
  for (const E each : all) words.emplace_back(name(each), each);
  return words;
}

const Words<Phase>& phases() {
  static const auto kWords = words_of({Phase::draft, Phase::gated, Phase::approved, Phase::running,
                                       Phase::held, Phase::halted, Phase::reverting,
                                       Phase::reverted, Phase::completed, Phase::superseded});
  return kWords;
}

const Words<HeldBy>& causes() {
  static const auto kWords =
      words_of({HeldBy::engine, HeldBy::person, HeldBy::freeze, HeldBy::exhausted, HeldBy::tenant});
  return kWords;
}

const Words<Move>& moves() {
  static const auto kWords = words_of({Move::grow, Move::probe, Move::wait, Move::bake,
                                       Move::finished, Move::hold, Move::exhausted});
  return kWords;
}

json::Value encode(const Stop& stop) {
  return {{"by", stop.by}, {"reason", stop.reason}, {"at_ms", stop.at.ms}};
}

std::optional<Stop> read_stop(json::Reader& in, std::string_view key) {
  if (!in.has(key)) return std::nullopt;
  json::Reader stop = in.object(key);
  Stop read{stop.string("by"),
            stop.string("reason", limits::kTextBytes),
            {stop.integer("at_ms", kLeast, kMost)}};
  return read;
}

json::Value encode(const TenantHalt& halt) {
  return {{"tenant", halt.tenant.text()}, {"at_ms", halt.at.ms}};
}

TenantHalt read_tenant_halt(json::Reader in) {
  return {in.id<TenantId>("tenant"), {in.integer("at_ms", kLeast, kMost)}};
}

json::Value encode(const Acceptance& accepted) {
  return {{"budget_before", accepted.budget_before},
          {"bad", accepted.bad},
          {"word", encode(accepted.word)}};
}

Acceptance read_acceptance(json::Reader in) {
  const std::int64_t before = in.integer("budget_before", 1, kMost);
  const std::int64_t bad = in.integer("bad", 0, kMost);
  const auto word = read_stop(in, "word");
  if (!word) in.fail("word", "an acceptance names who accepted, and why");
  return {before, bad, word.value_or(Stop{})};
}

json::Value encode(const Stratum& stratum) {
  return {{"name", stratum.name},
          {"eligible", stratum.eligible},
          {"dispatched", stratum.dispatched},
          {"population", stratum.population}};
}

json::Value encode(const Pacing& pacing) {
  json::Value value{{"resolved", pacing.outcomes.resolved},
                    {"bad", pacing.outcomes.bad},
                    {"control", exact_row(pacing.control)},
                    {"bound", exact(pacing.bound)},
                    {"lowest", exact(pacing.lowest)}};
  if (pacing.with_loan < 1.0) value["with_loan"] = exact(pacing.with_loan);
  return value;
}

Pacing read_pacing(json::Reader& in) {
  return {.outcomes = {in.integer("resolved", 0, kMost), in.integer("bad", 0, kMost)},
          .control = read_exact_row<Capitals>(in, "control"),
          .bound = read_exact(in, "bound"),
          .lowest = read_exact(in, "lowest"),
          .with_loan = in.has("with_loan") ? read_exact(in, "with_loan") : 1.0};
}

template <class Cells>
void encode_cells(json::Value& rows, const std::vector<Cells>& strata) {
  for (std::size_t s = 0; s < strata.size(); ++s) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t a = 0; a < strata[s][c].size(); ++a) {
        if (strata[s][c][a] == Ratios{}) continue;
        rows.push_back(
            {{"stratum", s}, {"channel", c}, {"age", a}, {"row", exact_row(strata[s][c][a])}});
      }
    }
  }
}

json::Value encode(const Evidence& evidence) {
  json::Value pooled = json::Value::array();
  json::Value strata = json::Value::array();
  encode_cells(pooled, evidence.pooled());
  encode_cells(strata, evidence.strata());
  return {{"count", evidence.strata().size()}, {"pooled", pooled}, {"strata", strata}};
}

template <class Cells>
void read_cells(json::Reader& in, std::string_view key, std::vector<Cells>& strata) {
  in.objects(key, kMostRows, [&strata](json::Reader& each) {
    const auto below = [&each](std::string_view name, std::size_t count) {
      return static_cast<std::size_t>(each.integer(name, 0, static_cast<std::int64_t>(count) - 1));
    };
    const std::size_t stratum = below("stratum", strata.size());
    const std::size_t channel = below("channel", kChannels);
    const std::size_t age = below("age", std::tuple_size_v<typename Cells::value_type>);
    const auto read = read_exact_row<Ratios>(each, "row");
    if (!each.failed()) strata[stratum][channel][age] = read;
  });
}

Evidence read_evidence(json::Reader in) {
  const auto count = static_cast<std::size_t>(in.integer("count", 0, kMostStrata));
  std::vector<Evidence::PooledCells> pooled(count == 0 ? 0 : 1);
  std::vector<Evidence::StratumCells> strata(count);
  read_cells(in, "pooled", pooled);
  read_cells(in, "strata", strata);
  return Evidence::from_cells(std::move(pooled), std::move(strata));
}

json::Value encode(const Latecomers& late) {
  return {{"machines", late.machines},
          {"bad", late.bad},
          {"expected", exact(late.expected)},
          {"evidence", encode(late.evidence)},
          {"told", late.told}};
}

Latecomers read_latecomers(json::Reader in, std::size_t strata) {
  Latecomers late;
  late.machines = in.integer("machines", kLeast, kMost);
  late.bad = in.integer("bad", 0, kMost);
  late.expected = read_exact(in, "expected");
  late.evidence = read_evidence(in.object("evidence"));
  late.told = in.boolean("told");
  if (late.evidence.strata().size() != strata)
    in.fail("evidence", "the rollout has " + std::to_string(strata) + " strata");
  return late;
}

json::Value encode(const Tally& tally) {
  return {{"exposed", tally.exposed},
          {"healthy", tally.healthy},
          {"failed_explicit", tally.failed_explicit},
          {"failed_silent", tally.failed_silent},
          {"harmed", tally.harmed},
          {"control", tally.control}};
}

Tally read_tally(json::Reader in) {
  const auto count = [&in](std::string_view key) { return in.integer(key, 0, kMost); };
  return {count("exposed"),       count("healthy"), count("failed_explicit"),
          count("failed_silent"), count("harmed"),  count("control")};
}

json::Value encode(const Decision& decision) {
  return {{"move", name(decision.move)},
          {"want", decision.want},
          {"soft_cap", exact(decision.soft_cap)},
          {"hard_cap", exact(decision.hard_cap)},
          {"limit", decision.limit},
          {"binding", decision.binding},
          {"toe_dip", decision.toe_dip}};
}

Decision read_decision(json::Reader in, std::size_t horizons) {
  Decision d;
  d.move = in.word<Move>("move", moves());
  d.want = in.integer("want", 0, kMost);
  d.soft_cap = read_exact(in, "soft_cap");
  d.hard_cap = read_exact(in, "hard_cap");
  d.limit = in.integer("limit", kLeast, kMost);
  d.binding =
      static_cast<std::size_t>(in.integer("binding", 0, static_cast<std::int64_t>(horizons) - 1));
  d.toe_dip = in.boolean("toe_dip");
  return d;
}

json::Value encode(const Installs& installs) {
  return {{"attempts", installs.attempts}, {"failures", installs.failures}};
}

Installs read_installs(json::Reader in) {
  return {in.integer("attempts", 0, kMost), in.integer("failures", 0, kMost)};
}

json::Value encode(const Population& population);

template <class T>
json::Value encode_each(const std::vector<T>& list) {
  json::Value values = json::Value::array();
  for (const T& each : list) values.push_back(encode(each));
  return values;
}

json::Value encode(const Population& population) {
  json::Value value = {{"name", population.name},
                       {"parameters", encode(population.parameters)},
                       {"waits_ms", population.waits.ms},
                       {"size", population.size},
                       {"dispatched", population.dispatched},
                       {"outside", population.outside},
                       {"limit_dispatched", population.limit_dispatched},
                       {"remaining", population.remaining},
                       {"bad", population.bad},
                       {"pacing", encode_each(population.pacing)},
                       {"last_decision", encode(population.last_decision)},
                       {"probing", population.probing},
                       {"probed", population.probed},
                       {"holdback_baked", population.holdback_baked}};
  if (population.accepted) value["accepted"] = encode(*population.accepted);
  if (population.holdback_reached) value["holdback_reached_ms"] = population.holdback_reached->ms;
  if (population.deserted_since) value["deserted_since_ms"] = population.deserted_since->ms;
  return value;
}

// States of before it was told apart have none: it is taken for silence.
void read_bad(json::Reader& in, Population& read) {
  if (!in.has("bad")) {
    if (!read.pacing.empty()) read.bad[1] = read.pacing.back().outcomes.bad;
    return;
  }
  const auto bad = in.integers("bad", kChannels, 0, kMost);
  if (bad.size() == kChannels)
    std::copy(bad.begin(), bad.end(), read.bad.begin());
  else
    in.fail("bad", "must have one element per channel");
}

Population read_population(json::Reader& in) {
  Population read;
  read.name = in.string("name", 64);
  const auto parameters = decode_parameters(in.raw("parameters"), "population.parameters");
  if (parameters.ok())
    read.parameters = *parameters;
  else
    in.fail("parameters", parameters.error().detail);
  read.waits = Millis{in.integer("waits_ms", 0, kMost)};
  read.size = in.integer("size", 0, kMost);
  read.dispatched = in.integer("dispatched", 0, kMost);
  read.outside = in.integer("outside", 0, kMost);
  read.limit_dispatched = in.integer("limit_dispatched", 0, kMost);
  read.remaining = in.integer("remaining", 0, kMost);
  in.objects("pacing", kMaxHorizons,
             [&read](json::Reader& each) { read.pacing.push_back(read_pacing(each)); });
  if (read.pacing.size() != read.parameters.horizons.size())
    in.fail("pacing", "must have one element per horizon");
  read_bad(in, read);
  read.last_decision = read_decision(in.object("last_decision"), read.parameters.horizons.size());
  read.probing = in.boolean("probing");
  read.probed = in.boolean("probed");
  read.holdback_baked = in.boolean("holdback_baked");
  if (in.has("accepted")) read.accepted = read_acceptance(in.object("accepted"));
  if (in.has("holdback_reached_ms"))
    read.holdback_reached = Millis{in.integer("holdback_reached_ms", 0, kMost)};
  if (in.has("deserted_since_ms"))
    read.deserted_since = Millis{in.integer("deserted_since_ms", 0, kMost)};
  return read;
}

void encode_optional(json::Value& value, const State& state) {
  if (state.held_by) value["held_by"] = name(*state.held_by);
  if (state.operator_hold) value["operator_hold"] = encode(*state.operator_hold);
  if (state.halt) value["halt"] = encode(*state.halt);
  if (state.tenant_halt) value["tenant_halt"] = encode(*state.tenant_halt);
  if (state.frozen_since) value["frozen_since_ms"] = state.frozen_since->ms;
  if (state.first_permit) value["first_permit_ms"] = state.first_permit->ms;
  if (state.loan) value["loan"] = encode(*state.loan);
  value["words_from_ms"] = state.words_from.ms;
  if (state.latecomers) value["latecomers"] = encode(*state.latecomers);
}

void read_optional(json::Reader& in, State& state) {
  if (in.has("held_by")) state.held_by = in.word<HeldBy>("held_by", causes());
  state.operator_hold = read_stop(in, "operator_hold");
  state.halt = read_stop(in, "halt");
  if (in.has("words_from_ms")) state.words_from = {in.integer("words_from_ms", kLeast, kMost)};
  if (in.has("latecomers"))
    state.latecomers = read_latecomers(in.object("latecomers"), state.strata.size());
  if (in.has("tenant_halt")) state.tenant_halt = read_tenant_halt(in.object("tenant_halt"));
  if (state.held_by == HeldBy::tenant && !state.tenant_halt)
    in.fail("held_by", "a rollout that is held by tenant names the one (tenant_halt)");
  if (in.has("frozen_since_ms"))
    state.frozen_since = Instant{in.integer("frozen_since_ms", kLeast, kMost)};
  if (in.has("first_permit_ms"))
    state.first_permit = Instant{in.integer("first_permit_ms", kLeast, kMost)};
}

Status read_loan(json::Reader& in, State& state) {
  if (!in.has("loan")) return {};
  FB_ASSIGN(state.loan, decode_loan(in.raw("loan"), "state.loan"));
  if (state.loan->horizons.size() == state.parameters.horizons.size()) return {};
  return Error{ErrorCode::malformed, "state.loan must have one share per horizon"};
}

void read_counts(json::Reader& in, State& state) {
  state.fleet_size = in.integer("fleet_size", 0, kMost);
  state.sequence = static_cast<std::uint64_t>(in.integer("sequence", 0, kMost));
  state.tally = read_tally(in.object("tally"));
  state.installs = read_installs(in.object("installs"));
  state.installs_forgiven = read_installs(in.object("installs_forgiven"));
}

void read_flags(json::Reader& in, State& state) {
  state.engine_hold = in.boolean("engine_hold");
  state.install_hold = in.boolean("install_hold");
  state.freeze_paged = in.boolean("freeze_paged");
}

void read_lists(json::Reader& in, State& state) {
  in.objects("populations", kMostPopulations,
             [&state](json::Reader& each) { state.populations.push_back(read_population(each)); });
  const auto last =
      static_cast<std::int64_t>(std::max<std::size_t>(1, state.populations.size())) - 1;
  in.objects("strata", kMostStrata, [&state, last](json::Reader& each) {
    state.strata.push_back({each.string("name"), each.integer("eligible", 0, kMost),
                            each.integer("dispatched", 0, kMost),
                            static_cast<std::size_t>(each.integer("population", 0, last))});
  });
  state.open = static_cast<std::size_t>(in.integer("open", 0, last));
}

}  // namespace

json::Value encode(const State& state) {
  json::Value value = {{"format", "firebreak.rollout-state/2"},
                       {"parameters", encode(state.parameters)},
                       {"phase", name(state.phase)},
                       {"reason", state.reason},
                       {"strata", encode_each(state.strata)},
                       {"fleet_size", state.fleet_size},
                       {"populations", encode_each(state.populations)},
                       {"open", state.open},
                       {"evidence", encode(state.evidence)},
                       {"tally", encode(state.tally)},
                       {"engine_hold", state.engine_hold},
                       {"install_hold", state.install_hold},
                       {"freeze_paged", state.freeze_paged},
                       {"installs", encode(state.installs)},
                       {"installs_forgiven", encode(state.installs_forgiven)},
                       {"sequence", state.sequence}};
  encode_optional(value, state);
  return value;
}

Result<State> decode_state(const json::Value& value) {
  json::Reader in(value, "state");
  in.literal("format", "firebreak.rollout-state/2");
  State state;
  FB_ASSIGN(state.parameters, decode_parameters(in.raw("parameters"), "state.parameters"));
  state.phase = in.word<Phase>("phase", phases());
  state.reason = in.string("reason", limits::kTextBytes);
  read_lists(in, state);
  read_counts(in, state);
  read_flags(in, state);
  read_optional(in, state);
  state.evidence = read_evidence(in.object("evidence"));
  FB_TRY(read_loan(in, state));
  FB_TRY(in.done());
  return state;
}

}  // namespace fb::rollout
