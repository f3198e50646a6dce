// What an operator reads: one sentence built from the numbers that decided, and from nothing else.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/check.h"
#include "rollout/state.h"

namespace fb::rollout {
namespace {

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// "4,970".
std::string grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

// "8.5 M" from a million on.
std::string roughly(std::int64_t count) {
  return count < 1'000'000 ? grouped(count) : formatted("%.1f M", static_cast<double>(count) / 1e6);
}

std::string machines(std::int64_t count) {
  return grouped(count) + (count == 1 ? " machine" : " machines");
}

// "2.1 %": two digits that count.
std::string percent(double fraction) {
  const double value = 100 * fraction;
  if (value >= 10) return formatted("%.0f %%", value);
  if (value >= 1) return formatted("%.1f %%", value);
  return formatted("%.2g %%", value);
}

// "3.9", "0.003".
std::string expectation(double count) {
  if (count >= 1) return formatted("%.1f", count);
  return count < 1e-6 ? "0" : formatted("%.1g", count);
}

// "0.7 : 1", "1.0e11 : 1".
std::string odds(double evidence) {
  if (evidence < 100'000) return formatted("%.1f", evidence) + " : 1";
  std::string text = formatted("%.1e", evidence);
  text.erase(std::remove(text.begin(), text.end(), '+'), text.end());
  return text + " : 1";
}

std::string confidence(const Parameters& parameters) {
  return formatted("%g %%", 100 * (1 - parameters.beta.fraction()));
}

// "40, raised from 20".
std::string budget(const State& state) {
  const Population& served = state.served();
  const std::int64_t now = served.parameters.budget();
  if (!served.accepted || served.accepted->budget_before == now) return grouped(now);
  return grouped(now) + ", raised from " + grouped(served.accepted->budget_before);
}

std::string halt_threshold(const State& state) {
  return formatted("%.0f", state.parameters.halt_at()) + " : 1";
}

// " (with 4,970 machines of rollout 12, 7 of them bad against 5.1 expected)".
std::string borrowed(const State& state, std::size_t k) {
  if (!state.loan) return "";
  const Loan::Share& lent = state.loan->horizons[k];
  std::string from = machines(lent.outcomes.resolved) + " of rollout";
  for (const RolloutId id : state.loan->from)
    from += (id == state.loan->from.front() ? " " : ", ") + id.text();
  if (state.served().pacing[k].with_loan >= 1) return " (" + from + " do not count now)";
  if (lent.outcomes.bad == 0) return " (with " + from + ")";
  return " (with " + from + ", " + grouped(lent.outcomes.bad) + " of them bad against " +
         expectation(expected_background(lent.control)) + " expected)";
}

// "250 machines lived 15 min without a bad event".
std::string lived(const State& state, std::size_t k) {
  const Outcomes& seen = state.served().pacing[k].outcomes;
  const std::string age = in_words(state.served().parameters.horizons[k].age);
  if (seen.resolved == 0) return "no machine has lived " + age + " yet";
  std::string text = machines(seen.resolved) + " lived " + age;
  if (seen.bad == 0) return text + " without a bad event";
  return text + ", " + grouped(seen.bad) + " bad against " +
         expectation(expected_background(state.served().pacing[k].control)) +
         " expected from the others";
}

std::string most_exposed(const State& state) {
  const double cap = state.served().last_decision.soft_cap;
  const std::int64_t all = state.served().size;
  if (cap >= static_cast<double>(all)) return "all " + grouped(all);
  return "at most " + grouped(static_cast<std::int64_t>(std::floor(cap)));
}

// Silence needs time to show: what is certified ends this much before the horizon.
std::string certified(const State& state, std::size_t k) {
  const Millis age =
      state.served().parameters.horizons[k].age - state.parameters.silence_deadline();
  return " Silence is certified up to age " + in_words(age) + ".";
}

// With several populations: which one is served.
std::string of_population(const State& state) {
  const std::string& name = state.served().name;
  return name.empty() ? "" : " in " + name;
}

std::string run(const State& state) {
  const std::size_t k = state.served().last_decision.binding;
  return "RUN" + of_population(state) + ": " + lived(state, k) + borrowed(state, k) +
         " -> excess < " + percent(state.bound(k)) + " (" + confidence(state.served().parameters) +
         ", any time) -> " + most_exposed(state) + " may be exposed (" +
         (state.served().last_decision.toe_dip ? "toe-dip; " : "") + "budget " + budget(state) +
         ")." + certified(state, k);
}

std::string run_probing(const State& state) {
  const std::size_t k = state.served().last_decision.binding;
  const Outcomes& seen = state.served().pacing[k].outcomes;
  const Horizon& horizon = state.served().parameters.horizons[k];
  return "RUN" + of_population(state) + " (probing): " + machines(seen.resolved) +
         borrowed(state, k) + ", " + grouped(seen.bad) + " bad against " +
         expectation(expected_background(state.served().pacing[k].control)) +
         " expected from the others; cannot be told from noise (evidence " +
         odds(state.evidence.global()) + "). Growing by " +
         percent(state.served().parameters.probe_growth.fraction()) + " per " +
         in_words(horizon.age) + "; never more than " +
         machines(state.served().parameters.hard_factor * horizon.budget) + " harmed.";
}

std::string run_holdback(const State& state) {
  return "RUN" + of_population(state) + " (holdback): " + machines(state.served().dispatched) +
         " updated; the last " + grouped(state.served().remaining) + " stay as control for " +
         in_words(state.served().parameters.holdback_bake) + ".";
}

struct Harm {
  std::int64_t failed = 0;
  std::int64_t silent = 0;
};

Harm harm(const Population& population) {
  return {population.bad[static_cast<std::size_t>(Channel::explicit_failure)],
          population.bad[static_cast<std::size_t>(Channel::silence)]};
}

// While it runs: up to the age of the last horizon, as what is expected of the others; machines
// that have had it for longer die of other things. Once it was halted: all.
Harm harm(const State& state) {
  if (state.halt) return {state.tally.failed_explicit, state.tally.failed_silent};
  Harm sum;
  for (const Population& each : state.populations) {
    sum.failed += harm(each).failed;
    sum.silent += harm(each).silent;
  }
  return sum;
}

// "3 of 10 updated machines went silent within 12 min".
std::string what_went_wrong(const State& state, const Harm& harmed, std::int64_t updated) {
  const std::string of = " of " + grouped(updated) + " updated machines";
  const std::string silent = "went silent within " + in_words(state.parameters.silence_deadline());
  if (harmed.failed == 0) return grouped(harmed.silent) + of + " " + silent;
  if (harmed.silent == 0) return grouped(harmed.failed) + of + " failed";
  return grouped(harmed.failed) + of + " failed and " + grouped(harmed.silent) + " " + silent;
}

std::string what_went_wrong(const State& state) {
  return what_went_wrong(state, harm(state), state.dispatched());
}

// Of all populations.
double expected_of_all(const State& state) {
  double sum = 0;
  for (const Population& each : state.populations)
    sum += expected_background(each.pacing.back().control);
  return sum;
}

std::string against_control(const State& state) {
  return what_went_wrong(state) + "; " + expectation(expected_of_all(state)) +
         " expected from the " + roughly(state.tally.control) + " not updated.";
}

std::string held_by_engine(const State& state) {
  if (state.install_hold) {
    return "HOLD: " + grouped(state.installs.failures) + " of " + grouped(state.installs.attempts) +
           " installations failed before activation (limit " +
           percent(state.parameters.install_failure_limit.fraction()) +
           "); no machine was harmed by it. An operator must look and continue.";
  }
  return "HOLD: " + against_control(state) + " Evidence " + odds(state.evidence.global()) +
         " against 'no worse' (halt at " + halt_threshold(state) + "). At most " +
         machines(state.limit_dispatched()) + " exposed; budget " + budget(state) + "." +
         (state.tally.control == 0
              ? " Nobody is left to compare with: waiting will not change this."
              : "");
}

std::string held_by_person(const State& state) {
  return "HOLD: stopped by " + state.operator_hold->by + ": " + state.operator_hold->reason + ". " +
         machines(state.dispatched()) + " exposed; nobody else starts.";
}

std::string frozen(const State& state) {
  return "FREEZE: the fleet cannot be heard (server outage, or fewer than half of the control "
         "reported). Clocks stand still, nobody else starts; " +
         machines(state.dispatched()) + " exposed.";
}

std::string exhausted(const State& state) {
  const Population& served = state.served();
  if (served.broke_all() && !state.engine_hold) {
    return "EXHAUSTED" + of_population(state) + ": " +
           what_went_wrong(state, harm(served), served.dispatched) +
           ", and nobody else was tried; none gets it before two people accept that. Evidence " +
           odds(state.evidence.global()) + ". Accept or roll back.";
  }
  const std::size_t k = state.served().last_decision.binding;
  const bool suspicious = state.engine_hold;
  return "EXHAUSTED" + of_population(state) + ": harm of up to " + percent(state.bound(k)) +
         " cannot be excluded and the budget (" +
         machines((suspicious ? 1 : state.served().parameters.hard_factor) *
                  state.served().parameters.horizons[k].budget) +
         ") pays for no further wave; waiting will not change this. Evidence " +
         odds(state.evidence.global()) +
         (suspicious ? ". Roll back." : ". Accept a larger budget or roll back.");
}

// `whose` is the tenant's name, or what those hear who must not know it.
std::string held_by_tenant(const State& state, const std::string& whose) {
  return "HOLD: harm at " + whose + " alone: " + against_control(state) + " Evidence " +
         odds(state.evidence.global()) + ". Devices of " + whose +
         " start nothing and go back; the others keep what they have and nobody else starts. Harm "
         "at a second tenant halts all.";
}

std::string held(const State& state) {
  switch (*state.held_by) {
    case HeldBy::engine: return held_by_engine(state);
    case HeldBy::person: return held_by_person(state);
    case HeldBy::freeze: return frozen(state);
    case HeldBy::exhausted: return exhausted(state);
    case HeldBy::tenant: return held_by_tenant(state, "tenant " + state.tenant_halt->tenant.text());
  }
  FB_CHECK(false);
}

std::string waiting(const State& state) {
  const Population& next = state.populations[state.open + 1];
  const Instant opens = state.first_permit.value_or(Instant{}) + next.waits;
  return "RUN: " + machines(state.dispatched()) + " have it, " + state.served().name +
         " is resolved; " + next.name + " opens at " + to_rfc3339(opens) + ".";
}

std::string running(const State& state) {
  if (state.served().resolved() && state.open + 1 < state.populations.size()) return waiting(state);
  if (state.served().probing) return run_probing(state);
  const bool bakes = state.served().last_decision.move == Move::bake;
  return bakes && state.served().dispatched > 0 ? run_holdback(state) : run(state);
}

std::string halted(const State& state, std::string_view word) {
  std::string text = std::string(word) + " by " + state.halt->by + ": " + state.halt->reason + ".";
  if (!state.started()) return text + " No machine was exposed.";
  return text + " " + against_control(state) + " Evidence " + odds(state.evidence.global()) +
         ". Nobody else starts.";
}

// "of 40 machines that came later, 9 went bad against 0.4 expected from …".
std::string late(const Latecomers& seen) {
  return "of " + machines(seen.machines) + " that came later, " + grouped(seen.bad) +
         " went bad against " + expectation(seen.expected) +
         " expected from those that have had it for longer";
}

std::string completed(const State& state) {
  const bool everybody = state.dispatched() >= state.fleet_size;
  const Harm harmed = harm(state);
  const Millis watched = state.parameters.horizons.back().age;
  const bool came_late = state.latecomers && state.latecomers->machines > 0;
  return "COMPLETED: " + grouped(state.dispatched()) + " of " + machines(state.fleet_size) +
         " have it" + (everybody ? "" : ", the others are silent or refused by their owner") +
         "; " + grouped(harmed.failed + harmed.silent) + " bad within " + in_words(watched) +
         " against " + expectation(expected_of_all(state)) + " expected from those that waited" +
         (came_late ? "; " + late(*state.latecomers) : "") + ". Still watched.";
}

}  // namespace

std::string sentence(const State& state) {
  switch (state.phase) {
    case Phase::draft: return "DRAFT: " + state.reason;
    case Phase::gated: return "GATED: all gates are open; approvals are missing.";
    case Phase::approved: return "APPROVED: " + state.reason + " It may start.";
    case Phase::running: return running(state);
    case Phase::held: return held(state);
    case Phase::halted: return halted(state, "HALTED");
    case Phase::reverting: return halted(state, "REVERTING, halted");
    case Phase::reverted: return halted(state, "REVERTED, halted");
    case Phase::completed: return completed(state);
    case Phase::superseded: return "SUPERSEDED: " + state.reason;
  }
  FB_CHECK(false);
}

std::string sentence_of_latecomers(const Latecomers& latecomers) {
  return "COMPLETED: " + late(latecomers) + ". Nobody is stopped for it.";
}

std::string sentence_for_devices(const State& state) {
  return state.held_by == HeldBy::tenant ? held_by_tenant(state, "one tenant") : sentence(state);
}

}  // namespace fb::rollout
