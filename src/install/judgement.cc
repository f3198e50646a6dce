#include "install/judgement.h"

#include <algorithm>

#include "install/notes.h"

namespace fb::install {
namespace {

std::string joined(const std::vector<std::string>& reasons) {
  std::string out;
  for (const std::string& reason : reasons) out += (out.empty() ? "" : "; ") + reason;
  return out;
}

std::optional<Hindrance> contract(const Judged& on) {
  if (on.contract.empty()) return std::nullopt;
  return Hindrance{"contract", "the core build here does not supply it: " + joined(on.contract),
                   "a core build that supplies it, or a waiver by two people", std::nullopt};
}

std::optional<Hindrance> customer(const State& state, const Candidate& candidate, const Judged& on,
                                  Now now) {
  if (!on.policy) return std::nullopt;
  Instant first = now.wall;
  for (const Sighting& seen : state.seen) {
    if (seen.release == candidate.slot.release) first = seen.first;
  }
  const auto refusal = policy::judge(
      *on.policy, {state.component, candidate.slot.version, first, now.wall, on.approvers});
  if (!refusal) return std::nullopt;
  const std::string other = refusal->change.empty() ? "" : refusal->change + ", or ";
  return Hindrance{"policy:" + refusal->rule, refusal->sentence,
                   refusal->until ? "time: " + to_rfc3339(*refusal->until)
                                  : other + "a newer policy of " + on.policy->tenant.text(),
                   refusal->until};
}

std::optional<Hindrance> speed(const State& state, const Candidate& candidate, const Judged& on,
                               Now now) {
  const std::string what = std::string(release::word(on.kind)) + " of class " +
                           std::string(release::word(candidate.cls));
  const auto* rule = on.limits ? on.limits->find(on.kind, candidate.cls) : nullptr;
  const std::string change = "new limits, signed by the publisher's offline keys";
  if (rule == nullptr) {
    return Hindrance{"speed-limit", "the publisher's signed limits allow no " + what, change, {}};
  }
  const std::int64_t cohort = statement::cohort(candidate.slot.release, on.device);
  const auto wait = statement::wait(*rule, cohort);
  const std::string who = "cohort " + std::to_string(cohort) + " of 1000000: ";
  if (!wait) {
    return Hindrance{
        "speed-limit", who + "the limit for " + what + " never reaches it", change, {}};
  }
  if (awake_with(state, candidate.slot.release, now).value_or(Millis{}) >= *wait)
    return std::nullopt;
  return Hindrance{"speed-limit",
                   who + "the limit for " + what + " opens it after " + in_words(*wait) +
                       " of this device's own awake time with the release",
                   "time: " + in_words(*wait) + " awake",
                   {}};
}

}  // namespace

std::optional<Hindrance> find_hindrance(const State& state, const Candidate& candidate,
                                        const Judged& on, Now now) {
  if (!on.missing.empty())
    return Hindrance{"bans-unknown", on.missing, "the signed list, from any mirror", std::nullopt};
  if (!on.clock.empty())
    return Hindrance{"clock_doubtful", on.clock, "this device's clock set right", std::nullopt};
  if (auto closed = contract(on)) return closed;
  if (auto refused = customer(state, candidate, on, now)) return refused;
  if (auto early = speed(state, candidate, on, now)) return early;
  if (on.busy.empty()) return std::nullopt;
  return Hindrance{"one-at-a-time", on.busy, "the end of that update", std::nullopt};
}

}  // namespace fb::install
