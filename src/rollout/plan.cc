#include "rollout/plan.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::rollout {
namespace {

constexpr std::size_t kMostPopulations = 4;
constexpr std::int64_t kMost = std::int64_t{1} << 53U;  // what JSON numbers hold exactly

// The ages that people ask for.
constexpr std::array kOnsets{Millis{}, minutes(5), minutes(30), hours(6), hours(24)};

Result<State> started(const Parameters& parameters, const Start& start) {
  std::int64_t size = 0;
  for (const StratumSize& each : start.strata) size += each.eligible;
  FB_ASSIGN(State state, draft(parameters, size));
  for (const Event& event : {Event{GateVerdict{GateVerdict::Verdict::open, {}}},
                             Event{ApprovalsMet{"the plan"}}, Event{start}}) {
    FB_ASSIGN(auto next, step(std::move(state), event, Instant{}));
    state = std::move(next.next);
  }
  return state;
}

Exposed with_fault(const State& start, Millis onset) {
  Play play(start, onset);
  play.run();
  Exposed exposed{onset, play.state().dispatched(), {}, false};
  if (play.state().halt) exposed.halted = play.now();
  exposed.stopped = !exposed.halted && exposed.devices < play.state().fleet_size;
  return exposed;
}

// Every so many-th part of the time is tried, then where it fails first is narrowed down: in a
// small fleet a later fault may be found where an earlier one is not.
constexpr std::int64_t kParts = 16;

// The oldest age, in whole ticks, up to which a fault is halted before everybody has the release.
std::optional<Millis> reach_of(const State& start, Millis longest) {
  const Millis step = start.parameters.tick;
  const auto found = [&](std::int64_t ticks) {
    const Exposed seen = with_fault(start, step * ticks);
    return seen.halted && seen.devices < start.fleet_size;
  };
  std::vector<std::int64_t> tried;
  for (std::int64_t part = 0; part <= kParts; ++part)
    tried.push_back(longest.ms * part / kParts / step.ms);
  for (const Millis onset : kOnsets) {
    if (onset <= longest) tried.push_back(onset.ms / step.ms);
  }
  std::sort(tried.begin(), tried.end());
  const auto first_missed = std::find_if_not(tried.begin(), tried.end(), found);
  if (first_missed == tried.begin()) return std::nullopt;
  std::int64_t reached = *std::prev(first_missed);
  std::int64_t missed = first_missed == tried.end() ? reached : *first_missed;
  while (missed - reached > 1) {
    const std::int64_t middle = (reached + missed) / 2;
    (found(middle) ? reached : missed) = middle;
  }
  return step * reached;
}

json::Value optional_ms(const std::optional<Millis>& time) {
  return time ? json::Value(time->ms) : json::Value();
}

// "60,000".
std::string grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

}  // namespace

std::string fastest(const Plan& emergency) {
  const std::string all = "all " + grouped(emergency.devices);
  if (!emergency.everybody) return all + ": by no lane; the fleet is too small to certify it";
  return all + " in " + in_words(*emergency.everybody) + " by the " +
         std::string(name(emergency.lane)) + " lane; needs 2 approvals";
}

json::Value encode(const Plan& plan) {
  json::Value populations = json::Value::array();
  json::Value strata = json::Value::array();
  json::Value waves = json::Value::array();
  json::Value worst = json::Value::array();
  for (const PlannedPopulation& each : plan.populations) {
    populations.push_back({{"name", each.name},
                           {"devices", each.size},
                           {"budget", each.parameters.budget()},
                           {"toe_dip", each.parameters.toe_dip},
                           {"holdback", each.parameters.holdback}});
  }
  for (const StratumSize& each : plan.strata) {
    strata.push_back({{"name", each.name},
                      {"devices", each.eligible},
                      {"population", plan.populations[each.population].name}});
  }
  for (const Wave& each : plan.waves) {
    waves.push_back({{"at_ms", each.at.ms},
                     {"population", each.population},
                     {"devices", each.devices},
                     {"total", each.total}});
  }
  for (const Exposed& each : plan.worst) {
    worst.push_back({{"shows_after_ms", each.fault_shows.ms},
                     {"devices", each.devices},
                     {"halted_at_ms", optional_ms(each.halted)},
                     {"stopped", each.stopped}});
  }
  json::Value loan;
  if (plan.loan) loan = encode(*plan.loan);
  return {{"lane", name(plan.lane)},
          {"devices", plan.devices},
          {"loan", std::move(loan)},
          {"populations", std::move(populations)},
          {"strata", std::move(strata)},
          {"waves", std::move(waves)},
          {"everybody_ms", optional_ms(plan.everybody)},
          {"finish_ms", optional_ms(plan.finish)},
          {"worst", std::move(worst)},
          {"reach_ms", optional_ms(plan.reach)}};
}

Scope for_retry(Scope scope) {
  scope.parameters = for_retry(std::move(scope.parameters));
  for (PopulationPlan& each : scope.start.populations)
    each.parameters = for_retry(std::move(each.parameters));
  return scope;
}

Scope for_loan(Scope scope, Loan loan) {
  scope.parameters = for_loan(std::move(scope.parameters));
  for (PopulationPlan& each : scope.start.populations)
    each.parameters = for_loan(std::move(each.parameters));
  scope.start.loan = std::move(loan);
  return scope;
}

json::Value encode(const Scope& scope) {
  json::Value populations = json::Value::array();
  json::Value strata = json::Value::array();
  for (const PopulationPlan& each : scope.start.populations) {
    populations.push_back({{"name", each.name},
                           {"parameters", encode(each.parameters)},
                           {"waits_ms", each.waits.ms}});
  }
  for (const StratumSize& each : scope.start.strata) {
    strata.push_back(
        {{"name", each.name}, {"eligible", each.eligible}, {"population", each.population}});
  }
  json::Value value{{"format", "firebreak.rollout-scope/1"},
                    {"parameters", encode(scope.parameters)},
                    {"populations", std::move(populations)},
                    {"strata", std::move(strata)}};
  if (scope.start.loan) value["loan"] = encode(*scope.start.loan);
  return value;
}

Result<Scope> decode_scope(const json::Value& value) {
  json::Reader in(value, "scope");
  in.literal("format", "firebreak.rollout-scope/1");
  Scope scope;
  FB_ASSIGN(scope.parameters, decode_parameters(in.raw("parameters"), "scope.parameters"));
  Status populations;
  in.objects("populations", kMostPopulations, [&](json::Reader& each) {
    PopulationPlan read{each.string("name", 64), {}, Millis{each.integer("waits_ms", 0, kMost)}};
    auto parameters = decode_parameters(each.raw("parameters"), "scope.populations.parameters");
    if (parameters.ok())
      read.parameters = std::move(*parameters);
    else
      populations = parameters.error();
    scope.start.populations.push_back(std::move(read));
  });
  FB_TRY(populations);
  in.objects("strata", limits::kStrata, [&](json::Reader& each) {
    const std::string name = each.string("name");
    const std::int64_t eligible = each.integer("eligible", 0, kMost);
    const auto last = static_cast<std::int64_t>(kMostPopulations) - 1;
    scope.start.strata.push_back(
        {name, eligible, static_cast<std::size_t>(each.integer("population", 0, last))});
  });
  if (in.has("loan")) {
    FB_ASSIGN(scope.start.loan, decode_loan(in.raw("loan"), "scope.loan"));
  }
  FB_TRY(in.done());
  return scope;
}

Result<Plan> make_plan(const Scope& scope) {
  FB_ASSIGN(const State state, started(scope.parameters, scope.start));
  Plan plan;
  plan.lane = scope.parameters.lane;
  plan.devices = state.fleet_size;
  for (const Population& each : state.populations)
    plan.populations.push_back({each.name, each.size, each.parameters});
  for (const Stratum& each : state.strata)
    plan.strata.push_back({each.name, each.eligible, each.population});
  plan.loan = state.loan;
  Play clean(state);
  clean.run();
  plan.waves = clean.waves();
  const bool everybody = clean.state().dispatched() == state.fleet_size;
  if (everybody) plan.everybody = plan.waves.empty() ? Millis{} : plan.waves.back().at;
  if (clean.state().phase == Phase::completed) plan.finish = clean.now();
  for (const Millis onset : kOnsets) plan.worst.push_back(with_fault(state, onset));
  plan.reach = reach_of(state, plan.finish.value_or(clean.now()));
  return plan;
}

}  // namespace fb::rollout
