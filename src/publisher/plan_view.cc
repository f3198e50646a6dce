#include "publisher/plan_view.h"

#include "publisher/columns.h"
#include "publisher/fields.h"
#include "publisher/release_view.h"

namespace fb::publisher {
namespace {

std::string listed(const std::vector<RolloutId>& ids, const char* between) {
  std::string text;
  for (const RolloutId id : ids) text += (text.empty() ? "" : between) + id.text();
  return text;
}

Result<PlannedRelease> plan_of(ServerClient& server, const PlanOrder& order) {
  FB_ASSIGN(const json::Value release, find_release(server, order.release));
  FB_ASSIGN(
      const json::Value scope,
      server.get("/api/v1/releases/" + text_of(release, "release") + "/scope?lane=" + order.lane +
                 (order.borrow.empty() ? "" : "&borrow=") + listed(order.borrow, ",")));
  FB_ASSIGN(const auto read, rollout::decode_scope(scope));
  FB_ASSIGN(rollout::Plan plan, rollout::make_plan(read));
  return PlannedRelease{std::move(plan), {count_of(release, "longest_fault_delay_ms")}};
}

std::string shown(const std::string& population) {
  return population.empty() ? "everybody" : population;
}

std::string waves_text(const rollout::Plan& plan) {
  Columns columns({"AFTER", "RING", "DEVICES", "TOTAL"});
  for (const rollout::Wave& wave : plan.waves) {
    columns.row({in_words(wave.at), shown(wave.population), std::to_string(wave.devices),
                 std::to_string(wave.total)});
  }
  return columns.text();
}

std::string strata_text(const rollout::Plan& plan) {
  Columns columns({"RING", "STRATUM", "DEVICES"});
  for (const auto& stratum : plan.strata) {
    columns.row({shown(plan.populations[stratum.population].name), stratum.name,
                 std::to_string(stratum.eligible)});
  }
  return columns.text();
}

std::string faults_text(const rollout::Plan& plan) {
  Columns columns({"FAULT SHOWS AFTER", "DEVICES EXPOSED", "HALTED AFTER"});
  for (const rollout::Exposed& each : plan.worst) {
    columns.row({each.fault_shows.ms == 0 ? "at once" : in_words(each.fault_shows),
                 std::to_string(each.devices) + " of " + std::to_string(plan.devices),
                 each.halted    ? in_words(*each.halted)
                 : each.stopped ? "no halt, but it grows no further"
                                : "not caught"});
  }
  return columns.text();
}

std::string reach_text(const rollout::Plan& plan) {
  if (plan.reach) {
    return "This plan halts faults that show within " + in_words(*plan.reach) + " of activation.\n";
  }
  return "Evidence does not halt a fleet this small, even for a fault that shows at once: look at\n"
         "each wave yourself.\n";
}

std::string short_text(const PlannedRelease& planned) {
  if (!planned.falls_short()) return "";
  return "The release says that its faults may show up to " +
         in_words(planned.longest_fault_delay) +
         " after activation:\nthis plan does not halt those that show so late.\n";
}

// The word that a person who borrows gives.
std::string loan_text(const rollout::Plan& plan) {
  if (!plan.loan) return "";
  return "After the first wave the bound counts " + std::to_string(plan.loan->machines) +
         " machines of rollout " + listed(plan.loan->from, ", ") +
         ", too.\nIt holds only if machines here fail no more often than those did: whoever starts "
         "it so says so.\n";
}

std::string end_text(const rollout::Plan& plan) {
  if (!plan.everybody) {
    return "It stops before everybody has it: a fleet this small cannot be certified within its "
           "budget. Two people must accept a larger one.\n";
  }
  return "Earliest: everybody may have it after " + in_words(*plan.everybody) +
         (plan.finish ? ", all is resolved after " + in_words(*plan.finish) : "") + ".\n";
}

}  // namespace

bool PlannedRelease::falls_short() const {
  return longest_fault_delay.ms > 0 && (!plan.reach || *plan.reach < longest_fault_delay);
}

json::Value encode(const PlannedRelease& planned) {
  json::Value told = rollout::encode(planned.plan);
  told["longest_fault_delay_ms"] = planned.longest_fault_delay.ms;
  told["falls_short"] = planned.falls_short();
  return told;
}

std::string plan_text(const PlannedRelease& planned) {
  const rollout::Plan& plan = planned.plan;
  return std::to_string(plan.devices) + (plan.devices == 1 ? " device" : " devices") + " by the " +
         std::string(name(plan.lane)) + " lane\n" + loan_text(plan) + "\n" + waves_text(plan) +
         "\n" + strata_text(plan) + "\n" + faults_text(plan) + "\n" + end_text(plan) +
         reach_text(plan) + short_text(planned);
}

Result<Outcome> plan_rollout(ServerClient& server, const PlanOrder& order) {
  FB_ASSIGN(const PlannedRelease planned, plan_of(server, order));
  return Outcome{Answer::yes, plan_text(planned), encode(planned)};
}

Result<Outcome> refuse_at_once(ServerClient& server, const std::vector<std::string>& words) {
  FB_ASSIGN(const PlannedRelease planned, plan_of(server, {words, "emergency", {}}));
  const std::string lawful = rollout::fastest(planned.plan);
  return Outcome{
      Answer::no,
      "refused: no release goes to everybody at once, of whatever kind. Fastest lawful "
      "plan: " +
          lawful + ".\n" + short_text(planned),
      {{"refused", "everybody at once"}, {"fastest", lawful}, {"plan", encode(planned)}}};
}

}  // namespace fb::publisher
